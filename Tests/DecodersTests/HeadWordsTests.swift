import Checkpoints
import Decoders
import Foundation
import TestSupport
import Testing

/// Losses and gradients with a sample of the words, in families with and without a cap on logits.
@Suite struct HeadWordsTests {
  /// With every word standing for itself nothing changes but the head's rounding, which is exact.
  @Test(arguments: ["gemma2", "granite", "llama-linear"])
  func allWordsGiveWhatTheWholeHeadGives(_ name: String) throws {
    let all = (0..<FamilyCheckpoint.vocabulary).map(Int32.init)
    let (losses, gradients) = try pass(name, nil)
    let (sampled, sampledGradients) = try pass(name) {
      HeadWords(ids: all, logWeights: all.map { _ in 0 }, targets: $0)
    }
    #expect(sampled == losses && sampledGradients == gradients && !gradients.isEmpty)
  }

  /// The loss is that of the weighted words by its formula; the gradient's slope along itself is the loss's.
  @Test(arguments: ["gemma2", "granite", "llama-linear"])
  func someWordsGiveTheLossOfTheirWeightedSum(_ name: String) throws {
    let decoder = try frozenHead(name)
    let ids = (0..<FamilyCheckpoint.vocabulary).filter { $0 % 3 != 1 }.map(Int32.init)
    let logWeights = ids.map { $0 % 2 == 0 ? Float(0) : Float(log(2.5)) }
    let (batch, targets) = batch(of: ids, decoder)
    let words = HeadWords(ids: ids, logWeights: logWeights, targets: targets)
    let losses = decoder.accumulateGradients(batch, gradientScale: 1, scoring: .sample(words))
    let logits = decoder.logits(batch)
    for (token, place) in targets.enumerated() {
      let line = logits[token * FamilyCheckpoint.vocabulary..<(token + 1) * FamilyCheckpoint.vocabulary]
      let sum = zip(ids, logWeights).reduce(0.0) {
        $0 + exp(Double(line[line.startIndex + Int($1.0)]) + Double($1.1))
      }
      let expected = log(sum) - Double(line[line.startIndex + Int(ids[Int(place)])])
      #expect(abs(Double(losses[token]) - expected) < 2e-5 * max(1, expected))
    }
    let gradients = decoder.trainedParameters.map { decoder.device.download($0.gradient!) }
    let squares = gradients.joined().reduce(0) { $0 + Double($1) * Double($1) }
    let step = 1e-3 / squares.squareRoot()
    let start = decoder.trainedParameters.map { decoder.device.download($0.value) }
    func loss(_ sign: Double) -> Double {
      for (parameter, (values, gradient)) in zip(decoder.trainedParameters, zip(start, gradients)) {
        decoder.device.upload(
          zip(values, gradient).map { $0 + Float(sign * step * Double($1)) }, to: parameter.value)
      }
      return decoder.accumulateGradients(batch, gradientScale: 0, scoring: .sample(words)).reduce(0) { $0 + Double($1) }
    }
    let slope = (loss(1) - loss(-1)) / (2 * step)
    #expect(abs(slope / squares - 1) < 0.02, "\(slope) for \(squares)")
  }

  @Test func summedProbabilitiesAreTheSoftmaxOfTheLogits() throws {
    let decoder = try frozenHead("gemma2")
    let (batch, _) = batch(of: (0..<FamilyCheckpoint.vocabulary).map(Int32.init), decoder)
    let logits = decoder.logits(batch)
    var expected = [Double](repeating: 0, count: FamilyCheckpoint.vocabulary)
    for token in 0..<batch.count {
      let line = logits[token * expected.count..<(token + 1) * expected.count].map { exp(Double($0)) }
      for (word, value) in line.enumerated() { expected[word] += value / line.reduce(0, +) }
    }
    for (value, expected) in zip(decoder.summedProbabilities(batch), expected) {
      #expect(abs(Double(value) - expected) < 1e-5 * expected)
    }
  }

  private func frozenHead(_ name: String) throws -> Decoder {
    let decoder = try FamilyFixture(name).decoder()
    decoder.train(layers: decoder.layers.indices)
    return decoder
  }

  /// Twelve tokens whose targets are all among some words, and where they are there.
  private func batch(of words: [Int32], _ decoder: Decoder) -> (TokenBatch, [Int32]) {
    let ids = (0..<12).map { Int32(3 + $0 % 7) }
    let places = ids.indices.map { Int32($0 * 5 % words.count) }
    let batch = TokenBatch(
      ids: ids, targets: places.map { words[Int($0)] }, positions: ids.indices.map(Int32.init),
      spans: [0..<ids.count], device: decoder.device)
    return (batch, places)
  }

  private func pass(
    _ name: String, _ words: (([Int32]) -> HeadWords)?
  ) throws -> (losses: [Float], gradients: [[Float]]) {
    let decoder = try frozenHead(name)
    let (batch, targets) = batch(of: (0..<FamilyCheckpoint.vocabulary).map(Int32.init), decoder)
    let scoring = words.map { HeadScoring.sample($0(targets)) } ?? .all
    let losses = decoder.accumulateGradients(batch, gradientScale: 1, scoring: scoring)
    return (losses, decoder.trainedParameters.map { decoder.device.download($0.gradient!) })
  }
}
