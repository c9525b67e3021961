// Scores a text with a checkpoint, with and without one of its layers.
//
//   example-score-a-text CHECKPOINT NAME=FILE LAYER

import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count == 3, let layer = Int(arguments[2]) else {
  print("usage: example-score-a-text CHECKPOINT NAME=FILE LAYER")
  exit(64)
}
let checkpoint = try Checkpoint(directory: URL(filePath: arguments[0]))
let device = CPUDevice()
let decoder = try Decoder(checkpoint, device: device)
let texts = try TextSet(
  [TextSource(argument: arguments[1])], checkpoint: checkpoint.directory,
  vocabulary: decoder.configuration.vocabularySize, maximumDocuments: 4)

let evaluator = Evaluator(context: 512, prefix: texts.specialTokens.prefix)
let score = try evaluator.score(texts.texts[0], with: decoder)
print("\(score.name): \(score.bitsPerByte) bits per byte over \(score.tokens) tokens")

// One document, with a layer passed over.
let tokens = texts.texts[0].tokens(ofDocument: 0).prefix(256).map { Int32($0) }
let batch = TokenBatch(
  ids: [Int32(texts.specialTokens.prefix)] + tokens.dropLast(), targets: tokens,
  positions: tokens.indices.map { Int32($0) }, spans: [0..<tokens.count], device: device)
let intact = decoder.losses(batch).reduce(0, +)
let ablated = decoder.losses(batch, observing: .init(ablations: [layer: .layer])).reduce(0, +)
print("without layer \(layer) the first \(tokens.count) tokens cost \(ablated - intact) nats more")
