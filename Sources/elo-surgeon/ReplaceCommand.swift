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
  @OptionGroup var options: PlanOptions

  func run() throws {
    Interruption.listen()
    let plan = try ReplacePlan(
      checkpoint: Checkpoint(directory: directory(checkpoint)), layers: LayerSelection(layers),
      donor: Checkpoint(directory: directory(donor)), donorLayers: donorLayers.map { try LayerSelection($0) })
    try options.carryOut(plan, label: "replace")
  }
}
