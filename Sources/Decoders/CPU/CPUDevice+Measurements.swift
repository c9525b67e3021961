import CKernels
import Foundation

// Legend: N references, S states to compare with each, D width, V vocabulary; a and b logits of reference and state,
// m a row's running maximum, Z = sum_v exp(l_v - m).

extension CPUDevice {
  /// `Device.productSums`, the same bits for every number of threads.
  public func productSums(_ x: Tensor, _ y: Tensor) -> ProductSums {
    precondition(x.count == y.count, shapes("productSums", x, y))
    let piece = 65_536
    let pieces = (x.count + piece - 1) / piece
    var sums = Array(repeating: 0.0, count: 3 * pieces)
    sums.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let output = buffer.baseAddress!
      workers.run(pieces) { index, worker in
        let start = index * piece
        let count = min(piece, x.count - start)
        let memory = scratch(worker, count: 2 * piece)
        elo_product_sums(
          elements(of: x, from: start, count: count, memory),
          elements(of: y, from: start, count: count, memory + piece),
          count, output + 3 * index)
      }
    }
    return (0..<pieces).reduce(into: ProductSums()) { total, index in
      total.sum += sums[3 * index]
      total.absolute += sums[3 * index + 1]
      total.squares += sums[3 * index + 2]
    }
  }

  /// `Device.relativeDistance`, the same bits for every number of threads.
  public func relativeDistance(
    _ x: Tensor, from references: Tensor, scale: Float, gradient: Tensor
  ) -> Double {
    let (N, D) = (x.rows, x.columns)
    precondition(
      references.rows == N && references.columns == D && gradient.rows == N && gradient.columns == D,
      shapes("relativeDistance", x, references, gradient))
    let (stream, origin, output) = (x.floats, references.floats, gradient.floats)
    var distances = [Double](repeating: 0, count: N)
    distances.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let distances = buffer.baseAddress!
      workers.split(N, pieces: rowPieces(N, width: D)) { rows, _ in
        for row in rows {
          distances[row] = elo_relative_distance(stream + row * D, origin + row * D, scale, output + row * D, D)
        }
      }
    }
    return distances.reduce(0, +)
  }

  /// Elements as f32: in place, or widened into `memory`.
  private func elements(
    of tensor: Tensor, from start: Int, count: Int, _ memory: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    if tensor.elementType == .f32 { return UnsafePointer(tensor.floats + start) }
    widen(tensor, from: start, count: count, to: memory)
    return UnsafePointer(memory)
  }

  /// `Device.headDivergence`, in one pass over the vocabulary, panel by panel.
  ///
  /// `KL = sum_v p_v (a_v - b_v) - log Z_a - m_a + log Z_b + m_b`, with `sum_v exp(a_v - m_a)(a_v - b_v)` kept for the
  /// running maximum and rescaled when it grows. The difference of logits is taken before the sum, which keeps small
  /// divergences exact.
  public func headDivergence(
    _ x: Tensor, from references: Tensor, _ w: Tensor, cap: Float?, into divergences: Tensor
  ) {
    let (N, S, D, V) = (references.rows, divergences.rows, references.columns, w.rows)
    precondition(
      x.rows == S * N && x.columns == D && w.columns == D && divergences.columns == N,
      shapes("headDivergence", x, references, w, divergences))
    let (states, origin, output) = (x.floats, references.floats, divergences.floats)
    let panelRows = min(V, 1024)
    let block = min(N, max(1, 512 / (S + 1)))
    workers.split(N, pieces: (N + block - 1) / block) { tokens, worker in
      let B = tokens.count
      let rows = B * (S + 1)
      let input = scratch(worker, count: rows * D + (rows + 1) * panelRows)
      let logits = input + rows * D
      let weights = logits + rows * panelRows
      // Rows of each token together, its reference first.
      for (place, token) in tokens.enumerated() {
        let line = input + place * (S + 1) * D
        line.update(from: origin + token * D, count: D)
        for state in 0..<S { (line + (state + 1) * D).update(from: states + (state * N + token) * D, count: D) }
      }
      var maxima = Array(repeating: -Float.infinity, count: rows)
      var normalisers = Array(repeating: 0.0, count: rows)
      var differences = Array(repeating: 0.0, count: rows)
      for first in stride(from: 0, to: V, by: panelRows) {
        let count = min(panelRows, V - first)
        product(
          m: rows, n: count, k: D, MatrixOperand(input, stride: D), MatrixOperand(w, row: first, transposed: true),
          beta: 0, logits, stride: count, worker: worker)
        if let cap { elo_soft_cap(logits, 1, cap, nil, rows * count) }
        for place in 0..<B {
          let origin = place * (S + 1)
          let a = logits + origin * count
          weights.update(from: a, count: count)
          let shrink = advance(&maxima[origin], &normalisers[origin], weights, count)
          for row in origin + 1...origin + S {
            let b = logits + row * count
            differences[row] = differences[row] * shrink + elo_weighted_difference(weights, a, b, count)
            _ = advance(&maxima[row], &normalisers[row], b, count)
          }
        }
      }
      for (place, token) in tokens.enumerated() {
        let origin = place * (S + 1)
        let shift = Double(maxima[origin]) + log(normalisers[origin])
        for state in 0..<S {
          let row = origin + 1 + state
          let other = Double(maxima[row]) + log(normalisers[row])
          output[state * N + token] = Float(differences[row] / normalisers[origin] - shift + other)
        }
      }
    }
  }

  /// Takes a panel of logits into a row's maximum and normaliser, and turns it in place into `exp(l - m)`.
  /// - Returns: what sums under the old maximum are to be multiplied by.
  private func advance(
    _ maximum: inout Float, _ normaliser: inout Double, _ logits: UnsafeMutablePointer<Float>, _ count: Int
  ) -> Double {
    var shrink = 1.0
    let largest = elo_maximum(logits, count)
    if largest > maximum {
      shrink = exp(Double(maximum) - Double(largest))
      normaliser *= shrink
      maximum = largest
    }
    normaliser += Double(elo_exp_shifted(logits, 1, maximum, count))
    return shrink
  }
}
