import ArgumentParser
import Checkpoints
import Foundation
import JSONText
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
  @Option(help: "Layers that come along frozen, as a scaffold between the trained ones; written like --layers.")
  var keepFrozen: String?
  @Flag(help: "Write what training changed in a detached checkpoint as one file.")
  var delta = false
  @Option(help: "sampled or full: how the tensors left behind are remembered; full reads all their bytes.")
  var hash = HashKind.sampled
  @Flag(help: "Leave config fields as they are that look per-layer and are not known.")
  var force = false
  @OptionGroup var options: PlanOptions

  enum HashKind: String, ExpressibleByArgument, CaseIterable {
    case sampled, full
  }

  func validate() throws {
    guard delta != (layers != nil) else { throw ValidationError("give --layers, or --delta for a trained directory") }
    guard !delta || keepFrozen == nil else {
      throw ValidationError("--keep-frozen goes with --layers: a delta holds what training changed")
    }
    guard !(delta && options.dryRun) else {
      throw ValidationError("--delta has no dry run: what changed is in the bytes")
    }
  }

  func run() throws {
    Interruption.listen()
    guard let layers else {
      try writeDelta()
      return
    }
    let plan = try DetachPlan(
      checkpoint: Checkpoint(directory: directory(checkpoint)), layers: LayerSelection(layers),
      keepFrozen: keepFrozen.map { try LayerSelection($0) }, hashesEverything: hash == .full, force: force)
    if !plan.leftOut.isEmpty {
      Transfer.warn("left out, other forms of the weights: \(plan.leftOut.joined(separator: ", "))")
    }
    try options.carryOut(plan, label: "detach")
  }

  private func writeDelta() throws {
    let transfer = Transfer("delta")
    let names = try DeltaFile.write(
      Checkpoint(directory: directory(checkpoint)), to: directory(options.output ?? ""), progress: transfer.show)
    transfer.finish()
    switch options.format {
    case .json:
      let json: JSONValue = ["operation": "delta", "tensors": .strings(names)]
      print(json.text)
    case .text: print("\(names.count) tensors changed")
    }
  }
}
