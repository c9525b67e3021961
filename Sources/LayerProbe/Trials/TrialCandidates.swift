/// Which sets of layers short trials try: what the method takes by custom, what each criterion would take, and chance.
///
/// All are of the size that was asked for. Where layers differ in size, sets of as many layers do not have as many weights:
/// the random sets, and the best set once more, then have at most the weights of first and last (*parameter-matched*), layer
/// by layer as long as they fit.
public enum TrialCandidates {
  /// The sets, those to be given up first last: first and last (what all are compared with), the layers that all criteria
  /// together rank highest, the first ones, the last ones, the highest of each criterion, and random ones.
  ///
  /// Sets that come out equal are one candidate with several origins.
  /// - Parameter randomSets: how many random sets.
  /// - Throws: `ProbeError.statistics` without memory for the generator.
  public static func sets(
    _ evidence: RankingEvidence, budget: LayerBudget, model: ModelOutline, randomSets: Int, seed: UInt64
  ) throws(ProbeError) -> [TrialResults.Candidate] {
    let up = Array(0..<model.layerCount)
    let ends = budget.ends(of: model)
    let weights = parameters(ends, of: model)
    func matched(_ order: [Int]) -> [Int] { LayerBudget.fill(weights, from: order, of: model) }
    var wanted: [(origin: String, layers: [Int])] = [(TrialResults.Candidate.referenceOrigin, ends)]
    let together = RankingEvidence.order(evidence.means)
    if !evidence.criteria.isEmpty { wanted.append(("best by all criteria", budget.choose(from: together, of: model))) }
    wanted.append(("first", budget.choose(from: up, of: model)))
    wanted.append(("last", budget.choose(from: up.reversed(), of: model)))
    for (criterion, means) in zip(evidence.criteria, evidence.means) {
      wanted.append(("best by \(criterion)", budget.choose(from: RankingEvidence.order([means]), of: model)))
    }
    if Set(model.layers.map(\.parameters)).count > 1, !evidence.criteria.isEmpty {
      wanted.append(("best by all criteria, parameter-matched", matched(together)))
    }
    var random = try RandomNumbers(seed: seed)
    // A draw that was there before is drawn again, but not for ever: small models have few sets.
    var (draws, found) = (0, 0)
    while found < randomSets, draws < 20 * randomSets {
      draws += 1
      let set = matched(random.permutation(of: model.layerCount))
      guard !set.isEmpty, !wanted.contains(where: { $0.layers == set }) else { continue }
      found += 1
      wanted.append(("random \(found)", set))
    }
    return merged(wanted, model)
  }

  private static func merged(
    _ wanted: [(origin: String, layers: [Int])], _ model: ModelOutline
  ) -> [TrialResults.Candidate] {
    var candidates: [TrialResults.Candidate] = []
    for (origin, layers) in wanted where !layers.isEmpty {
      if let place = candidates.firstIndex(where: { $0.layers == layers }) {
        candidates[place].origins.append(origin)
      } else {
        candidates.append(.init(origins: [origin], layers: layers, parameters: parameters(layers, of: model)))
      }
    }
    return candidates
  }

  private static func parameters(_ layers: [Int], of model: ModelOutline) -> Int {
    layers.reduce(0) { $0 + model.layers[$1].parameters }
  }
}
