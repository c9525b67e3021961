import CKernels

// Frozen weights are widened a panel of rows at a time into a worker's scratch, where the product finds them in cache.
// Panels of about 1 MB: wide enough that OpenBLAS runs at its peak, small enough to stay in the second-level cache.

extension CPUDevice {
  /// Rows of a weight of `width` columns in one panel.
  static func panelRows(width: Int) -> Int { max(16, (262_144 / max(width, 1) + 15) / 16 * 16) }

  /// Below this many tokens a product is bound by reading the weights: dot products on the stored elements win.
  static let fewTokens = 4

  /// `Device.linear`: one product on f32 weights, panel by panel on narrower ones.
  public func linear(_ x: Tensor, _ w: Tensor, into y: Tensor, accumulate: Bool) {
    let (N, I, O) = (x.rows, w.columns, w.rows)
    precondition(x.columns == I && y.rows == N && y.columns == O, shapes("linear", x, w, y))
    let (input, output) = (x.floats, y.floats)
    let beta: Float = accumulate ? 1 : 0
    if N <= Self.fewTokens { return linearByDotProducts(x, w, into: y, accumulate: accumulate) }
    if w.elementType == .f32 {
      let weight = w.floats
      if N >= 64 * threads {
        workers.split(N, pieces: threads * 2) { tokens, _ in
          matrixProduct(
            m: tokens.count, n: O, k: I, input + tokens.lowerBound * I, lda: I, weight, ldb: I, transposeB: true,
            beta: beta, output + tokens.lowerBound * O, ldc: O)
        }
      } else {
        workers.split(O, pieces: threads) { rows, _ in
          matrixProduct(
            m: N, n: rows.count, k: I, input, lda: I, weight + rows.lowerBound * I, ldb: I, transposeB: true,
            beta: beta, output + rows.lowerBound, ldc: O)
        }
      }
      return
    }
    let panelRows = min(Self.panelRows(width: I), max(16, (O + threads - 1) / threads))
    workers.run((O + panelRows - 1) / panelRows) { task, worker in
      let rows = task * panelRows..<min(O, (task + 1) * panelRows)
      let panel = scratch(worker, count: panelRows * I)
      widen(w, from: rows.lowerBound * I, count: rows.count * I, to: panel)
      matrixProduct(
        m: N, n: rows.count, k: I, input, lda: I, panel, ldb: I, transposeB: true, beta: beta,
        output + rows.lowerBound, ldc: O)
    }
  }

  private func linearByDotProducts(_ x: Tensor, _ w: Tensor, into y: Tensor, accumulate: Bool) {
    let (N, I, O) = (x.rows, w.columns, w.rows)
    let (input, output) = (x.floats, y.floats)
    let halves = w.elementType == .f32 ? nil : w.rawPointer.assumingMemoryBound(to: UInt16.self)
    workers.split(O, pieces: O * I > 65_536 ? threads * 4 : 1) { rows, _ in
      for row in rows {
        for token in 0..<N {
          let value =
            switch w.elementType {
            case .bf16: elo_dot_bf16(input + token * I, halves! + row * I, I)
            case .f16: elo_dot_f16(input + token * I, halves! + row * I, I)
            default: elo_dot_f32(input + token * I, w.floats + row * I, I)
            }
          output[token * O + row] = accumulate ? output[token * O + row] + value : value
        }
      }
    }
  }

  /// `Device.linearBackwardInput`, split by tokens.
  public func linearBackwardInput(_ dy: Tensor, _ w: Tensor, into dx: Tensor, accumulate: Bool) {
    let (N, I, O) = (dy.rows, w.columns, w.rows)
    precondition(dy.columns == O && dx.rows == N && dx.columns == I, shapes("linearBackwardInput", dy, w, dx))
    let (gradient, output) = (dy.floats, dx.floats)
    let firstBeta: Float = accumulate ? 1 : 0
    if w.elementType == .f32 {
      let weight = w.floats
      workers.split(N, pieces: threads * 2) { tokens, _ in
        matrixProduct(
          m: tokens.count, n: I, k: O, gradient + tokens.lowerBound * O, lda: O, weight, ldb: I, beta: firstBeta,
          output + tokens.lowerBound * I, ldc: I)
      }
      return
    }
    // Every worker widens the whole weight for its share of the tokens: about 1 % of the product at 1,024 tokens each.
    let panelRows = Self.panelRows(width: I)
    workers.split(N, pieces: threads) { tokens, worker in
      let panel = scratch(worker, count: panelRows * I)
      for first in stride(from: 0, to: O, by: panelRows) {
        let rows = first..<min(O, first + panelRows)
        widen(w, from: rows.lowerBound * I, count: rows.count * I, to: panel)
        matrixProduct(
          m: tokens.count, n: I, k: rows.count, gradient + tokens.lowerBound * O + first, lda: O, panel, ldb: I,
          beta: first == 0 ? firstBeta : 1, output + tokens.lowerBound * I, ldc: I)
      }
    }
  }

