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
      printTable(summary)
    }
  }

  private func printTable(_ summary: CheckpointSummary) {
    print("\(summary.modelType), \(summary.layers.count) layers", terminator: "")
    if let width = summary.hiddenSize { print(", width \(width)", terminator: "") }
    if let count = summary.vocabularySize { print(", \(count) tokens", terminator: "") }
    print(summary.isHeadTied ? ", head tied to the embedding" : ", head of its own")
    if !summary.isKnownFamily { print("the family is not known; generic rules serve") }

    var rows: [(name: String, size: CheckpointSummary.Size, note: String)] = []
    for kind in summary.alikeLayers {
      let layer = summary.layers[kind[0]]
      let name = kind.count == 1 ? "layer \(kind[0])" : "layers \(ranges(kind)), each"
      rows.append((name, layer.size, layer.attributes.map { "\($0.key) \($0.value)" }.joined(separator: ", ")))
      rows += layer.parts.map { ("  \($0.key)", $0.value, "") }
    }
    rows += summary.outside.map { ($0.key, $0.value, "") } + [("all", summary.total, "")]
    rows += summary.dtypes.map { ("  in \($0.key)", $0.value, "") } + summary.shards.map { ($0.name, $0.size, "") }

    let width = rows.map(\.name.count).max() ?? 0
    for (name, size, note) in rows {
      let label = name.padding(toLength: width, withPad: " ", startingAt: 0)
      print(
        label
          + String(format: "%8d tensors", size.tensors)
          + "\(aligned(grouped(size.parameters), 18)) parameters\(aligned(byteCountText(size.bytes), 10))  \(note)")
    }
    if !summary.otherWeights.isEmpty { print("not read: \(summary.otherWeights.joined(separator: ", "))") }
  }

  /// Ascending indices with runs drawn together: `0...3, 5`.
  private func ranges(_ indices: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for index in indices {
      if let run = runs.last, run.upperBound + 1 == index {
        runs[runs.count - 1] = run.lowerBound...index
      } else {
        runs.append(index...index)
      }
    }
    return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)...\($0.upperBound)" }
      .joined(separator: ", ")
  }

  private func aligned(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 1)) + text
  }

  /// A number with a comma before every third digit from the end.
  private func grouped(_ number: Int) -> String {
    let digits = Array(String(number))
    return String(
      digits.enumerated().flatMap { (digits.count - $0) % 3 == 0 && $0 > 0 ? [",", $1] : [$1] })
  }
}
