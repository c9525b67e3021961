import CKernels

extension CPUDevice {
  /// Pieces of N rows of width D that are worth a thread each.
  func rowPieces(_ rows: Int, width: Int) -> Int { min(threads * 2, max(1, rows * width / 16_384)) }

  /// `Device.embed`, split by tokens.
  public func embed(_ ids: Tensor, _ table: Tensor, into x: Tensor) {
    let D = table.columns
    precondition(x.rows == ids.count && x.columns == D, shapes("embed", ids, table, x))
    let (tokens, output) = (ids.integers, x.floats)
    workers.split(ids.count, pieces: rowPieces(ids.count, width: D)) { rows, _ in
      for row in rows {
        let id = Int(tokens[row])
        precondition(id >= 0 && id < table.rows, "token id \(id) in a vocabulary of \(table.rows)")
        widen(table, from: id * D, count: D, to: output + row * D)
      }
    }
  }

  /// `Device.embedBackward`, split by columns.
  public func embedBackward(_ ids: Tensor, _ dx: Tensor, into dTable: Tensor) {
    let D = dTable.columns
    precondition(dx.rows == ids.count && dx.columns == D, shapes("embedBackward", ids, dx, dTable))
    let (tokens, gradient, output) = (ids.integers, dx.floats, dTable.floats)
    // Columns are split, not tokens: a token may stand several times, and its sum must have one order.
    workers.split(D, pieces: threads, grain: 16) { columns, _ in
      for row in 0..<ids.count {
        elo_add(
          gradient + row * D + columns.lowerBound, output + Int(tokens[row]) * D + columns.lowerBound, columns.count)
      }
    }
  }

  /// `Device.sumOfSquares`, the same bits for every number of threads.
  public func sumOfSquares(_ tensor: Tensor) -> Double {
    // Pieces of a fixed size, summed in order: the same bits for every number of threads.
    let piece = 65_536
    let count = tensor.count
    let elements = tensor.floats
    let pieces = (count + piece - 1) / piece
    let sums = [Double](unsafeUninitializedCapacity: pieces) { buffer, initialized in
      let output = buffer.baseAddress!
      workers.run(pieces) { index, _ in
        let start = index * piece
        (output + index).initialize(to: elo_sum_of_squares(elements + start, min(piece, count - start)))
      }
      initialized = pieces
    }
    return sums.reduce(0, +)
  }

  /// `Device.adamW`, split by elements.
  public func adamW(_ w: Tensor, gradient: Tensor, m: Tensor, v: Tensor, step: AdamWStep) {
    precondition(
      gradient.count == w.count && m.count == w.count && v.count == w.count, shapes("adamW", w, gradient, m, v))
    precondition(
      m.elementType == v.elementType && [.f32, .bf16].contains(m.elementType),
      "moments in \(m.elementType) and \(v.elementType)")
    let (weights, gradients) = (w.floats, gradient.floats)
    let isNarrow = m.elementType == .bf16
    let (first, second) = (m.rawPointer, v.rawPointer)
    // Powers in double: 1 - beta^t loses most of its bits in single precision at the first steps.
    let numbers = elo_adamw_step(
      gradient_scale: step.gradientScale, rate: step.learningRate, b1: Float(step.betas.0), b2: Float(step.betas.1),
      epsilon: step.epsilon, decay: step.weightDecay, correction1: Float(1 - power(step.betas.0, step.stepNumber)),
      correction2: Float(1 - power(step.betas.1, step.stepNumber)))
    workers.elements(w.count) { range in
      let start = range.lowerBound
      func at<Element>(_ pointer: UnsafeMutableRawPointer, _: Element.Type) -> UnsafeMutablePointer<Element> {
        pointer.assumingMemoryBound(to: Element.self) + start
      }
      if isNarrow {
        elo_adamw_bf16(
          weights + start, gradients + start, at(first, UInt16.self), at(second, UInt16.self), numbers, range.count)
      } else {
        elo_adamw(
          weights + start, gradients + start, at(first, Float.self), at(second, Float.self), numbers, range.count)
      }
    }
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}
