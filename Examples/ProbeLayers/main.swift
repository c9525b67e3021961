// Probes a model with a criterion of one's own, and then the same architecture with random weights: what remains there is
// the work of the architecture and of the text, not of training.
//
//   example-probe-layers CHECKPOINT TARGET=FILE SOURCE=FILE

import Checkpoints
import Corpora
import Decoders
import Foundation
import LayerProbe
import Tokenizers

/// How much a layer lengthens the residual stream: log |x_(l+1)| / |x_l|, mean over tokens.
struct StreamGrowth: DocumentCriterion {
  let scores = [
    ScoreDescription(
      name: "stream_growth", unit: "nepers",
      description: "log of the residual stream's length behind over before a layer")
  ]

  func score(
    _ documents: ArraySlice<ProbeDocument>, on model: ProbedModel, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [[[Double]]] {
    let batch = model.batch(documents)
    var logs: [[Double]] = []  // by state and row
    model.decoder.observe(
      batch.tokens,
      .init { _, stream in
        let values = model.decoder.device.download(stream)
        logs.append(
          (0..<stream.rows).map { row in
            let squares = values[row * stream.columns..<(row + 1) * stream.columns].reduce(0.0) { $0 + Double($1 * $1) }
            return log(squares) / 2
          })
      })
    // The prefix token's row is the first of a document's and counts in no mean.
    let growth = batch.spans.map { rows in
      zip(logs.dropFirst(), logs).map { behind, before in
        rows.dropFirst().reduce(0) { $0 + behind[$1] - before[$1] } / Double(rows.count - 1)
      }
    }
    return [growth]
  }
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count == 3 else {
  print("usage: example-probe-layers CHECKPOINT TARGET=FILE SOURCE=FILE")
  exit(64)
}
let checkpoint = try Checkpoint(directory: URL(filePath: arguments[0]))
let decoder = try Decoder(checkpoint, device: CPUDevice())
let tokenizer = try Tokenizer(directory: checkpoint.directory)
let special = try SpecialTokens(directory: checkpoint.directory, tokenizer: tokenizer)
let texts = try arguments.dropFirst().map { argument in
  let text = try TokenizedText(source: TextSource(argument: argument), tokenizer: tokenizer, maximumDocuments: 16)
  return try ProbeText(text, tokenizer: tokenizer, maximumTokens: 256)
}

/// Prints each layer's growth in both languages, and how likely chance makes a difference as large between partners.
@MainActor func show(_ title: String) throws {
  let scores = try Probe(criteria: [StreamGrowth()]).run(
    texts, on: ProbedModel(decoder: decoder, prefix: special.prefix))
  let growth = scores["stream_growth"]!
  let (target, source) = (growth.values(ofText: 0), growth.values(ofText: 1))
  let differences = PairedDifferences(
    target: target.perDocument, source: source.perDocument, pairing: scores.pairings[0])
  let p = try SignFlipTest(seed: 1).adjustedPValues(differences.values)
  print("\(title)\nlayer  \(texts[0].name)  \(texts[1].name)  p")
  for layer in 0..<scores.layerCount {
    print(String(format: "%5d  %.3f  %.3f  %.4f", layer, target.estimate[layer], source.estimate[layer], p[layer]))
  }
}

try show("as trained")
try decoder.randomizeWeights(seed: 1)
try show("with random weights")
