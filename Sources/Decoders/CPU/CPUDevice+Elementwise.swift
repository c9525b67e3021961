import CKernels

extension CPUDevice {
  /// Pieces of N rows of width D that are worth a thread each.
  private func rowPieces(_ rows: Int, width: Int) -> Int { min(threads * 2, max(1, rows * width / 16_384)) }

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

  /// `Device.rmsNorm`, split by tokens.
  public func rmsNorm(_ x: Tensor, _ w: Tensor, epsilon: Float, into y: Tensor, inverseRMS r: Tensor) {
    let D = x.columns
    precondition(w.count == D && y.count == x.count && r.count >= x.rows, shapes("rmsNorm", x, w, y, r))
    withFloats(w) { weight in
      workers.split(x.rows, pieces: rowPieces(x.rows, width: D)) { rows, _ in
        let start = rows.lowerBound
        elo_rms_norm(x.floats + start * D, weight, epsilon, y.floats + start * D, r.floats + start, rows.count, D)
      }
    }
  }

  /// `Device.rmsNormApply`, split by tokens.
  public func rmsNormApply(_ x: Tensor, _ w: Tensor, inverseRMS r: Tensor, into y: Tensor) {
    let D = x.columns
    precondition(w.count == D && y.count == x.count && r.count >= x.rows, shapes("rmsNormApply", x, w, y, r))
    withFloats(w) { weight in
      workers.split(x.rows, pieces: rowPieces(x.rows, width: D)) { rows, _ in
        let start = rows.lowerBound
        elo_rms_norm_apply(x.floats + start * D, weight, r.floats + start, y.floats + start * D, rows.count, D)
      }
    }
  }

  /// `Device.rmsNormBackward`, split by tokens.
  public func rmsNormBackward(_ dy: Tensor, _ x: Tensor, _ w: Tensor, inverseRMS r: Tensor, dx: Tensor?, dw: Tensor?) {
    let D = x.columns
    precondition(w.count == D && dy.count == x.count && r.count >= x.rows, shapes("rmsNormBackward", dy, x, w, r))
    // A fixed number of pieces, each with its own sum, added up in order: the result does not depend on timing.
    let pieces = min(threads, max(1, x.rows / 16))
    let step = (x.rows + pieces - 1) / pieces
    let partial = dw.map { _ in makeTensor(rows: pieces, columns: D) }
    withFloats(w) { weight in
      workers.run(pieces) { piece, _ in
        let rows = min(x.rows, piece * step)..<min(x.rows, (piece + 1) * step)
        elo_rms_norm_backward(
          dy.floats + rows.lowerBound * D, x.floats + rows.lowerBound * D, weight, r.floats + rows.lowerBound,
          dx.map { $0.floats + rows.lowerBound * D }, partial.map { $0.floats + piece * D }, rows.count, D)
      }
    }
    if let dw, let partial {
      for piece in 0..<pieces { elo_add(partial.floats + piece * D, dw.floats, D) }
    }
  }

  /// `Device.rotate`, split by tokens.
  public func rotate(_ x: Tensor, positions: Tensor, angles: RotaryTable, inverse: Bool) {
    let (d, width) = (angles.headWidth, x.columns)
    precondition(positions.count == x.rows && width % d == 0, shapes("rotate", x, positions, angles.cosines))
    let (input, rows) = (x.floats, positions.integers)
    workers.split(x.rows, pieces: rowPieces(x.rows, width: width)) { tokens, _ in
      for token in tokens {
        let position = Int(rows[token])
        precondition(position < angles.cosines.rows, "position \(position) beyond \(angles.cosines.rows)")
        elo_rotate_half(
          input + token * width, angles.cosines.floats + position * d / 2, angles.sines.floats + position * d / 2,
          inverse ? -1 : 1, width / d, d)
      }
    }
  }

  /// `Device.siluGate`, split by elements.
  public func siluGate(_ gate: Tensor, _ up: Tensor, into a: Tensor) {
    precondition(gate.count == up.count && a.count == up.count, shapes("siluGate", gate, up, a))
    let (g, u, output) = (gate.floats, up.floats, a.floats)
    workers.elements(gate.count) {
      elo_silu_gate(g + $0.lowerBound, u + $0.lowerBound, output + $0.lowerBound, $0.count)
    }
  }

  /// `Device.siluGateBackward`, split by elements.
  public func siluGateBackward(_ da: Tensor, gate: Tensor, up: Tensor) {
    precondition(gate.count == up.count && da.count == up.count, shapes("siluGateBackward", da, gate, up))
    let (d, g, u) = (da.floats, gate.floats, up.floats)
    workers.elements(gate.count) {
      elo_silu_gate_backward(d + $0.lowerBound, g + $0.lowerBound, u + $0.lowerBound, $0.count)
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
    let (weights, gradients, first, second) = (w.floats, gradient.floats, m.floats, v.floats)
    // Powers in double: 1 - beta^t loses most of its bits in single precision at the first steps.
    let correction1 = Float(1 - power(step.betas.0, step.stepNumber))
    let correction2 = Float(1 - power(step.betas.1, step.stepNumber))
    workers.elements(w.count) {
      let start = $0.lowerBound
      elo_adamw(
        weights + start, gradients + start, first + start, second + start, step.gradientScale, step.learningRate,
        Float(step.betas.0), Float(step.betas.1), step.epsilon, step.weightDecay, correction1, correction2, $0.count)
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

  /// Lends a vector as f32: in place, or widened into a copy.
  private func withFloats(_ vector: Tensor, _ body: (UnsafePointer<Float>) -> Void) {
    if vector.elementType == .f32 { return body(vector.floats) }
    download(vector).withUnsafeBufferPointer { body($0.baseAddress!) }
  }
}
