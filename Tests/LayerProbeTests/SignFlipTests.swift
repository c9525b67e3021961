import LayerProbe
import TestSupport
import Testing

@Suite struct SignFlipTests {
  @Test func `max-T p-values of all flips equal those from SciPy's null distributions`() throws {
    let expected = try ExpectedStatistics.load().signFlips
    let found = try SignFlipTest(seed: 1).adjustedPValues(expected.differences)
    for (found, expected) in zip(found, expected.p) { #expect(isNear(found, expected)) }
  }

  @Test func `drawn flips come near all flips`() throws {
    let expected = try ExpectedStatistics.load().signFlips
    let found = try SignFlipTest(flips: 511, seed: 1).adjustedPValues(expected.differences)
    for (found, expected) in zip(found, expected.p) { #expect(abs(found - expected) < 0.07) }
  }

  /// p-values of one layer, and of the least of ten layers, when there is no difference.
  private func nullPValues(pairs: Int, simulations: Int) throws -> (single: [Double], least: [Double]) {
    var numbers = SeededNumbers(seed: 12)
    var (single, least): ([Double], [Double]) = ([], [])
    for simulation in 0..<simulations {
      // Layers of a document go together, as they do in a model.
      let differences = (0..<pairs).map { _ in
        let shared = Double(numbers.normal(1))
        return (0..<10).map { Double($0 + 1) * (shared + Double(numbers.normal(1))) }
      }
      let test = SignFlipTest(flips: 299, seed: UInt64(simulation))
      single.append(try test.adjustedPValues(differences.map { [$0[0]] })[0])
      least.append(try test.adjustedPValues(differences).min()!)
    }
    return (single, least)
  }

  @Test func `p-values are uniform and false alarms as rare as the level says where nothing differs`() throws {
    let simulations = 400
    let (single, least) = try nullPValues(pairs: 20, simulations: simulations)
    // Kolmogorov's distance of 400 uniform numbers is above 0.0815 in one case of a hundred.
    let sorted = single.sorted()
    let distance = sorted.indices.map { index in
      max(abs(sorted[index] - Double(index) / 400), abs(sorted[index] - Double(index + 1) / 400))
    }.max()!
    #expect(distance < 0.0815)
    for level in [0.01, 0.05, 0.2] {
      let alarms = Double(least.count { $0 <= level }) / Double(simulations)
      let error = (level * (1 - level) / Double(simulations)).squareRoot()
      #expect(alarms <= level + 2.6 * error, "\(alarms) at level \(level)")
      #expect(alarms >= level - 2.6 * error, "\(alarms) at level \(level): the test would be weak")
    }
  }

  @Test func `a layer that differs is found among those that do not`() throws {
    var numbers = SeededNumbers(seed: 13)
    let differences = (0..<24).map { _ in (0..<10).map { Double(numbers.normal(1)) + ($0 == 4 ? 1.5 : 0) } }
    let p = try SignFlipTest(seed: 1).adjustedPValues(differences)
    #expect(p[4] < 0.01)
    #expect(p.indices.allSatisfy { $0 == 4 || p[$0] > 0.05 })
  }

  @Test func `pairs without any difference have p-values of 1`() throws {
    #expect(try SignFlipTest(seed: 1).adjustedPValues(Array(repeating: [0, 0], count: 30)) == [1, 1])
  }

  @Test func `differences follow the pairs, and shares do not see the level`() {
    let pairing = DocumentPairing(basis: .id, target: [1, 0, 2], source: [0, 1, 2])
    let target = [[1.0, 3], [2, 2]]
    let source = [[4.0, 4], [2, 6], [9, 9]]
    let differences = PairedDifferences(target: target, source: source, pairing: pairing)
    #expect(differences.values == [[-2, -2], [-1, -3]], "the third pair's target was not scored")
    #expect(differences.ofShares == [[0, 0], [0, 0]])
    let negative = PairedDifferences(
      target: [[-1, 3]], source: [[1, 1]], pairing: DocumentPairing(basis: .id, target: [0], source: [0]))
    #expect(negative.ofShares == [[-0.75, 0.25]])
  }
}
