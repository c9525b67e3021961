extension ProbeAnalysis {
  /// The control that needs no further pass: the documents of one text against each other, half against half.
  ///
  /// They are cut by chance several times; between the halves nothing differs but chance.
  /// - Parameters:
  ///   - text: which text's documents; the source, where nothing is to be learnt, unless said otherwise.
  ///   - cuts: how many times.
  /// - Returns: nil below eight documents, where a test of halves cannot call anything different.
  /// - Throws: `ProbeError.statistics`.
  public func sameLanguage(_ scores: ProbeScores, text: Int, cuts: Int = 40) throws(ProbeError) -> ControlSummary? {
    let evidence = RankingEvidence(scores, text: text)
    let tested = evidence.perDocument.filter { $0.count >= 12 }
    guard !tested.isEmpty else { return nil }
    let quick = SignFlipTest(flips: 999, seed: test.seed)
    var (comparisons, alarms) = (0, 0)
    for cut in 0..<cuts {
      for values in tested {
        var random = try RandomNumbers(seed: test.seed &+ UInt64(cut))
        let order = random.permutation(of: values.count)
        let size = values.count / 2
        let pairing = DocumentPairing(
          basis: .none, target: Array(order.prefix(size)), source: Array(order[size..<2 * size]))
        let differences = PairedDifferences(target: values, source: values, pairing: pairing)
        for kind in [differences.values, differences.ofShares] {
          comparisons += 1
          alarms += try quick.adjustedPValues(kind).contains { $0 <= level } ? 1 : 0
        }
      }
    }
    return ControlSummary(
      name: "one language",
      description: "documents of \(evidence.text) against other documents of \(evidence.text), "
        + "\(cuts) random cuts in halves",
      comparisons: comparisons, alarms: alarms, pairs: tested.map { $0.count / 2 }.max()!,
      confidence: bootstrap.confidence)
  }
}
