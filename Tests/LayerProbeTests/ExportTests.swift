import Checkpoints
import Decoders
import Foundation
import LayerProbe
import TestSupport
import Testing

@Suite struct ExportTests {
  private let model = ReportSamples.model(Array(repeating: 10, count: 12))

  @Test func `unfrozen parameters match every tensor of the layers from end to end, and no other`() throws {
    let text = LayerExport.spectrum.text([1, 11], of: model)
    let lines = text.split(separator: "\n")
    #expect(lines.first == "unfrozen_parameters:")
    // As regular expressions with dots for any character, and as Axolotl reads them.
    for escape in [false, true] {
      let patterns = try lines.dropFirst().map { line in
        let pattern = String(line.dropFirst(2))
        return try Regex(escape ? pattern.replacing(".", with: "\\.") : pattern)
      }
      let matched = model.layers.flatMap(\.tensors).filter { name in
        patterns.contains { (try? $0.prefixMatch(in: name)) != nil }
      }
      #expect(matched == model.layers[1].tensors + model.layers[11].tensors)
    }
  }

  @Test func `LoRA settings name layers, their list and their matrices`() throws {
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(LayerExport.peft.text([0, 11], of: model).utf8)) as? [String: Any])
    #expect(object["layers_to_transform"] as? [Int] == [0, 11])
    #expect(object["layers_pattern"] as? String == "layers")
    #expect(object["target_modules"] as? [String] == ["q_proj", "down_proj"])
    #expect(object["task_type"] as? String == "CAUSAL_LM")
  }

  /// `scripts/check-report` holds what is written of real outlines to PEFT and Axolotl themselves.
  @Test func `experts are named by the tensors that transformers holds them in, for the layers alone`() throws {
    let device = CPUDevice(threads: 1)
    let decoder = try withTemporaryDirectory { directory in
      try FamilyCheckpoint("qwen3_moe").write(to: directory.appending(path: "model"))
      return try Decoder(Checkpoint(directory: directory.appending(path: "model")), device: device)
    }
    let model = ModelOutline(decoder, path: "model", hashes: [:])
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(LayerExport.peft.text([0, 1], of: model).utf8)) as? [String: Any])
    #expect(object["target_modules"] as? [String] == ["q_proj", "k_proj", "v_proj", "o_proj"])
    // Layer 1 has no experts.
    #expect(
      object["target_parameters"] as? [String] == [
        "model.layers.0.mlp.experts.gate_up_proj", "model.layers.0.mlp.experts.down_proj",
        "model.layers.1.mlp.gate_proj.weight", "model.layers.1.mlp.up_proj.weight",
        "model.layers.1.mlp.down_proj.weight",
      ])
    let lines = LayerExport.spectrum.text([2], of: model).split(separator: "\n").dropFirst()
    #expect(lines.contains("- ^model.layers.2.mlp.experts.gate_up_proj$"))
    #expect(lines.contains("- ^model.layers.2.mlp.gate.weight$"))
    #expect(lines.count == 11 && Set(lines).count == 11)
  }

  @Test func `slices join neighbours and leave their end out`() {
    #expect(
      LayerExport.mergekit.text([0, 4, 5, 6, 11], of: model) == """
        merge_method: passthrough
        slices:
        - sources:
          - model: "a <model>"
            layer_range: [0, 1]
        - sources:
          - model: "a <model>"
            layer_range: [4, 7]
        - sources:
          - model: "a <model>"
            layer_range: [11, 12]

        """)
  }

  @Test func `every export has a file of its own`() {
    #expect(Set(LayerExport.allCases.map(\.fileName)).count == LayerExport.allCases.count)
  }
}
