import ArgumentParser
import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import ModelSurgery

struct AdaptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adapt", abstract: "Adapt a checkpoint to a language: all stages, one report.",
    discussion: """
      Trains the model on the target text with some of the source text and scores held-out text in both languages before \
      and after. --method full, which gained the most in equal time, trains all weights; lora trains low-rank changes of \
      all layers' matrices and merges them, in a third of the memory; elo detaches some layers, fits a bridge for the \
      others, trains the detached ones, puts them back and aligns the whole: for models whose weights do not fit in \
      memory. What a method needs is printed before it starts. OUTPUT is the adapted checkpoint with report.html and \
      report.json. \
      While it runs everything lies in OUTPUT.partial; with --resume the same command does only what is left. \
      A --config file has a key for each flag, without its dashes, and checkpoint; OUTPUT/adapt.yaml is one that does all \
      of it again.
      """)

  @Option(help: ArgumentHelp("A YAML file with flags; those on the command line override it.", valueName: "file"))
  var config: String?
  @Argument(help: "A checkpoint directory in Hugging Face layout.")
  var checkpoint: String
  @Option(help: ArgumentHelp("Text of the language to learn.", valueName: "name=file"))
  var target: String
  @Option(help: ArgumentHelp("Text of the language to keep.", valueName: "name=file"))
  var source: String
  @Option(
    help: ArgumentHelp(
      "A text to score; may be repeated. (default: documents held out of target and source)", valueName: "name=file"))
  var heldOut: [String] = []
  @Option(help: "Directory of the adapted checkpoint; must not exist.")
  var output: String
  @Option(help: "With --method elo: layers to detach, such as first,last or 0,4..<6.")
  var layers = Self.defaultLayers
  @Option(help: "Layers that stay between the trained ones, frozen, as a scaffold; written like --layers.")
  var keepFrozen: String?
  @Option(help: "lora: train low-rank changes. full: train all weights. elo: detach, train, attach, align.")
  var method = Adaptation.Method.full
  @Option(help: "linear: fit affine maps for the missing layers; none: the method as published.")
  var bridge = Adaptation.BridgeKind.linear
  @Option(
    help: ArgumentHelp(
      "How much of the detached training to take: 0 the base, 1 the trained layers, auto what held-out text says is best.",
      valueName: "share"))
  var blend = Adaptation.Blend.factor(1)
  @Option(help: "Share of the tokens that the source text has.")
  var sourceShare = 0.1

  @Option(help: "Minutes of training, both stages together.")
  var minutes: Double?
  @Option(help: "Share of --minutes that goes to the alignment.")
  var alignShare = 0.5
  @Option(help: "Tokens of the detached training, instead of --minutes.")
  var tokens: Int?
  @Option(help: "Tokens of the alignment, with --tokens.")
  var alignTokens: Int?

  @Option(help: "The highest learning rate of the detached training.")
  var learningRate = 2e-4
  @Option(help: "The highest learning rate of the alignment, or of full or lora. (default: 1e-4; of lora 1e-3)")
  var alignLearningRate: Double?
  @Option(
    help: ArgumentHelp(
      "What the alignment trains, comma-separated: all, layers, norms, biases, embedding, head, or layers such as last:8. (default: all)",
      valueName: "weights"))
  var alignTrain: String?
  @Option(help: "Sequences per step of the alignment, or of full or lora.")
  var alignBatchSize = 1
  @Option(help: "Tokens of each held-out text that are scored at each of the three points.")
  var evaluationTokens = 12_288
  @OptionGroup var lowRank: LowRankArguments
  @OptionGroup var data: DataOptions
  @OptionGroup var optimization: OptimizationOptions
  @OptionGroup var saving: SavingArguments
  @OptionGroup var logging: LoggingOptions
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard minutes == nil || (tokens == nil && alignTokens == nil) else {
      throw ValidationError("give --minutes, or --tokens and --align-tokens")
    }
    guard (minutes ?? 1) > 0, (tokens ?? 1) > 0, (alignTokens ?? 1) > 0, evaluationTokens > 0 else {
      throw ValidationError("a budget must be greater than 0")
    }
    guard alignShare > 0, alignShare < 1, sourceShare > 0, sourceShare < 1 else {
      throw ValidationError("--align-share and --source-share must lie between 0 and 1")
    }
    guard learningRate > 0, alignLearningRate ?? 1 > 0 else {
      throw ValidationError("a learning rate must be greater than 0")
    }
    guard alignBatchSize > 0 else { throw ValidationError("--align-batch-size must be at least 1") }
    if method != .elo, let flag = detachedFlags.first {
      throw ValidationError("\(flag) says how layers are detached: add --method elo, or leave it out")
    }
    let approximates = optimization.roundedHead ? "--rounded-head" : optimization.headWords.map { _ in "--head-words" }
    if method == .full, let approximates {
      throw ValidationError(
        "\(approximates) needs a frozen head, and full training trains it: take --method lora or elo")
    }
    guard method == .elo ? (tokens == nil) == (alignTokens == nil) : tokens == nil else {
      throw ValidationError(
        method == .elo
          ? "--tokens and --align-tokens go together"
          : "the method \(method.rawValue) has one stage: give --align-tokens or --minutes")
    }
  }

  /// What only the method elo takes, in flags that were given.
  private var detachedFlags: [String] {
    [
      (keepFrozen != nil, "--keep-frozen"), (layers != Self.defaultLayers, "--layers"),
      (bridge != .linear, "--bridge"), (blend != .factor(1), "--blend"),
    ].filter(\.0).map(\.1)
  }

  private static let defaultLayers = "first,last"
  private static let defaultMinutes = 20.0

  /// Budgets of the detached training and of the whole-model training.
  private var budgets: (pretraining: TrainingBudget, alignment: TrainingBudget) {
    if let alignTokens { return (.tokens(tokens ?? 1), .tokens(alignTokens)) }
    let minutes = minutes ?? Self.defaultMinutes
    return method == .elo
      ? (.minutes(minutes * (1 - alignShare)), .minutes(minutes * alignShare)) : (.minutes(minutes), .minutes(minutes))
  }

  /// The highest learning rate of the whole-model training.
  private var wholeLearningRate: Double {
    alignLearningRate ?? (method == .lora ? TrainingMethod.lora : .full).learningRate(full: 1e-4)
  }

  /// Parses a command line that begins with the command's name, taking in the file that it names.
  static func parseConfigured(_ arguments: [String]) throws -> any ParsableCommand {
    let configured = try ConfiguredArguments(arguments, of: Self.self)
    do {
      return try EloSurgeon.parseAsRoot(configured.expanded)
    } catch {
      throw configured.explained(error)
    }
  }

  /// The configuration of this run, to run it again.
  private func resolvedConfiguration(_ device: CPUDevice) throws -> String {
    var found = ["threads": String(device.threads), "result": try saving.options(for: optimization).result.rawValue]
    found["align-learning-rate"] = String(wholeLearningRate)
    if minutes == nil && alignTokens == nil { found["minutes"] = String(Self.defaultMinutes) }
    let arguments = try ConfiguredArguments(Array(CommandLine.arguments.dropFirst()), of: Self.self)
    return try ResolvedConfiguration.text(arguments.resolved(found))
  }

  func run() throws {
    Interruption.listen()
    var alignment = optimization.trainingOptions(
      budget: budgets.alignment, learningRate: wholeLearningRate, data)
    alignment.batchSize = alignBatchSize
    // As many parts as were asked for, or the most that its sequences can be split into evenly.
    alignment.accumulate = (1...optimization.accumulate).last { alignBatchSize.isMultiple(of: $0) }!
    alignment.trained = try alignTrain.map { try WeightSelection($0) }
    // A full alignment trains the head.
    if method == .elo { alignment.headApproximation = nil }
    alignment.lowRank = method == .lora ? lowRank.options : nil
    var adaptation = Adaptation(
      checkpoint: directory(checkpoint), layers: try LayerSelection(layers),
      pretraining: optimization.trainingOptions(budget: budgets.pretraining, learningRate: learningRate, data),
      alignment: alignment, command: ["elo-surgeon"] + CommandLine.arguments.dropFirst())
    adaptation.method = method
    adaptation.keepFrozen = try keepFrozen.map { try LayerSelection($0) }
    adaptation.bridge = bridge
    adaptation.blend = blend
    adaptation.sourceShare = sourceShare
    adaptation.evaluationTokens = evaluationTokens
    adaptation.reading = data.reading
    adaptation.saving = try saving.options(for: optimization)
    let sources = try TextSource.list(arguments: [target, source])
    let device = compute.device
    adaptation.sideFiles[ResolvedConfiguration.fileName] = try resolvedConfiguration(device)
    var logs = [
      Adaptation.Stage.pretrain: logging.log("pretrain", adaptation.pretraining),
      .align: logging.log("align", adaptation.alignment),
    ].compactMapValues(\.self)
    var line = ProgressLine()
    let report = try adaptation.run(
      output: directory(output), target: sources[0], source: sources[1],
      heldOut: heldOut.isEmpty ? nil : try TextSource.list(arguments: heldOut),
      device: device
    ) { event in
      switch event {
      case .counted(let needs, let others):
        NeedsText.lines(needs, others, method: method, memory: machineMemory()).forEach { line.finish($0) }
      case .wasComplete: line.finish("adapt: finished before, nothing to do")
      case .passed(let stage): line.finish("\(method.label(stage)): done before")
      case .began(let stage): line.show(method.label(stage), fraction: 0, details: "", secondsLeft: nil)
      case .trained(let stage, let progress):
        line.show(
          method.label(stage), fraction: progress.fraction, details: progress.details, secondsLeft: progress.secondsLeft
        )
        if let warning = logs[stage]?.append(progress.record) { line.finish(warning) }
      case .read(let stage, let done, let total):
        line.show(
          method.label(stage), fraction: Double(done) / Double(total), details: "\(done) of \(total) tokens",
          secondsLeft: nil)
      case .ended(let stage, let seconds): line.finish("\(method.label(stage)): \(ProgressLine.clock(seconds))")
      }
      return !Interruption.isRequested
    }
    for text in report.alignmentTexts { text.warnings.forEach { line.finish("warning: \($0)") } }
    for bridge in report.bridges { print("bridge \(bridge.line)") }
    if !report.blends.isEmpty { print(BlendSearch.table(report.blends, best: report.blend)) }
    print(report.table)
    print("checkpoint: \(output)")
    print("report: \(directory(output).appending(path: "report.html").path)")
  }
}

extension Adaptation.Method: ExpressibleByArgument {}