  /// `Device.linearBackwardWeight`, split by the weight's rows.
  public func linearBackwardWeight(_ dy: Tensor, _ x: Tensor, into dw: Tensor) {
    let (N, O, I) = (dy.rows, dy.columns, x.columns)
    precondition(x.rows == N && dw.rows == O && dw.columns == I, shapes("linearBackwardWeight", dy, x, dw))
    let (gradient, input, output) = (dy.floats, x.floats, dw.floats)
    workers.split(O, pieces: threads * 2) { rows, _ in
      matrixProduct(
        m: rows.count, n: I, k: N, gradient + rows.lowerBound, lda: O, transposeA: true, input, ldb: I, beta: 1,
        output + rows.lowerBound * I, ldc: I)
    }
  }

  /// `Device.addBias`, split by tokens.
  public func addBias(_ bias: Tensor, to y: Tensor) {
    precondition(bias.count == y.columns, "a bias of \(bias.count) for \(y.columns) columns")
    let (D, output) = (y.columns, y.floats)
    let values = bias.elementType == .f32 ? nil : download(bias)
    func add(_ bias: UnsafePointer<Float>) {
      workers.split(y.rows, pieces: rowPieces(y.rows, width: D)) { rows, _ in
        elo_add_rows(bias, output + rows.lowerBound * D, rows.count, D)
      }
    }
    if let values { values.withUnsafeBufferPointer { add($0.baseAddress!) } } else { add(bias.floats) }
  }

  /// `Device.biasBackward`, split by columns: a sum over tokens has one order.
  public func biasBackward(_ dy: Tensor, into db: Tensor) {
    let D = dy.columns
    precondition(db.count == D, "a bias of \(db.count) for \(D) columns")
    let (gradient, output) = (dy.floats, db.floats)
    workers.split(D, pieces: threads, grain: 16) { columns, _ in
      for row in 0..<dy.rows {
        elo_add(gradient + row * D + columns.lowerBound, output + columns.lowerBound, columns.count)
      }
    }
  }

  /// `Device.add`, split by elements.
  public func add(_ x: Tensor, to y: Tensor) {
    precondition(x.count == y.count, "\(x.count) elements added to \(y.count)")
    let (input, output) = (x.floats, y.floats)
    workers.elements(x.count) { elo_add(input + $0.lowerBound, output + $0.lowerBound, $0.count) }
  }

  /// `Device.scale`, split by elements.
  public func scale(_ y: Tensor, by factor: Float) {
    let output = y.floats
    workers.elements(y.count) { elo_scale(factor, output + $0.lowerBound, $0.count) }
  }

  /// `Device.copyColumns`, split by tokens.
  public func copyColumns(_ ranges: [ColumnRange], from source: Tensor, to destination: Tensor) {
    precondition(
      source.rows == destination.rows
        && ranges.allSatisfy {
          $0.source + $0.count <= source.columns && $0.destination + $0.count <= destination.columns
        }, shapes("copyColumns", source, destination))
    let (input, output) = (source.floats, destination.floats)
    workers.split(source.rows, pieces: rowPieces(source.rows, width: destination.columns)) { rows, _ in
      for row in rows {
        for range in ranges {
          (output + row * destination.columns + range.destination).update(
            from: input + row * source.columns + range.source, count: range.count)
        }
      }
    }
  }

  /// The words of a failed shape check.
  func shapes(_ operation: String, _ tensors: Tensor...) -> String {
    operation + ": " + tensors.map { "[\($0.rows), \($0.columns)]" }.joined(separator: ", ")
  }
}
