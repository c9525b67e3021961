import CKernels
import Foundation

// Legend: N tokens, E experts, k experts of a token, p a token's probabilities.

extension CPUDevice {
  /// `Device.route`, one token after the other: N·E numbers are few beside the experts' products.
  public func route(_ scores: Tensor, count: Int, normalizes: Bool) -> ExpertRouting {
    let (N, E) = (scores.rows, scores.columns)
    precondition(count > 0 && count <= E, "\(count) of \(E) experts")
    var byExpert = [[(token: Int32, weight: Float)]](repeating: [], count: E)
    var order = Array(0..<E)
    for token in 0..<N {
      let p = Self.softmax(scores.floats + token * E, E)
      // A stable order, so that of equal ones the first is taken.
      order.sort { p[$0] != p[$1] ? p[$0] > p[$1] : $0 < $1 }
      let chosen = order.prefix(count)
      let total = normalizes ? chosen.reduce(0) { $0 + p[$1] } : 1
      for expert in chosen { byExpert[expert].append((Int32(token), Float(p[expert] / total))) }
    }
    var visits: [Range<Int>] = []
    for expert in byExpert {
      let start = visits.last?.upperBound ?? 0
      visits.append(start..<start + expert.count)
    }
    let weights = makeTensor(rows: 1, columns: N * count)
    upload(byExpert.flatMap { $0.map(\.weight) }, to: weights)
    return ExpertRouting(
      tokens: makeIndices(byExpert.flatMap { $0.map(\.token) }), weights: weights, visits: visits)
  }

  /// `Device.routeBackward`.
  ///
  /// With s the sum of the chosen p, the weight w_j = p_j / s has the gradient `dp_j = (dw_j - Σ_i dw_i w_i) / s` where it is
  /// normalised, and `dp_j = dw_j` where it is not; the softmax then gives `p_e (dp_e - Σ_i dp_i p_i)` for every expert.
  public func routeBackward(
    _ dWeights: Tensor, _ routing: ExpertRouting, _ scores: Tensor, normalizes: Bool, dScores: Tensor
  ) {
    let (N, E) = (scores.rows, scores.columns)
    precondition(
      dScores.rows == N && dScores.columns == E && dWeights.count == routing.tokens.count,
      shapes("routeBackward", dWeights, routing.tokens, scores, dScores))
    let (tokens, gradients, weights, output) = (
      routing.tokens.integers, dWeights.floats, routing.weights.floats, dScores.floats
    )
    zero(dScores)
    // Of each token its experts, and Σ dw w.
    var chosen = [[Int]](repeating: [], count: N)
    var means = [Double](repeating: 0, count: N)
    for (expert, visits) in routing.visits.enumerated() {
      for visit in visits {
        let token = Int(tokens[visit])
        chosen[token].append(expert)
        means[token] += Double(gradients[visit]) * Double(weights[visit])
        output[token * E + expert] = gradients[visit]
      }
    }
    for token in 0..<N {
      let p = Self.softmax(scores.floats + token * E, E)
      let row = output + token * E
      var dp = (0..<E).map { Double(row[$0]) }
      if normalizes {
        let sum = chosen[token].reduce(0) { $0 + p[$1] }
        for expert in chosen[token] { dp[expert] = (dp[expert] - means[token]) / sum }
      }
      let mean = (0..<E).reduce(0) { $0 + dp[$1] * p[$1] }
      for expert in 0..<E { row[expert] = Float(p[expert] * (dp[expert] - mean)) }
    }
  }

  /// `Device.scaleRows`, split by rows.
  public func scaleRows(_ x: Tensor, by factors: Tensor) {
    precondition(factors.count == x.rows, shapes("scaleRows", x, factors))
    let (D, elements, scales) = (x.columns, x.floats, factors.floats)
    workers.split(x.rows, pieces: rowPieces(x.rows, width: D)) { rows, _ in
      for row in rows { elo_scale(scales[row], elements + row * D, D) }
    }
  }

  /// `Device.rowProducts`, split by rows; each sum is accumulated in f64.
  public func rowProducts(_ x: Tensor, _ y: Tensor, into p: Tensor) {
    precondition(y.rows == x.rows && y.columns == x.columns && p.count == x.rows, shapes("rowProducts", x, y, p))
    let (D, left, right, output) = (x.columns, x.floats, y.floats, p.floats)
    workers.split(x.rows, pieces: rowPieces(x.rows, width: D)) { rows, _ in
      for row in rows {
        var sums = (0.0, 0.0, 0.0)
        withUnsafeMutablePointer(to: &sums) {
          $0.withMemoryRebound(to: Double.self, capacity: 3) {
            elo_product_sums(left + row * D, right + row * D, D, $0)
          }
        }
        output[row] = Float(sums.0)
      }
    }
  }

  /// In f64: the numbers are few, and differences of probabilities make the router's gradient.
  private static func softmax(_ scores: UnsafePointer<Float>, _ count: Int) -> [Double] {
    let row = UnsafeBufferPointer(start: scores, count: count).map(Double.init)
    let largest = row.max() ?? 0
    let exponentials = row.map { exp($0 - largest) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }
}
