import ArgumentParser
import Checkpoints
import Foundation
import ModelSurgery

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show what a checkpoint is made of.",
    discussion: "Reads headers and config only: layers, parameters and bytes, types, tied head, weights files.")

  @Argument(help: "A checkpoint directory in Hugging Face layout.")
  var checkpoint: String
  @Option(help: "text or json.")
  var format = OutputFormat.text

  func run() throws {
    let summary = try CheckpointSummary(Checkpoint(directory: directory(checkpoint)))
    switch format {
    case .json: print(summary.json.text)
    case .text:
      print("\(summary.modelType), \(summary.layers.count) layers", terminator: "")
      if let width = summary.hiddenSize { print(", width \(width)", terminator: "") }
      if let count = summary.vocabularySize { print(", \(count) tokens", terminator: "") }
      print(summary.isHeadTied ? ", head tied to the embedding" : ", head of its own")
      if !summary.isKnownFamily { print("the family is not known; generic rules serve") }
      let rows =
        summary.layers.map { ("layer \($0.index)", $0.size, $0.attributes.map(\.value).joined(separator: " ")) }
        + summary.outside.map { ($0.key, $0.value, "") } + [("all", summary.total, "")]
        + summary.dtypes.map { ("all \($0.key)", $0.value, "") } + summary.shards.map { ($0.name, $0.size, "") }
      let width = rows.map(\.0.count).max() ?? 0
      for (name, size, note) in rows {
        let label = name.padding(toLength: width, withPad: " ", startingAt: 0)
        print(
          label + String(format: "%8d tensors%16d parameters%16d bytes  ", size.tensors, size.parameters, size.bytes)
            + note)
      }
      if !summary.otherWeights.isEmpty { print("not read: \(summary.otherWeights.joined(separator: ", "))") }
    }
  }
}
