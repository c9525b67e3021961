import ArgumentParser
import Foundation
import ModelSurgery

/// What the commands that write a checkpoint by a plan have in common.
struct PlanOptions: ParsableArguments {
  @Option(help: "What is written: a directory that must not exist. Not needed for a dry run.")
  var output: String?
  @Flag(help: "Print what would be done, from headers and config alone.")
  var dryRun = false
  @Option(help: "text or json.")
  var format = OutputFormat.text

  func validate() throws {
    guard dryRun || output != nil else { throw ValidationError("give --output DIR, or --dry-run") }
  }

  /// Does what the plan says, unless only the plan is wanted, and prints it.
  func carryOut(_ plan: some WritingPlan, label: String) throws {
    if !dryRun, let output {
      let transfer = Transfer(label)
      let removedStale = try plan.execute(to: directory(output), progress: transfer.show)
      transfer.finish()
      if removedStale { Transfer.warnOfRemains() }
    }
    switch format {
    case .json: print(plan.json.text)
    case .text: print(dryRun ? plan.lines.joined(separator: "\n") : plan.lines.last ?? "")
    }
  }
}
