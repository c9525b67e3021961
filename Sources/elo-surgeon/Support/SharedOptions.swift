import ArgumentParser
import Corpora
import Decoders
import ELOTrain
import Foundation

/// What every command that computes takes.
struct ComputeOptions: ParsableArguments {
  @Option(help: "Number of threads. (default: one for each core)")
  var threads: Int?

  mutating func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1") }
  }

  var device: CPUDevice { threads.map { CPUDevice(threads: $0) } ?? CPUDevice() }
}

/// How long a training stage goes on: at most one of the three.
struct BudgetOptions: ParsableArguments {
  @Option(help: "Train on this many tokens.")
  var tokens: Int?
  @Option(help: "Train for this many optimiser steps.")
  var steps: Int?
  @Option(help: "Train for this many minutes, counted from the first step.")
  var minutes: Double?

  mutating func validate() throws {
    guard [tokens != nil, steps != nil, minutes != nil].count(where: { $0 }) <= 1 else {
      throw ValidationError("give one of --tokens, --steps and --minutes")
    }
    guard (tokens ?? 1) > 0, (steps ?? 1) > 0, (minutes ?? 1) > 0 else {
      throw ValidationError("a budget must be greater than 0")
    }
  }

  /// What was given, nil for nothing.
  var budget: TrainingBudget? {
    tokens.map { .tokens($0) } ?? steps.map { .steps($0) } ?? minutes.map { .minutes($0) }
  }
}

/// How texts to train on are read and mixed.
struct DataOptions: ParsableArguments {
  @Option(help: "Field of jsonl files that holds the text.")
  var textField = "text"
  @Option(
    help: ArgumentHelp(
      "Keep the tokens of texts here, so that the next run with the same text and tokenizer finds them.",
      valueName: "dir"))
  var tokenCache: String?
  @Option(help: "Documents of each text that wait to be drawn at random; 1 keeps the order of the files.")
  var shuffleBuffer = MixtureOptions.defaultShuffleBuffer
  @Flag(help: "Let attention go on from one document into the next within a sequence.")
  var crossDocuments = false

  mutating func validate() throws {
    guard shuffleBuffer > 0 else { throw ValidationError("--shuffle-buffer must be at least 1") }
  }

  var reading: TokenStore.Options {
    var options = TokenStore.Options()
    options.textField = textField
    options.cache = tokenCache.map(directory)
    return options
  }
}

/// Settings of a training stage that `pretrain`, `align` and `adapt` share.
struct OptimizationOptions: ParsableArguments {
  static let usualWarmup = 10

  @Option(
    help: "Shape of the learning rate: \(LearningRateSchedule.Shape.allCases.map(\.rawValue).joined(separator: ", ")).")
  var schedule = LearningRateSchedule.Shape.cosine
  @Option(help: "Steps over which the learning rate rises.")
  var warmup = Self.usualWarmup
  @Option(help: "Where the learning rate rises from, as a share of the highest.")
  var warmupFrom = 0.0
  @Option(help: "Share of the steps over which wsd lets the learning rate fall.")
  var decayShare = 0.2
  @Option(help: "Where the learning rate ends, as a share of the highest.")
  var finalRate = 0.1
  @Option(help: "How many times warm-up and schedule follow one another, each over as many steps.")
  var cycles = 1
  @Option(help: "Sequences per optimiser step.")
  var batchSize = 8
  @Option(help: "Tokens per sequence.")
  var sequenceLength = 512
  @Option(help: "Parts into which a step's sequences are split, to need less memory.")
  var accumulate = 2
  @Flag(
    help: "Make activations again in the backward pass instead of keeping them: less memory, more time, the same bits.")
  var recompute = false
  @Option(
    help: ArgumentHelp(
      "An approximation, for frozen heads: score about so many words of the vocabulary in a step, the probable ones and a weighted random sample of the others. Every hundredth step takes all words and measures the gradient's error. (default: all words)",
      valueName: "count"))
  var headWords: Int?
  @Flag(
    help:
      "For frozen heads: compute improbable words in 16-bit and 8-bit integers, with a bound on the gradient's error in metrics.jsonl, near 1e-4. Every hundredth step computes all in f32 and measures the error."
  )
  var roundedHead = false
  @Option(help: "Decoupled weight decay of matrices; norms and biases have none.")
  var weightDecay = 0.1
  @Option(help: "How AdamW's moments are stored: f32, or bf16 in half the memory.")
  var moments = AdamW.Moments.f32
  @Option(help: "Clip gradients to this global norm.")
  var clip = 1.0
  @Option(help: "Seed; with --threads and a budget in tokens or steps it fixes every bit of the result.")
  var seed: UInt64 = 42
  @Option(help: "Score the held-out texts every so many steps.")
  var evaluateEvery: Int?
  @Option(help: "Stop when so many evaluations in a row were not better than the best before.")
  var patience: Int?
  @Option(
    help:
      "Skip steps whose loss or gradient lies this many standard deviations above the last steps' mean. (default: only those that are no numbers)"
  )
  var spikeThreshold: Double?
  @Option(help: "Steps that may be skipped in a row; one more ends the run.")
  var skipLimit = SpikeHistory.Options().limit

