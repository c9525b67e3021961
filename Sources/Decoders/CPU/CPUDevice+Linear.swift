import CKernels

// One piece of a product for each thread: every piece packs the whole of the operand that is not split, so more pieces
// pack more.

extension CPUDevice {
  /// Below this many tokens a product is bound by reading the weights: dot products on the stored elements win.
  static let fewTokens = 4

  /// `Device.linear`, split by tokens where there are many, else by the weight's rows.
  public func linear(_ x: Tensor, _ w: Tensor, into y: Tensor, accumulate: Bool) {
    let (N, I, O) = (x.rows, w.columns, w.rows)
    precondition(x.columns == I && y.rows == N && y.columns == O, shapes("linear", x, w, y))
    if N <= Self.fewTokens { return linearByDotProducts(x, w, into: y, accumulate: accumulate) }
    let output = y.floats
    let beta: Float = accumulate ? 1 : 0
    if N >= 64 * threads {
      workers.split(N, pieces: threads) { tokens, worker in
        product(
          m: tokens.count, n: O, k: I, MatrixOperand(x, row: tokens.lowerBound), MatrixOperand(w, transposed: true),
          beta: beta, output + tokens.lowerBound * O, stride: O, worker: worker)
      }
    } else {
      workers.split(O, pieces: threads) { rows, worker in
        product(
          m: N, n: rows.count, k: I, MatrixOperand(x), MatrixOperand(w, row: rows.lowerBound, transposed: true),
          beta: beta, output + rows.lowerBound, stride: O, worker: worker)
      }
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
    let output = dx.floats
    workers.split(N, pieces: threads) { tokens, worker in
      product(
        m: tokens.count, n: I, k: O, MatrixOperand(dy, row: tokens.lowerBound), MatrixOperand(w),
        beta: accumulate ? 1 : 0, output + tokens.lowerBound * I, stride: I, worker: worker)
    }
  }

  /// `Device.linearBackwardWeight`, split by the weight's rows or columns, whichever are more.
  public func linearBackwardWeight(_ dy: Tensor, _ x: Tensor, into dw: Tensor) {
    let (N, O, I) = (dy.rows, dy.columns, x.columns)
    precondition(x.rows == N && dw.rows == O && dw.columns == I, shapes("linearBackwardWeight", dy, x, dw))
    let (gradient, input, output) = (dy.floats, x.floats, dw.floats)
    if O >= I {
      workers.split(O, pieces: threads) { rows, worker in
        product(
          m: rows.count, n: I, k: N, MatrixOperand(gradient + rows.lowerBound, stride: O, transposed: true),
          MatrixOperand(x), beta: 1, output + rows.lowerBound * I, stride: I, worker: worker)
      }
    } else {
      workers.split(I, pieces: threads, grain: 32) { columns, worker in
        product(
          m: O, n: columns.count, k: N, MatrixOperand(dy, transposed: true),
          MatrixOperand(input + columns.lowerBound, stride: I), beta: 1, output + columns.lowerBound, stride: I,
          worker: worker)
      }
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
