import Checkpoints
import Decoders
import Foundation
import TestSupport
import Testing

/// Checkpoints that hold all experts of a layer in two tensors, as `transformers` 5 does in memory, compute as those with
/// three tensors for each expert.
@Suite struct FusedExpertsTests {
  @Test(arguments: ["mixtral", "qwen3_moe", "qwen3_moe-normed", "olmoe"])
  func logitsAndGradientsAreThoseOfSeparateExperts(_ name: String) throws {
    try withTemporaryDirectory { directory in
      let (separate, fused) = (directory.appending(path: "separate"), directory.appending(path: "fused"))
      try FamilyCheckpoint(name).write(to: separate)
      let parts = try fuse(separate, to: fused)
      let device = CPUDevice(threads: 2)
      let decoders = try [separate, fused].map { try Decoder(Checkpoint(directory: $0), device: device) }
      let batch = try FamilyFixture.batch(on: device)
      #expect(decoders[0].logits(batch) == decoders[1].logits(batch), "\(name)")
      for decoder in decoders {
        decoder.trainEverything()
        _ = decoder.accumulateGradients(batch, gradientScale: 1)
      }
      let gradients = decoders.map { decoder in
        Dictionary(uniqueKeysWithValues: decoder.parameters.map { ($0.name, device.download($0.gradient!)) })
      }
      #expect(Set(gradients[1].keys) == Set(parts.keys))
      for (tensor, sources) in parts {
        #expect(gradients[1][tensor] == sources.flatMap { gradients[0][$0]! }, "\(tensor)")
      }
      // Only attention can be adapted: experts in one tensor would share an adapter's A.
      let adaptable = decoders[1].adaptableMatrices(layer: 0).map(\.name)
      #expect(adaptable.count == 4 && adaptable.allSatisfy { $0.contains("self_attn.") })
      #expect(decoders[0].adaptableMatrices(layer: 0).count > 4)
    }
  }

  /// Writes the checkpoint with fused experts.
  /// - Returns: for each of its tensors those that stand in it, in order.
  private func fuse(_ separate: URL, to fused: URL) throws -> [String: [String]] {
    let checkpoint = try Checkpoint(directory: separate)
    var parts: [String: [String]] = [:]
    let expert = /(.*)\.(?:mlp|block_sparse_moe)\.experts\.(\d+)\.(\w+)\.weight/
    var counts: [String: Int] = [:]
    for name in checkpoint.tensors.keys {
      if let match = name.wholeMatch(of: expert) {
        counts[String(match.1), default: 0] = max(counts[String(match.1)] ?? 0, Int(match.2)! + 1)
      } else {
        parts[name.replacing("block_sparse_moe.gate", with: "mlp.gate")] = [name]
      }
    }
    for (layer, count) in counts {
      let isMixtral = checkpoint.tensors[layer + ".block_sparse_moe.experts.0.w1.weight"] != nil
      func names(_ index: Int, _ ends: [String]) -> [String] {
        ends.map { "\(layer).\(isMixtral ? "block_sparse_moe" : "mlp").experts.\(index).\($0).weight" }
      }
      parts[layer + ".mlp.experts.gate_up_proj"] = (0..<count).flatMap {
        names($0, isMixtral ? ["w1", "w3"] : ["gate_proj", "up_proj"])
      }
      parts[layer + ".mlp.experts.down_proj"] = (0..<count).flatMap { names($0, isMixtral ? ["w2"] : ["down_proj"]) }
    }
    try FileManager.default.createDirectory(at: fused, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: separate.appending(path: "config.json"), to: fused.appending(path: "config.json"))
    try writeSafetensors(
      to: fused.appending(path: "model.safetensors"),
      tensors: parts.map { name, sources in
        let stored = sources.map { checkpoint.tensors[$0]! }
        let shape = stored[0].shape
        let experts = counts[name.replacing(/\.mlp\.experts\..*/, with: "")] ?? 1
        let fusedShape = name.contains(".experts.") ? [experts, shape[0] * sources.count / experts, shape[1]] : shape
        return (
          name,
          .bytes(stored[0].dtype, shape: fusedShape) { sink in
            for part in stored { try part.withUnsafeBytes { try sink($0) } }
          }
        )
      })
    return parts
  }
}
