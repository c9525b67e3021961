import ArgumentParser
import Checkpoints
import Foundation
import ModelSurgery

struct DetachCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detach", abstract: "Cut some layers out into a smaller checkpoint.",
    discussion: """
      The result holds embedding, the chosen layers, final norm, head, tokenizer and all side files, and a surgery.json \
      by which attach finds the way back. With --delta, CHECKPOINT is such a result, trained, and OUTPUT becomes one \
      file with what training changed; attach takes it in place of the directory.
      """)

  @Argument(help: "A checkpoint directory in Hugging Face layout.")
  var checkpoint: String
  @Option(help: "Layers from 0: first, last, first:2, last:2, 7, 4..<9, 4...8, @report.json, with commas between.")
  var layers: String?
  @Flag(help: "Write what training changed in a detached checkpoint as one file.")
  var delta = false
  @Option(help: "Directory of the detached checkpoint, or the delta file; must not exist. Not needed for a dry run.")
  var output: String?
  @Option(help: "sampled or full: how the tensors left behind are remembered; full reads all their bytes.")
  var hash = HashKind.sampled
  @Flag(help: "Print what would be done, from headers and config alone.")
  var dryRun = false
  @Flag(help: "Leave config fields as they are that look per-layer and are not known.")
  var force = false
  @Option(help: "text or json.")
  var format = OutputFormat.text

  enum HashKind: String, ExpressibleByArgument, CaseIterable {
    case sampled, full
  }

  func validate() throws {
    guard delta != (layers != nil) else { throw ValidationError("give --layers, or --delta for a trained directory") }
    guard output != nil || (dryRun && !delta) else {
      throw ValidationError(delta ? "give --output FILE" : "give --output DIR, or --dry-run")
    }
    guard !(delta && dryRun) else { throw ValidationError("--delta has no dry run: what changed is in the bytes") }
  }

  func run() throws {
    Interruption.listen()
    guard let layers else {
      try writeDelta()
      return
    }
    let plan = try DetachPlan(
      checkpoint: Checkpoint(directory: directory(checkpoint)), layers: LayerSelection(layers), force: force)
    if !dryRun, let output {
      if !plan.leftOut.isEmpty {
        Transfer.warn("left out, other forms of the weights: \(plan.leftOut.joined(separator: ", "))")
      }
      let transfer = Transfer("detach")
      try plan.execute(to: directory(output), hashesEverything: hash == .full, progress: transfer.show)
      transfer.finish()
    }
    switch format {
    case .json: print(plan.json.text)
    case .text: print(dryRun ? plan.lines.joined(separator: "\n") : plan.lines.last ?? "")
    }
  }

  private func writeDelta() throws {
    let transfer = Transfer("delta")
    let names = try DeltaFile.write(
      Checkpoint(directory: directory(checkpoint)), to: directory(output ?? ""), progress: transfer.show)
    transfer.finish()
    switch format {
    case .json:
      let json: JSONValue = ["operation": "delta", "tensors": .strings(names)]
      print(json.text)
    case .text: print("\(names.count) tensors changed")
    }
  }
}
