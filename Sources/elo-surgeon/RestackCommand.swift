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
  @Option(help: "Directory of the new checkpoint; must not exist. Not needed for a dry run.")
  var output: String?
  @Flag(help: "Print what would be done, from headers and config alone.")
  var dryRun = false
  @Flag(help: "Leave config fields as they are that look per-layer and are not known.")
  var force = false
  @Option(help: "text or json.")
  var format = OutputFormat.text

  func validate() throws {
    guard dryRun || output != nil else { throw ValidationError("give --output DIR, or --dry-run") }
  }

  func run() throws {
    Interruption.listen()
    let plan = try RestackPlan(
      checkpoint: Checkpoint(directory: directory(checkpoint)), order: LayerSelection(order),
      makesCopiesIdentities: identity, force: force)
    if !dryRun, let output {
      let transfer = Transfer("restack")
      try plan.execute(to: directory(output), progress: transfer.show)
      transfer.finish()
    }
    switch format {
    case .json: print(plan.json.text)
    case .text: print(dryRun ? plan.lines.joined(separator: "\n") : plan.lines.last ?? "")
    }
  }
}
