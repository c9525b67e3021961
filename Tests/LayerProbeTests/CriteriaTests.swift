import Checkpoints
import Decoders
import Foundation
import LayerProbe
import TestSupport
import Testing

@Suite struct CriteriaTests {
  /// f32 passes against f64: every score of every document, relative to the greatest of the document.
  private static let tolerance = 3e-5

  @Test(arguments: ["tied-grouped-f32", "untied-wide-bf16"])
  func `every score of every document equals the one computed with transformers in f64`(name: String) throws {
    let expected = try Expected.load()
    let reference = try #require(expected.models[name])
    let text = try probeText("de", reference.documents)
    let scores = try Probe().run([text], on: try expected.model(name))
    let references = [
      "block_influence": reference.blockInfluence,
      "ablation_nats_per_token": reference.ablation(over: text.documents.map(\.tokens.count)),
      "ablation_nats_per_byte": reference.ablation(over: text.documents.map(\.byteCount)),
      "gradient_norm": reference.gradientNorm,
      "relative_gradient_norm": reference.relativeGradientNorm,
    ]
    #expect(Set(scores.scores.map(\.description.name)) == Set(references.keys))
    for score in scores.scores {
      let wanted = try #require(references[score.description.name])
      for (document, (found, wanted)) in zip(score.values(ofText: 0).perDocument, wanted).enumerated() {
        let scale = wanted.map(abs).max()!
        for layer in wanted.indices {
          #expect(
            abs(found[layer] - wanted[layer]) <= Self.tolerance * scale,
            "\(score.description.name), document \(document), layer \(layer): \(found[layer]) for \(wanted[layer])")
        }
      }
    }
  }

  @Test func `a document scores the same alone and beside others in one pass`() throws {
    let expected = try Expected.load()
    let reference = try #require(expected.models["tied-grouped-f32"])
    let model = try expected.model("tied-grouped-f32")
    let documents = try probeText("de", reference.documents).documents
    for criterion in [BlockInfluence(), Ablation()] as [any DocumentCriterion] {
      let together = try criterion.score(documents[...], on: model) { _ in }
      for index in documents.indices {
        let alone = try criterion.score(documents[index...index], on: model) { _ in }
        for (together, alone) in zip(together, alone) {
          for (x, y) in zip(together[index], alone[0]) { #expect(abs(x - y) <= 1e-5 * max(1, abs(y))) }
        }
      }
    }
  }

  @Test func `more documents than fit in a pass are all scored, in order`() throws {
    let expected = try Expected.load()
    let reference = try #require(expected.models["tied-grouped-f32"])
    let repeats = 60
    let text = try probeText("de", Array(repeating: reference.documents, count: repeats).flatMap { $0 })
    let probe = Probe(criteria: [BlockInfluence()])
    let scores = try probe.run([text], on: try expected.model("tied-grouped-f32"))
    let found = scores.scores[0].values(ofText: 0).perDocument
    #expect(found.count == repeats * reference.documents.count)
    for (index, layers) in found.enumerated() {
      let wanted = reference.blockInfluence[index % reference.documents.count]
      for (x, y) in zip(layers, wanted) { #expect(abs(x - y) < 1e-5, "document \(index)") }
    }
  }

  @Test func `a token that the model does not have is an error that names the document`() throws {
    let expected = try Expected.load()
    let text = try probeText("de", [[5, 6], [7, 97]])
    #expect(throws: ProbeError.tokenOutsideVocabulary(text: "de", document: 1, token: 97, vocabulary: 97)) {
      try Probe().run([text], on: try expected.model("tied-grouped-f32"))
    }
  }

  @Test func `a document that fills the model's positions leaves no room for the prefix token`() throws {
    let expected = try Expected.load()
    let text = try probeText("de", [[5, 6], Array(repeating: 7, count: 64)])
    #expect(throws: ProbeError.contextTooShort(maximumTokens: 64, positions: 64)) {
      try Probe().run([text], on: try expected.model("tied-grouped-f32"))
    }
  }

  @Test(arguments: [
    (tensor: "model.layers.1.self_attn.k_proj.weight", layer: 1 as Int?, element: 5),
    (tensor: "model.embed_tokens.weight", layer: nil, element: 70),
  ])
  func `a weight that is no number is named with its layer before any pass`(
    broken: (tensor: String, layer: Int?, element: Int)
  ) throws {
    try withTemporaryDirectory { directory in
      let directory = directory.appending(path: "model")
      try FileManager.default.copyItem(at: fixture("decoders/tied-grouped-f32"), to: directory)
      let file = directory.appending(path: "model.safetensors")
      let stored = try #require(try readTensors(file)[broken.tensor])
      var bytes = try Data(contentsOf: file)
      let start = stored.byteRange.lowerBound + 4 * broken.element
      bytes.replaceSubrange(start..<start + 4, with: withUnsafeBytes(of: Float.nan) { Data($0) })
      try bytes.write(to: file)
      let decoder = try Decoder(Checkpoint(directory: directory), device: CPUDevice(threads: 1))
      let expected = ProbeError.weightNotFinite(tensor: broken.tensor, layer: broken.layer, element: broken.element)
      #expect(throws: expected) {
        try Probe().run([try probeText("de", [[5, 6], [7]])], on: ProbedModel(decoder: decoder, prefix: 1))
      }
      #expect(expected.description.contains(broken.tensor))
      if let layer = broken.layer { #expect(expected.description.hasPrefix("layer \(layer): ")) }
    }
  }

  @Test func `two texts of one name are refused`() throws {
    let expected = try Expected.load()
    let text = try probeText("de", [[5, 6], [7]])
    #expect(throws: ProbeError.badTextName("de", .repeated)) {
      try Probe().run([text, text], on: try expected.model("tied-grouped-f32"))
    }
  }

  @Test func `progress rises from the first pass to the whole`() throws {
    let expected = try Expected.load()
    let text = try probeText("de", [[5, 6], [7]])
    var shares: [Double] = []
    _ = try Probe().run([text], on: try expected.model("tied-grouped-f32")) { _, share in
      shares.append(share)
      return true
    }
    #expect(shares == shares.sorted() && shares.first! > 0 && shares.last == 1)
    #expect(shares.count > 5)
  }

  @Test func `progress that says stop ends the probe`() throws {
    let expected = try Expected.load()
    let text = try probeText("de", [[5, 6], [7]])
    #expect(throws: ProbeError.interrupted) {
      try Probe().run([text], on: try expected.model("tied-grouped-f32")) { _, share in share < 0.5 }
    }
  }
}
