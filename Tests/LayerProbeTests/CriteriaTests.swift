import Checkpoints
import Decoders
import Foundation
import LayerProbe
import TestSupport
import Testing

@Suite struct CriteriaTests {
  @Test func `a document scores the same alone and beside others in one pass`() throws {
    let expected = try Expected.load()
    let name = "tied-grouped-f32"
    let texts = try expected.texts(name)
    let criteria: [any LayerCriterion] = [
      BlockInfluence(), AngularDistance(), Ablation(), LogitLens(positionsPerDocument: 3), Gradients(),
    ]
    let model = try expected.model(name)
    let together = try Probe(criteria: criteria).run(texts, on: model)
    for first in [0, 2, 4] {
      let pair = try ProbeText(name: "de", documents: Array(texts[0].documents[first...first + 1]))
      let alone = try Probe(criteria: criteria).run([pair], on: model)
      for score in alone.scores {
        let all = try #require(together[score.description.name]).values(ofText: 0)
        for (x, y) in zip(score.values(ofText: 0).perDocument, all.perDocument[first...first + 1]) {
          let scale = y.map(abs).max()!
          for (x, y) in zip(x, y) { #expect(abs(x - y) <= 1e-5 * scale, "\(score.description.name)") }
        }
      }
    }
  }

  @Test func `more documents than fit in a pass are all scored, in order`() throws {
    let expected = try Expected.load()
    let reference = try #require(expected.models["tied-grouped-f32"]).target
    let repeats = 60
    let text = try probeText("de", Array(repeating: reference.documents, count: repeats).flatMap { $0 })
    let probe = Probe(criteria: [BlockInfluence(), LogitLens(positionsPerDocument: nil)])
    let scores = try probe.run([text], on: try expected.model("tied-grouped-f32"))
    for (score, reference) in zip(scores.scores, [reference.blockInfluence, reference.logitLens]) {
      let found = score.values(ofText: 0).perDocument
      #expect(found.count == repeats * reference.count)
      for (index, layers) in found.enumerated() {
        for (x, y) in zip(layers, reference[index % reference.count]) {
          #expect(abs(x - y) < 1e-4, "\(score.description.name), document \(index)")
        }
      }
    }
  }

  @Test func `a criterion on the first documents gives their values, and pairs of them`() throws {
    let expected = try Expected.load()
    let (name, model) = ("tied-grouped-f32", try expected.model("tied-grouped-f32"))
    let texts = try expected.texts(name)
    func run(_ limit: Int?) throws -> ProbeScores {
      try Probe(
        criteria: [
          Gradients(maximumDocuments: limit), Ablation(.mlp, maximumDocuments: limit),
          LogitLens(maximumDocuments: limit),
        ]
      ).run(texts, on: model)
    }
    let (all, first) = (try run(nil), try run(3))
    for (all, first) in zip(all.scores, first.scores) {
      for (all, first) in zip(all.values, first.values) {
        let (all, first) = (try #require(all), try #require(first))
        #expect(first.perDocument.count == 3)
        for (x, y) in zip(first.perDocument, all.perDocument) {
          for (x, y) in zip(x, y) { #expect(abs(x - y) <= 1e-4 * max(abs(y), 1e-3)) }
        }
      }
    }
  }

  @Test func `partners are found by id when the source is in another order`() throws {
    let expected = try Expected.load()
    let (name, model) = ("tied-grouped-f32", try expected.model("tied-grouped-f32"))
    let texts = try expected.texts(name)
    let turned = try ProbeText(name: "en", documents: texts[1].documents.reversed())
    let criteria: [any LayerCriterion] = [Gradients(), LanguageSimilarity(), Retrieval()]
    let straight = try Probe(criteria: criteria).run(texts, on: model)
    let reversed = try Probe(criteria: criteria).run([texts[0], turned], on: model)
    for (x, y) in zip(straight.scores, reversed.scores) where x.description.subject == .contrast {
      let (x, y) = (try #require(x.values[0]), try #require(y.values[0]))
      for (x, y) in zip(x.estimate + x.perDocument.flatMap { $0 }, y.estimate + y.perDocument.flatMap { $0 }) {
        #expect(abs(x - y) < 1e-5)
      }
    }
  }

  @Test func `without parallel documents what needs them has no value, and gradients are compared all the same`() throws
  {
    let expected = try Expected.load()
    let documents = try expected.texts("tied-grouped-f32").map { text in
      try ProbeText(
        name: text.name,
        documents: text.documents.map { ProbeDocument(index: $0.index, tokens: $0.tokens, byteCount: $0.byteCount) })
    }
    let probe = Probe(criteria: [Gradients(), LanguageSimilarity(), Retrieval()])
    let scores = try probe.run(documents, on: try expected.model("tied-grouped-f32"))
    #expect(scores.pairings.map(\.basis) == [.none])
    #expect(scores["cka_languages"]?.values == [nil])
    #expect(scores["retrieval"]?.values == [nil])
    #expect(scores["gradient_conflict"]?.values[0]?.perDocument.count == 6)
    let declared = try probe.run(documents, on: try expected.model("tied-grouped-f32"), inOrder: true)
    #expect(declared.pairings.map(\.basis) == [.order])
    #expect(declared["retrieval"]?.values[0]?.perDocument.count == 6)
  }

  @Test func `too few documents for CKA leave it out`() throws {
    let expected = try Expected.load()
    let texts = try expected.texts("tied-grouped-f32").map {
      try ProbeText(name: $0.name, documents: Array($0.documents.prefix(4)))
    }
    let probe = Probe(criteria: [StateSimilarity(), LanguageSimilarity(), Retrieval()])
    let scores = try probe.run(texts, on: try expected.model("tied-grouped-f32"))
    #expect(scores.scores.map(\.description.name) == ["cka_languages", "retrieval"])
    #expect(scores["cka_languages"]?.values == [nil])
    #expect(scores["retrieval"]?.values[0]?.perDocument.count == 4)
  }

  @Test func `every standard score is described, named once, and kept by the archive`() throws {
    let expected = try Expected.load()
    let scores = try Probe().run(
      try expected.texts("untied-wide-bf16"), on: try expected.model("untied-wide-bf16"))
    let names = scores.scores.map(\.description.name)
    #expect(Set(names).count == names.count)
    #expect(scores.scores.allSatisfy { !$0.description.unit.isEmpty && $0.description.description.count > 20 })
    #expect(
      scores.ranking.map(\.description.name)
        == ["block_influence", "weight_signal", "relative_gradient_norm", "taylor", "ablation_nats_per_token"])
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "report.h5")
      try scores.writeArchive(to: file)
      #expect(try ProbeScores(archive: file) == scores)
    }
  }

  @Test func `the model is as it was after a probe: frozen, with its own values`() throws {
    let expected = try Expected.load()
    let model = try expected.model("untied-wide-bf16")
    let before = model.decoder.layers[1].parameters[1].value
    _ = try Probe().run(try expected.texts("untied-wide-bf16"), on: model)
    #expect(model.decoder.trainedParameters.isEmpty)
    #expect(model.decoder.layers[1].parameters[1].value.storage === before.storage)
  }

  @Test func `a model of one layer has every score but no neighbour beyond its two states`() throws {
    try withTemporaryDirectory { directory in
      let directory = directory.appending(path: "model")
      try writeTinyCheckpoint(to: directory, layers: 1)
      let decoder = try Decoder(Checkpoint(directory: directory), device: CPUDevice(threads: 1))
      let texts = try Expected.load().texts("tied-grouped-f32")
      let scores = try Probe().run(texts, on: ProbedModel(decoder: decoder, prefix: 1))
      for score in scores.scores where score.description.axis == .layers {
        #expect(score.values.allSatisfy { $0?.estimate.count == 1 }, "\(score.description.name)")
      }
      #expect(scores["cka_states"]?.values(ofText: 0).estimate.count == 4)
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

  @Test func `a token whose embedding is 0 stands at a right angle to everything`() throws {
    let model = try Expected.load().model("tied-grouped-f32")
    let (embedding, device) = (model.decoder.embedding, model.decoder.device)
    var values = device.download(embedding.value)
    let width = embedding.value.columns
    values.replaceSubrange(5 * width..<6 * width, with: repeatElement(0, count: width))
    embedding.replaceValue(with: values, on: device)
    let probe = Probe(criteria: [BlockInfluence(), AngularDistance()])
    let scores = try probe.run([try probeText("de", [[5, 5, 5], [5]])], on: model)
    for (name, wanted) in [("block_influence", 1), ("angular_distance", 0.5)] {
      #expect(try #require(scores[name]).values(ofText: 0).perDocument.map { $0[0] } == [wanted, wanted])
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
