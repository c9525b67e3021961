import Foundation
import LayerProbe
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
