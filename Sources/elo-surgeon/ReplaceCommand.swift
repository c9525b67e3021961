import ArgumentParser
import Checkpoints
import Foundation
import ModelSurgery

struct ReplaceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replace", abstract: "Put layers of another checkpoint of the same shape in place of some.")

  @Argument(help: "The checkpoint that receives.")
  var checkpoint: String
  @Option(help: "Its layers to replace, in ascending order.")
  var layers: String
  @Option(name: .customLong("from"), help: "The checkpoint that gives.")
  var donor: String
  @Option(help: "The donor's layers, as many. (default: the same)")
  var donorLayers: String?
  @Option(help: "Directory of the new checkpoint; must not exist. Not needed for a dry run.")
  var output: String?
  @Flag(help: "Print what would be done, from headers and config alone.")
  var dryRun = false
  @Option(help: "text or json.")
  var format = OutputFormat.text

  func validate() throws {
    guard dryRun || output != nil else { throw ValidationError("give --output DIR, or --dry-run") }
  }

  func run() throws {
    Interruption.listen()
    let plan = try ReplacePlan(
      checkpoint: Checkpoint(directory: directory(checkpoint)), layers: LayerSelection(layers),
      donor: Checkpoint(directory: directory(donor)), donorLayers: donorLayers.map { try LayerSelection($0) })
    if !dryRun, let output {
      let transfer = Transfer("replace")
      try plan.execute(to: directory(output), progress: transfer.show)
      transfer.finish()
    }
    switch format {
    case .json: print(plan.json.text)
    case .text: print(dryRun ? plan.lines.joined(separator: "\n") : plan.lines.last ?? "")
    }
  }
}
