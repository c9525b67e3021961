extension ProbeReport {
  /// Every score as comma-separated values (RFC 4180), a row for each number: `score`, `subject`, `unit`, `axis`, `place` and
  /// for pairs of states `second_place`, `value`, `lower`, `upper`, `top_share`.
  public var scoresCSV: String {
    var rows = [["score", "subject", "unit", "axis", "place", "second_place", "value", "lower", "upper", "top_share"]]
    let states = checkpoint.layerCount + 1
    for summary in scores {
      let score = summary.score
      for subject in subjectNames(of: score) {
        guard let numbers = summary.subjects[subject] else { continue }
        for place in numbers.values.indices {
          let isPair = score.axis == .statePairs
          rows.append([
            score.name, subject, score.unit, score.axis.rawValue, String(isPair ? place / states : place),
            isPair ? String(place % states) : "", "\(numbers.values[place])", text(numbers.lower, place),
            text(numbers.upper, place), text(numbers.topShares, place),
          ])
        }
      }
    }
    return csv(rows)
  }

  /// Every difference between target and source: `score`, `source`, `unit`, `place`, of the scores `difference`, `lower`,
  /// `upper`, `p`, and the same of shares.
  public var contrastsCSV: String {
    let numbers = ["difference", "lower", "upper", "p"]
    var rows = [["score", "source", "unit", "place"] + numbers + numbers.map { "share_\($0)" }]
    for source in texts.dropFirst().map(\.name) {
      for summary in scores {
        guard let contrast = contrasts[source]?[summary.score.name] else { continue }
        for place in contrast.differences.values.indices {
          let numbers = [contrast.differences, contrast.shares].flatMap {
            [$0.values[place], $0.lower[place], $0.upper[place], $0.pValues[place]]
          }
          rows.append([summary.score.name, source, contrast.unit, String(place)] + numbers.map { "\($0)" })
        }
      }
    }
    return csv(rows)
  }

  /// Every loss of the trials' held-out documents; nil without trials.
  ///
  /// A row for each set of layers, round, point (`detached`, `reattached`, `aligned`) and document: `layers`, `origins`,
  /// `round` from 1, `point`, `text` (`target` or `source`), `document` from 0, `bits_per_byte`. The model as it came has the
  /// round 0 and the point `base`.
  public var trialsCSV: String? {
    guard let trials else { return nil }
    var rows = [["layers", "origins", "round", "point", "text", "document", "bits_per_byte"]]
    func add(_ losses: TrialResults.Losses, _ start: [String]) {
      for (text, values) in [("target", losses.target), ("source", losses.source)] {
        for (document, value) in values.enumerated() { rows.append(start + [text, String(document), "\(value)"]) }
      }
    }
    add(trials.base, ["", "", "0", "base"])
    for candidate in trials.candidates {
      let layers = candidate.layers.map(String.init).joined(separator: " ")
      for (round, losses) in candidate.rounds.enumerated() {
        let start = [layers, candidate.origins.joined(separator: "; "), String(round + 1)]
        for (point, losses) in [
          ("detached", losses.detached), ("reattached", losses.reattached), ("aligned", losses.aligned),
        ] {
          add(losses, start + [point])
        }
      }
    }
    return csv(rows)
  }

  /// What a score's subjects are called, in the order of the texts.
  func subjectNames(of score: ScoreDescription) -> [String] {
    switch score.subject {
    case .text: texts.map(\.name)
    case .contrast: texts.dropFirst().map(\.name)
    case .weights: ["weights"]
    }
  }

  private func text(_ values: [Double]?, _ place: Int) -> String { values.map { "\($0[place])" } ?? "" }

  private func csv(_ rows: [[String]]) -> String {
    rows.map { $0.map(quoted).joined(separator: ",") + "\n" }.joined()
  }

  private func quoted(_ field: String) -> String {
    guard field.contains(where: { ",\"\r\n".contains($0) }) else { return field }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }
}
