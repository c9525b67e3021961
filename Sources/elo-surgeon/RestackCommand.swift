import ArgumentParser
import Checkpoints
import Foundation
import ModelSurgery

struct RestackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restack", abstract: "Drop, repeat or reorder layers.",
    discussion: """
      --order 0..<24,8..<32 is depth up-scaling of 32 layers to 48. With --identity, repeated layers start as \
      identities: their output projections are zeros.
      """)

  @Argument(help: "A checkpoint directory in Hugging Face layout.")
  var checkpoint: String
  @Option(help: "The layers in their new order; repeats are copies.")
  var order: String
  @Flag(help: "Write zeros for the output projections of copies.")
  var identity = false
  @Flag(help: "Leave config fields as they are that look per-layer and are not known.")
  var force = false
  @OptionGroup var options: PlanOptions

  func run() throws {
    Interruption.listen()
    let plan = try RestackPlan(
      checkpoint: Checkpoint(directory: directory(checkpoint)), order: LayerSelection(order),
      makesCopiesIdentities: identity, force: force)
    try options.carryOut(plan, label: "restack")
  }
}
