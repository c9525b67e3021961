import ArgumentParser
import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import ModelSurgery

struct AttachCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attach", abstract: "Put trained layers back into the checkpoint they came from.",
    discussion: """
      Tensors are matched by name. A base that is not the one of surgery.json, missing or surplus tensors, other shapes \
      and types, NaN and infinities are refused before anything is written.
      """)

  @Argument(help: "The trained directory, as detach wrote it, or a delta file.")
  var trained: String
  @Option(name: .customLong("to"), help: "The checkpoint that the layers were detached from.")
  var base: String
  @Option(help: "Directory of the whole checkpoint; must not exist. Not needed for a dry run.")
  var output: String?
  @Flag(help: "Patch the base where it lies, with an undo journal; run again after an interruption.")
  var inPlace = false
  @Option(
    help: ArgumentHelp(
      "How much of the training to take: 0 the base, 1 the trained layers, auto what --held-out texts say is best.",
      valueName: "share"))
  var blend = Adaptation.Blend.factor(1)
  @Option(help: ArgumentHelp("A text that --blend auto is chosen by; may be repeated.", valueName: "name=file"))
  var heldOut: [String] = []
  @Option(help: "Tokens of each held-out text that are scored, in whole documents from its beginning.")
  var evaluationTokens = 4096
  @Flag(help: "Convert trained tensors to the base's types, rounding to nearest even.")
  var cast = false
  @Flag(help: "Add a surgery.json that says what was attached.")
  var record = false
  @Flag(help: "Print what would be done, from headers and config alone.")
  var dryRun = false
  @Option(help: "text or json.")
  var format = OutputFormat.text
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard (blend == .automatic) == !heldOut.isEmpty, evaluationTokens > 0 else {
      throw ValidationError("--blend auto is chosen by --held-out texts: give both, or neither")
    }
    guard dryRun || (output != nil) != inPlace else {
      throw ValidationError("give one of --output DIR and --in-place, or --dry-run")
    }
    guard !(inPlace && record) else { throw ValidationError("--record goes with --output") }
  }

  func run() throws {
    Interruption.listen()
    if inPlace, !dryRun, try InPlacePatch.rollBack(in: directory(base)) {
      Transfer.warn("an interrupted run was rolled back and is done again")
    }
    let receiver = try Checkpoint(directory: directory(base))
    var isDirectory: ObjCBool = false
    let isFile = FileManager.default.fileExists(atPath: trained, isDirectory: &isDirectory) && !isDirectory.boolValue
    func plan(blend: Double) throws -> AttachPlan {
      isFile
        ? try AttachPlan(delta: directory(trained), base: receiver, blend: blend, casts: cast)
        : try AttachPlan(
          trained: Checkpoint(directory: directory(trained)), base: receiver, blend: blend, casts: cast)
    }
    let plan = try plan(blend: factor(plan(blend: 1)))
    if !plan.stale.isEmpty { Transfer.warn("still with the untrained layers: \(plan.stale.joined(separator: ", "))") }
    let transfer = Transfer("attach")
    var outcome: AttachPlan.Outcome?
    if inPlace, !dryRun {
      outcome = try plan.executeInPlace(progress: transfer.show)
      transfer.finish()
      if outcome == nil {
        print("\(base) holds these layers already")
        return
      }
    } else if let output, !dryRun {
      outcome = try plan.execute(to: directory(output), records: record, progress: transfer.show)
      transfer.finish()
      if outcome?.removedStale == true { Transfer.warnOfRemains() }
    }
    switch format {
    case .json: print(plan.json.text)
    case .text:
      print(dryRun ? plan.lines.joined(separator: "\n") : plan.lines.last ?? "")
      if let outcome { print("\(outcome.changed.count) of them changed") }
    }
  }

  /// The factor that was given, or the one that held-out text is best with.
  private func factor(_ plan: AttachPlan) throws -> Double {
    if case .factor(let factor) = blend { return factor }
    let configuration = try DecoderConfiguration(plan.base.config)
    let texts = try TextSet(
      TextSource.list(arguments: heldOut), checkpoint: plan.base.directory, vocabulary: configuration.vocabularySize
    ).sample(tokensPerText: evaluationTokens)
    var line = ProgressLine()
    let found = try BlendSearch().run(plan, heldOut: texts, device: compute.device) { done, total in
      line.show(
        "blend", fraction: Double(done) / Double(total), details: "\(done) of \(total) tokens", secondsLeft: nil)
      return !Interruption.isRequested
    }
    line.finish(BlendSearch.table(found.points, best: found.best))
    return found.best
  }
}
