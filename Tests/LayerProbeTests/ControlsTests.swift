import Checkpoints
import Decoders
import Foundation
import LayerProbe
import TestSupport
import Testing

@Suite struct ControlsTests {
  private func text(documents: Int = 9) throws -> ProbeText {
    var numbers = SeededNumbers(seed: 3)
    return try probeText(
      "en", (0..<documents).map { _ in (0..<20).map { _ in Int32.random(in: 3..<97, using: &numbers) } })
  }

  @Test func `a shuffled text has the same tokens in another order, fixed by the seed`() throws {
    let text = try text()
    let shuffled = try text.shuffled(seed: 5)
    #expect(shuffled != text)
    #expect(shuffled.documents.map { $0.tokens.sorted() } == text.documents.map { $0.tokens.sorted() })
    #expect(shuffled.documents.map(\.id) == text.documents.map(\.id))
    #expect(try text.shuffled(seed: 5) == shuffled)
    #expect(try text.shuffled(seed: 6) != shuffled)
  }

  @Test func `halves share no document, are of one size, and are fixed by the seed`() throws {
    let text = try text()
    let (a, b) = try text.halves(seed: 1)
    #expect(a.documents.count == 4 && b.documents.count == 4)
    #expect(Set(a.documents).isDisjoint(with: b.documents))
    #expect(Set(a.documents).union(b.documents).isSubset(of: text.documents))
    #expect(a.name == "en-a" && b.name == "en-b")
    #expect(try text.halves(seed: 1) == (a, b))
    #expect(try text.halves(seed: 2).0 != a)
    #expect(throws: ProbeError.tooFewDocuments(text: "en", found: 3, needed: 4)) {
      try self.text(documents: 3).halves(seed: 1)
    }
  }

  @Test func `a randomised model has matrices of the asked spread, unit norms, and is fixed by the seed`() throws {
    func decoder(seed: UInt64) throws -> Decoder {
      let decoder = try Decoder(
        Checkpoint(directory: fixture("decoders/untied-wide-bf16")), device: CPUDevice(threads: 1))
      try decoder.randomizeWeights(standardDeviation: 0.05, seed: seed)
      return decoder
    }
    let first = try decoder(seed: 1)
    let values = first.device.download(first.embedding.value)
    let mean = values.reduce(0, +) / Float(values.count)
    let spread = (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
    #expect(abs(mean) < 0.003 && abs(spread - 0.05) < 0.003)
    #expect(first.device.download(first.layers[0].parameters[0].value).allSatisfy { $0 == 1 })
    let (again, other) = (try decoder(seed: 1), try decoder(seed: 2))
    #expect(again.device.download(again.embedding.value) == values)
    #expect(other.device.download(other.embedding.value) != values)
  }

  @Test(arguments: [false, true])
  func `between halves of one text no more layers are called different than the level says`(
    randomized: Bool
  ) throws {
    let model = try Expected.load().model("untied-wide-bf16")
    if randomized { try model.decoder.randomizeWeights(seed: 4) }
    let text = try text(documents: 40)
    let scores = try Probe(criteria: [BlockInfluence(), Gradients(), Ablation()]).run([text], on: model)
    let (level, simulations) = (0.05, 300)
    let error = (level * (1 - level) / Double(simulations)).squareRoot()
    for score in scores.ranking {
      let values = score.values(ofText: 0).perDocument
      let alarms = try (0..<simulations).count { simulation in
        let (a, b) = try text.halves(seed: UInt64(simulation))
        let differences = PairedDifferences(
          target: a.documents.map { values[$0.index] }, source: b.documents.map { values[$0.index] },
          pairing: DocumentPairing(target: a, source: b))
        let test = SignFlipTest(flips: 99, seed: UInt64(simulation))
        return try test.adjustedPValues(differences.values).min()! <= level
      }
      let share = Double(alarms) / Double(simulations)
      #expect(share <= level + 2.6 * error, "\(score.description.name): \(share)")
      #expect(share >= level - 2.6 * error, "\(score.description.name): \(share), the test would be weak")
    }
  }

  @Test func `identical languages differ nowhere`() throws {
    let text = try text()
    let twin = try ProbeText(name: "twin", documents: text.documents)
    let scores = try Probe(criteria: [BlockInfluence(), Gradients(), Ablation()]).run(
      [text, twin], on: try Expected.load().model("tied-grouped-f32"))
    for score in scores.ranking {
      let differences = PairedDifferences(
        target: score.values(ofText: 0).perDocument, source: score.values(ofText: 1).perDocument,
        pairing: scores.pairings[0])
      #expect(try SignFlipTest(seed: 1).adjustedPValues(differences.values).allSatisfy { $0 == 1 })
    }
    let conflict = try #require(scores["gradient_conflict"]?.values[0]).perDocument
    #expect(conflict.allSatisfy { $0.allSatisfy { abs($0 - 1) < 1e-6 } })
  }

  @Test func `in pure noise of any scale and shape next to nothing stands above the edge`() throws {
    var numbers = SeededNumbers(seed: 9)
    for (rows, columns, spread) in [(60, 60, 1), (40, 160, 0.01), (200, 50, 100)] as [(Int, Int, Float)] {
      let noise = (0..<rows * columns).map { _ in Double(numbers.normal(spread)) }
      #expect(try WeightSignal.signal(of: noise, rows: rows, columns: columns) < 0.05, "\(rows) x \(columns)")
    }
  }

  @Test func `a few strong directions are found above the noise, with their share of the energy`() throws {
    var numbers = SeededNumbers(seed: 10)
    let (rows, columns) = (80, 120)
    var matrix = (0..<rows * columns).map { _ in Double(numbers.normal(1)) }
    for row in 0..<rows {
      for column in 0..<columns { matrix[row * columns + column] += row % 2 == 0 ? 3 : -3 }
    }
    // A rank of one with entries of 3 beside noise of 1: nine tenths of the energy.
    #expect(abs(try WeightSignal.signal(of: matrix, rows: rows, columns: columns) - 0.9) < 0.02)
  }

  @Test func `debiased CKA of unrelated states is centred on 0 where rows are few, and may be negative`() throws {
    // Documents of random tokens: those that go by one id have nothing in common.
    let expected = try Expected.load()
    let model = try expected.model("tied-grouped-f32")
    var found: [Double] = []
    for seed in 0..<12 as Range<UInt64> {
      var numbers = SeededNumbers(seed: 100 + seed)
      let texts = try ["de", "en"].map { name in
        try probeText(
          name, (0..<8).map { _ in (0..<6).map { _ in Int32.random(in: 3..<97, using: &numbers) } })
      }
      let scores = try Probe(criteria: [LanguageSimilarity()]).run(texts, on: model)
      found.append(try #require(scores.scores[0].values[0]).estimate[0])
    }
    #expect(abs(found.reduce(0, +) / Double(found.count)) < 0.15)
    #expect(found.contains { $0 < 0 })
  }
}
