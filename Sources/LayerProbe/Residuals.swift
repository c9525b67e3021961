import Decoders
import Foundation

/// What is kept of one document's residual stream at all L + 1 states, the prefix's position left out.
///
/// Made once for all criteria that need no more of the stream: keeping it whole would take L + 1 times the text.
public struct DocumentResiduals: Sendable {
  /// `[states][D]`: means over tokens.
  public let means: [[Double]]
  /// `[states · states]`, row-major: means over tokens of the cosine between two states, 0 where one of them is 0.
  public let cosines: [Double]
  /// `[states · states]`: means over tokens of the angle between two states over π.
  public let angles: [Double]
  /// `[states · states]`: that angle at the last token.
  public let lastAngles: [Double]

  /// From the states of one document's rows.
  /// - Parameters:
  ///   - states: residual streams of a batch, `[N·D]` each.
  ///   - rows: the document's rows without its prefix.
  init(states: [[Float]], rows: Range<Int>, width D: Int) {
    let S = states.count
    var means = states.map { _ in Array(repeating: 0.0, count: D) }
    var cosines = Array(repeating: 0.0, count: S * S)
    var angles = cosines
    var lastAngles = cosines
    var token = Array(repeating: 0.0, count: S * D)
    for row in rows {
      for state in 0..<S {
        for column in 0..<D {
          let value = Double(states[state][row * D + column])
          token[state * D + column] = value
          means[state][column] += value
        }
      }
      let gram = LinearAlgebra.gram(token, count: S)
      let norms = (0..<S).map { gram[$0 * S + $0].squareRoot() }
      for first in 0..<S {
        cosines[first * S + first] += 1
        for second in first + 1..<max(S, first + 1) {
          let scale = norms[first] * norms[second]
          // Some models' embeddings have rows of zeros, which have no direction.
          let cosine = scale > 0 ? gram[first * S + second] / scale : 0
          let angle = acos(min(1, max(-1, cosine))) / Double.pi
          for place in [first * S + second, second * S + first] {
            cosines[place] += cosine
            angles[place] += angle
            if row == rows.upperBound - 1 { lastAngles[place] = angle }
          }
        }
      }
    }
    let count = Double(rows.count)
    self.means = means.map { $0.map { $0 / count } }
    self.cosines = cosines.map { $0 / count }
    self.angles = angles.map { $0 / count }
    self.lastAngles = lastAngles
  }
}

extension ProbeInput {
  /// What is kept of the residual streams of a text's documents: made by one forward pass without a head when it is first
  /// asked for.
  public func residuals(
    ofText text: Int, progress: (Double) throws(ProbeError) -> Void = { _ in }
  ) throws(ProbeError) -> [DocumentResiduals] {
    if let known = knownResiduals[text] { return known }
    let (decoder, documents) = (model.decoder, texts[text].documents)
    var residuals: [DocumentResiduals] = []
    for group in model.passes(over: documents[...], states: model.layerCount + 1) {
      let batch = model.batch(group)
      let stream = decoder.makeStream(batch.tokens)
      decoder.embed(batch.tokens, into: stream)
      var states = [decoder.device.download(stream)]
      for layer in 0..<model.layerCount {
        decoder.apply(layers: layer..<layer + 1, to: stream, batch.tokens)
        states.append(decoder.device.download(stream))
      }
      residuals += batch.spans.map {
        DocumentResiduals(states: states, rows: $0.dropFirst(), width: stream.columns)
      }
      try progress(Double(residuals.count) / Double(documents.count))
    }
    knownResiduals[text] = residuals
    return residuals
  }

  /// The mean over all scored tokens of a text of each state, `[states][D]`.
  func meanStates(ofText text: Int) throws(ProbeError) -> [[Double]] {
    let documents = texts[text].documents
    let residuals = try residuals(ofText: text)
    let tokens = Double(documents.reduce(0) { $0 + $1.tokens.count })
    return residuals[0].means.indices.map { state in
      residuals[0].means[state].indices.map { column in
        zip(documents, residuals).reduce(0) { $0 + Double($1.0.tokens.count) * $1.1.means[state][column] } / tokens
      }
    }
  }

  /// Makes the residuals of all texts, with the progress over all of them.
  func prepareResiduals(_ progress: (Double) throws(ProbeError) -> Void) throws(ProbeError) {
    let total = Double(texts.reduce(0) { $0 + $1.documents.count })
    var done = 0.0
    for text in texts.indices {
      let count = Double(texts[text].documents.count)
      _ = try residuals(ofText: text) { share throws(ProbeError) in try progress((done + share * count) / total) }
      done += count
    }
  }

  /// What the shared pass costs.
  var residualFlops: Double {
    Double(tokenCount()) * model.cost.layer * Double(model.layerCount)
  }
}
