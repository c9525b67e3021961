import ArgumentParser
import Checkpoints
import Decoders
import ELOTrain
import Foundation

/// Times training steps of SmolLM2-135M's shape with random weights, and prints one line of JSON.
@main
struct StepBenchmark: ParsableCommand {
  enum Case: String, ExpressibleByArgument {
    /// First and last layer, both trained; embedding, norm and head frozen.
    case detached
    /// All 30 layers and the tied embedding trained.
    case full
    /// All 30 layers, loss only.
    case forward
  }

  @Option(name: .customLong("case")) var benchmarkCase: Case
  @Option(help: "Steps that are timed.") var steps = 5
  @Option(help: "Steps before them.") var warmup = 1
  @Option(help: "Sequences of one step.") var rows = 4
  @Option(help: "Tokens of one sequence.") var sequenceLength = 512
  @Option(help: "Parts into which a step is split.") var accumulate = 1
  @Option(help: "Threads. (default: one for each core)") var threads: Int?
  @Option(help: "A checkpoint to use instead of random weights.") var checkpoint: String?

  func run() throws {
    let device = threads.map { CPUDevice(threads: $0) } ?? CPUDevice()
    let directory =
      try checkpoint.map { URL(filePath: $0) } ?? RandomModel.write(layers: benchmarkCase == .detached ? 2 : 30)
    defer { if checkpoint == nil { try? FileManager.default.removeItem(at: directory) } }
    let decoder = try Decoder(Checkpoint(directory: directory), device: device)
    switch benchmarkCase {
    case .detached: decoder.train(layers: decoder.layers.indices)
    case .full: decoder.trainEverything()
    case .forward: break
    }
    let optimizer = try AdamW(decoder)
    let batches = (0..<accumulate).map { batch(part: $0, vocabulary: decoder.configuration.vocabularySize, device) }
    let tokens = rows * sequenceLength
    var seconds: [Double] = []
    for step in 0..<warmup + steps {
      let start = ContinuousClock.now
      if benchmarkCase == .forward {
        for batch in batches { _ = decoder.losses(batch) }
      } else {
        decoder.zeroGradients()
        for batch in batches { _ = decoder.accumulateGradients(batch, gradientScale: 1 / Float(tokens)) }
        optimizer.step(learningRate: 1e-4, gradientNorm: optimizer.gradientNorm())
      }
      if step >= warmup { seconds.append((ContinuousClock.now - start) / .seconds(1)) }
    }
    let median = seconds.sorted()[steps / 2]
    let line: [String: Any] = [
      "case": benchmarkCase.rawValue, "tokens_per_second": Double(tokens) / median, "step_seconds_median": median,
      "peak_bytes": try peakBytes(),
    ]
    print(String(decoding: try JSONSerialization.data(withJSONObject: line, options: .sortedKeys), as: UTF8.self))
  }

  private func batch(part: Int, vocabulary: Int, _ device: any Device) -> TokenBatch {
    let rows = rows / accumulate
    let count = rows * sequenceLength
    // A fixed stride through the vocabulary: as spread out as text would be, and the same in every run.
    let ids = (0...count).map { Int32(($0 + part * count) * 7919 % vocabulary) }
    return TokenBatch(
      ids: Array(ids.prefix(count)), targets: Array(ids.dropFirst()),
      positions: (0..<count).map { Int32($0 % sequenceLength) },
      spans: (0..<rows).map { $0 * sequenceLength..<($0 + 1) * sequenceLength }, device: device)
  }

  private func peakBytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line.flatMap { Int($0.split(separator: " ")[1]) } ?? 0) * 1024
  }
}

/// A checkpoint of SmolLM2-135M's shape with random bf16 weights.
enum RandomModel {
  static func write(layers: Int) throws -> URL {
    let directory = FileManager.default.temporaryDirectory.appending(path: "step-benchmark-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let (vocabulary, width, inner, keyWidth) = (49_152, 576, 1_536, 192)
    var shapes = [("model.embed_tokens.weight", [vocabulary, width]), ("model.norm.weight", [width])]
    for layer in 0..<layers {
      let prefix = "model.layers.\(layer)."
      shapes += [
        (prefix + "input_layernorm.weight", [width]), (prefix + "post_attention_layernorm.weight", [width]),
        (prefix + "self_attn.q_proj.weight", [width, width]), (prefix + "self_attn.k_proj.weight", [keyWidth, width]),
        (prefix + "self_attn.v_proj.weight", [keyWidth, width]), (prefix + "self_attn.o_proj.weight", [width, width]),
        (prefix + "mlp.gate_proj.weight", [inner, width]), (prefix + "mlp.up_proj.weight", [inner, width]),
        (prefix + "mlp.down_proj.weight", [width, inner]),
      ]
    }
    var generator = SystemRandomNumberGenerator()
    try writeSafetensors(
      to: directory.appending(path: "model.safetensors"),
      tensors: shapes.map { name, shape in
        let halves = (0..<shape.reduce(1, *)).map { _ -> UInt16 in
          let value = shape.count == 1 ? 1 : Float.random(in: -0.05...0.05, using: &generator)
          return UInt16(truncatingIfNeeded: value.bitPattern >> 16)
        }
        return (name, .bytes(.bf16, shape: shape) { sink in try halves.withUnsafeBytes { try sink($0) } })
      })
    let config = """
      {"model_type": "llama", "vocab_size": \(vocabulary), "hidden_size": \(width), "intermediate_size": \(inner),
       "num_hidden_layers": \(layers), "num_attention_heads": 9, "num_key_value_heads": 3, "rms_norm_eps": 1e-05,
       "rope_theta": 100000.0, "hidden_act": "silu", "tie_word_embeddings": true, "max_position_embeddings": 8192}
      """
    try Data(config.utf8).write(to: directory.appending(path: "config.json"))
    return directory
  }
}