  mutating func validate() throws {
    guard batchSize > 0, sequenceLength > 0, accumulate > 0, warmup >= 0 else {
      throw ValidationError("--batch-size, --sequence-length and --accumulate must be at least 1, --warmup at least 0")
    }
    guard 0...1 ~= warmupFrom, 0...1 ~= finalRate, decayShare > 0, decayShare <= 1, cycles > 0 else {
      throw ValidationError(
        "--warmup-from, --final-rate and --decay-share are shares between 0 and 1, --cycles is at least 1")
    }
    guard batchSize % accumulate == 0 else {
      throw ValidationError("--accumulate \(accumulate) does not divide --batch-size \(batchSize)")
    }
    guard !roundedHead || headWords == nil else {
      throw ValidationError("--rounded-head computes all words, --head-words some: give one of them")
    }
    guard clip > 0, weightDecay >= 0, (evaluateEvery ?? 1) > 0 else {
      throw ValidationError("--clip and --evaluate-every must be greater than 0, --weight-decay not negative")
    }
    guard (patience ?? 1) > 0, (spikeThreshold ?? 1) > 0, skipLimit >= 0 else {
      throw ValidationError("--patience and --spike-threshold must be greater than 0, --skip-limit not negative")
    }
    guard patience == nil || evaluateEvery != nil else {
      throw ValidationError("--patience counts evaluations: give --evaluate-every too")
    }
  }

  func trainingOptions(budget: TrainingBudget, learningRate: Double, _ data: DataOptions) -> TrainingOptions {
    var rates = LearningRateSchedule(shape: schedule, peak: learningRate, warmupSteps: warmup, floor: finalRate)
    rates.start = warmupFrom
    rates.decayShare = decayShare
    rates.cycles = cycles
    var options = TrainingOptions(budget: budget, schedule: rates)
    options.optimizer.moments = moments
    options.recomputesActivations = recompute
    options.headApproximation = roundedHead ? .rounding : headWords.map(HeadApproximation.words)
    options.optimizer.weightDecay = weightDecay
    options.optimizer.clip = clip
    options.batchSize = batchSize
    options.sequenceLength = sequenceLength
    options.accumulate = accumulate
    options.seed = seed
    options.shuffleBuffer = data.shuffleBuffer
    options.crossesDocuments = data.crossDocuments
    options.evaluateEvery = evaluateEvery
    options.patience = patience
    options.spikes.threshold = spikeThreshold
    options.spikes.limit = skipLimit
    return options
  }
}

extension LearningRateSchedule.Shape: ExpressibleByArgument {}
extension AdamW.Moments: ExpressibleByArgument {}

/// What a training stage keeps while it runs.
struct SavingArguments: ParsableArguments {
  @Option(help: "Save the run every so many steps, and after every evaluation that is the best so far.")
  var saveEvery: Int?
  @Option(help: "Saves to keep: the newest, and besides them the best.")
  var keep = SavingOptions().keep
  @Flag(help: "Go on from the last save of the same command; when it was finished, do nothing.")
  var resume = false
  @Option(
    help:
      "Weights of the result: those of the last step, or of the best evaluation. (default: last; with --patience best)")
  var result: SavingOptions.Result?

  mutating func validate() throws {
    guard (saveEvery ?? 1) > 0, keep > 0 else { throw ValidationError("--save-every and --keep must be at least 1") }
  }

  /// - Throws: `ValidationError` when the best evaluation is asked for and there are none.
  func options(for optimization: OptimizationOptions) throws -> SavingOptions {
    guard result != .best || optimization.evaluateEvery != nil else {
      throw ValidationError("--result best needs evaluations: give --evaluate-every too")
    }
    var options = SavingOptions()
    options.every = saveEvery
    options.keep = keep
    options.resumes = resume
    options.result = result ?? (optimization.patience == nil ? .last : .best)
    return options
  }
}

extension SavingOptions.Result: ExpressibleByArgument {}

/// Where a training run can be watched.
struct LoggingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Write the steps as TensorBoard's event files into this folder.", valueName: "dir"))
  var tensorboard: String?

  /// The log of a training stage, nil when none is wanted.
  /// - Parameter run: a folder of its own in it, nil for none.
  func log(_ run: String?, _ options: TrainingOptions) -> EventLog? {
    tensorboard.map { path in
      let folder = directory(path)
      return EventLog(run.map { folder.appending(path: $0) } ?? folder, tokensPerStep: options.tokensPerStep)
    }
  }
}

/// How results are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json
}

extension TrainingProgress {
  /// The numbers beside a progress bar.
  var details: String {
    let loss = record.loss.map { String(format: "loss %.3f", $0) } ?? ""
    let use = arithmetic.map {
      String(
        format: "  %.0f GFLOP/s (%.0f %% of products)", tokensPerSecond * $0.flopsPerToken / 1e9,
        100 * $0.utilization(tokensPerSecond: tokensPerSecond))
    }
    return "step \(record.step)  \(loss)  \(Int(tokensPerSecond)) tokens/s\(use ?? "")"
  }
}

/// A path as people type it.
func directory(_ path: String) -> URL { URL(filePath: path) }
