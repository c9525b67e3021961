import ArgumentParser
import Checkpoints
import Foundation
import ModelSurgery

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Show where two checkpoints differ.",
    discussion: "Tensor by tensor with norm and largest change, config.json by value, other files by their bytes.")

  @Argument(help: "A checkpoint directory in Hugging Face layout.")
  var first: String
  @Argument(help: "Another one.")
  var second: String
  @Flag(help: "Exit with 1 when something differs.")
  var exitCode = false
  @Option(help: "text or json.")
  var format = OutputFormat.text

  func run() throws {
    Interruption.listen()
    let transfer = Transfer("diff")
    let difference = try CheckpointDifference(
      Checkpoint(directory: directory(first)), Checkpoint(directory: directory(second)), progress: transfer.show)
    transfer.finish()
    switch format {
    case .json: print(difference.json.text)
    case .text:
      for tensor in difference.tensors where tensor.status != .identical {
        let change = tensor.norm.map { String(format: "  norm %g  largest %g", $0, tensor.largest ?? 0) } ?? ""
        print("\(tensor.status.rawValue)  \(tensor.name)\(change)\(tensor.kinds.map { "  (\($0))" } ?? "")")
      }
      for entry in difference.config {
        print("config  \(entry.name): \(entry.first ?? "absent") -> \(entry.second ?? "absent")")
      }
      for entry in difference.files {
        print("file  \(entry.name): \(entry.first ?? "absent") -> \(entry.second ?? "absent")")
      }
      let layers = difference.changedLayers.map(String.init).joined(separator: ", ")
      print(difference.isIdentical ? "identical" : "changed layers: \(layers.isEmpty ? "none" : layers)")
    }
    if exitCode, !difference.isIdentical { throw ExitCode(1) }
  }
}
