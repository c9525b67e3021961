import ArgumentParser
import BenchmarkModels
import Checkpoints
import Decoders
import ELOTrain
import Foundation

/// Times training steps or forward passes on random weights, and prints one line of JSON.
@main
struct StepBenchmark: ParsableCommand {
  @Option(name: .customLong("case")) var stepCase: StepCase
  @Option(help: "The model's shape.") var model = NamedShape.smollm2
  @Option(help: "Another width, in SmolLM2's proportions: a multiple of 192.") var width: Int?
  @Option(help: "Another vocabulary.") var vocabulary: Int?
  @Option(help: "Layers. (default: 2 when detached, else the model's)") var layers: Int?
  @Option(help: "Steps that are timed.") var steps = 5
  @Option(help: "Steps before them.") var warmup = 1
  @Option(help: "Sequences of one step.") var rows = 4
  @Option(help: "Tokens of one sequence.") var sequenceLength = 512
  @Option(help: "Parts into which a step is split.") var accumulate = 1
  @Option(help: "Threads. (default: one for each core)") var threads: Int?
  @Option(help: "What multiplies matrices. (default: the fastest that the processor has)") var products: MatrixProducts?
  @Option(help: "Score so many words of the vocabulary, besides targets, in place of all; with a frozen head.")
  var headWords: Int?
  @Flag(help: "Compute most of a frozen head in integers.") var roundedHead = false
  @Option(help: "A checkpoint to use instead of random weights.") var checkpoint: String?

  func validate() throws {
    if let products, !MatrixProducts.supported.contains(products) {
      throw ValidationError("this processor has no \(products.argument)")
    }
    if let width, width < 192 || width % 192 != 0 { throw ValidationError("--width \(width) is no multiple of 192") }
    if headWords != nil && stepCase != .detached && stepCase != .lora {
      throw ValidationError("--head-words is for --case detached and lora")
    }
    if accumulate < 1 || rows % accumulate != 0 {
      throw ValidationError("--rows \(rows) is no multiple of --accumulate \(accumulate)")
    }
  }

  func run() throws {
    let device = CPUDevice(
      threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, products: products ?? .fastest)
    var shape = width.map(ModelShape.ofWidth) ?? model.shape
    shape.vocabulary = vocabulary ?? shape.vocabulary
    let layers = layers ?? (stepCase == .detached ? 2 : shape.layers)
    let directory = try checkpoint.map { URL(filePath: $0) } ?? RandomModel.write(shape, layers: layers)
    defer { if checkpoint == nil { try? FileManager.default.removeItem(at: directory) } }
    let decoder = try Decoder(Checkpoint(directory: directory), device: device)
    switch stepCase {
    case .detached: decoder.train(layers: decoder.layers.indices)
    case .full: decoder.trainEverything()
    case .lora: decoder.layers.indices.flatMap(decoder.adaptableMatrices).forEach { adapt($0, of: decoder) }
    case .forward: break
    }
    let optimizer = try AdamW(decoder)
    let batches = (0..<accumulate).map { batch(part: $0, vocabulary: decoder.configuration.vocabularySize, device) }
    let tokens = rows * sequenceLength
    var rounding = HeadRoundingError()
    var seconds: [Double] = []
    var cpuSeconds: [Double] = []
    for step in 0..<warmup + steps {
      let (start, cpuStart) = (ContinuousClock.now, Self.processSeconds())
      if stepCase == .forward {
        for batch in batches { _ = decoder.losses(batch) }
      } else {
        decoder.zeroGradients()
        for (part, batch) in batches.enumerated() {
          _ = decoder.accumulateGradients(
            batch, gradientScale: 1 / Float(tokens), scoring: scoring(part: part, decoder),
            roundingError: { rounding = rounding + $0 })
        }
        optimizer.step(learningRate: 1e-4, gradientNorm: optimizer.gradientNorm())
      }
      if step >= warmup {
        seconds.append((ContinuousClock.now - start) / .seconds(1))
        cpuSeconds.append(Self.processSeconds() - cpuStart)
      }
    }
    let median = seconds.sorted()[steps / 2]
    var line: [String: Any] = [
      "case": stepCase.rawValue, "tokens_per_second": Double(tokens) / median, "step_seconds_median": median,
      "step_cpu_seconds_median": cpuSeconds.sorted()[steps / 2], "peak_bytes": try Self.peakBytes(),
      "flops": shape.flops(stepCase, layers: layers, rows: rows, sequenceLength: sequenceLength),
      "threads": device.threads, "products": (products ?? .fastest).argument,
    ]
    if roundedHead { line["rounding_bound"] = rounding.bound; line["rounded_share"] = rounding.roundedShare }
    print(String(decoding: try JSONSerialization.data(withJSONObject: line, options: .sortedKeys), as: UTF8.self))
  }

  /// An adapter of rank 64 as training starts with.
  private func adapt(_ matrix: Parameter, of decoder: Decoder) {
    let inputs = decoder.adapterWidths(matrix).inputs
    let bound = 1 / Float(inputs).squareRoot()
    let a = (0..<ModelShape.adapterRank * inputs).map { Float($0 * 7919 % 1009) / 504 * bound - bound }
    decoder.adapt(matrix, rank: ModelShape.adapterRank, a: a, scale: 2)
  }

  private func scoring(part: Int, _ decoder: Decoder) -> HeadScoring {
    if roundedHead { return .rounded(HeadRounding(seed: UInt32(part))) }
    guard let headWords else { return .all }
    return .sample(scored(count: headWords, part: part, vocabulary: decoder.configuration.vocabularySize))
  }

  /// The first words of the vocabulary and the targets of a batch.
  private func scored(count: Int, part: Int, vocabulary: Int) -> HeadWords {
    let targets = Array(ids(part: part, vocabulary: vocabulary).dropFirst())
    let words = Array(Set(targets).union((0..<min(count, vocabulary)).map(Int32.init))).sorted()
    let places = Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, Int32($0)) })
    return HeadWords(
      ids: words, logWeights: Array(repeating: 0, count: words.count), targets: targets.map { places[$0]! })
  }

  /// A fixed stride through the vocabulary: more spread out than text would be, and the same in every run.
  private func ids(part: Int, vocabulary: Int) -> [Int32] {
    let count = rows / accumulate * sequenceLength
    return (0...count).map { Int32(($0 + part * count) * 7919 % vocabulary) }
  }

  private func batch(part: Int, vocabulary: Int, _ device: any Device) -> TokenBatch {
    let rows = rows / accumulate
    let count = rows * sequenceLength
    let ids = ids(part: part, vocabulary: vocabulary)
    return TokenBatch(
      ids: Array(ids.prefix(count)), targets: Array(ids.dropFirst()),
      positions: (0..<count).map { Int32($0 % sequenceLength) },
      spans: (0..<rows).map { $0 * sequenceLength..<($0 + 1) * sequenceLength }, device: device)
  }

  /// Processor time of all threads, which other programs on the machine disturb less than time on the clock.
  private static func processSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func peakBytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line.flatMap { Int($0.split(separator: " ")[1]) } ?? 0) * 1024
  }
}
