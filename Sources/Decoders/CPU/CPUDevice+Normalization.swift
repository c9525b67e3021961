import CKernels

extension CPUDevice {
  /// `Device.rmsNorm`, split by tokens.
  public func rmsNorm(_ x: Tensor, _ w: Tensor, offset: Float, epsilon: Float, into y: Tensor, inverseRMS r: Tensor) {
    let D = x.columns
    precondition(w.count == D && y.count == x.count && r.count >= x.rows, shapes("rmsNorm", x, w, y, r))
    withFloats(w, adding: offset) { weight in
      workers.split(x.rows, pieces: rowPieces(x.rows, width: D)) { rows, _ in
        let start = rows.lowerBound
        elo_rms_norm(x.floats + start * D, weight, epsilon, y.floats + start * D, r.floats + start, rows.count, D)
      }
    }
  }

  /// `Device.rmsNormApply`, split by tokens.
  public func rmsNormApply(_ x: Tensor, _ w: Tensor, offset: Float, inverseRMS r: Tensor, into y: Tensor) {
    let D = x.columns
    precondition(w.count == D && y.count == x.count && r.count >= x.rows, shapes("rmsNormApply", x, w, y, r))
    withFloats(w, adding: offset) { weight in
      workers.split(x.rows, pieces: rowPieces(x.rows, width: D)) { rows, _ in
        let start = rows.lowerBound
        elo_rms_norm_apply(x.floats + start * D, weight, r.floats + start, y.floats + start * D, rows.count, D)
      }
    }
  }

  /// `Device.rmsNormBackward`, split by tokens.
  public func rmsNormBackward(
    _ dy: Tensor, _ x: Tensor, _ w: Tensor, offset: Float, inverseRMS r: Tensor, dx: Tensor?, dw: Tensor?
  ) {
    let D = x.columns
    precondition(w.count == D && dy.count == x.count && r.count >= x.rows, shapes("rmsNormBackward", dy, x, w, r))
    // A fixed number of pieces, each with its own sum, added up in order: the result does not depend on timing.
    let pieces = min(threads, max(1, x.rows / 16))
    let step = (x.rows + pieces - 1) / pieces
    let partial = dw.map { _ in makeTensor(rows: pieces, columns: D) }
    withFloats(w, adding: offset) { weight in
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

  /// `Device.layerNorm`, split by tokens.
  public func layerNorm(
    _ x: Tensor, _ w: Tensor, bias: Tensor?, epsilon: Float, into y: Tensor, mean: Tensor, inverseDeviation r: Tensor
  ) {
    let (D, G) = layerNormShape(x, w, bias, mean, r)
    precondition(y.count == x.count, shapes("layerNorm", x, y))
    withFloats(w, bias) { weight, bias in
      workers.split(x.rows, pieces: rowPieces(x.rows, width: D)) { rows, _ in
        let start = rows.lowerBound
        elo_layer_norm(
          x.floats + start * D, weight, bias, epsilon, y.floats + start * D, mean.floats + start, r.floats + start,
          start, G, rows.count, D)
      }
    }
  }

  /// `Device.layerNormApply`, split by tokens.
  public func layerNormApply(
    _ x: Tensor, _ w: Tensor, bias: Tensor?, mean: Tensor, inverseDeviation r: Tensor, into y: Tensor
  ) {
    let (D, G) = layerNormShape(x, w, bias, mean, r)
    precondition(y.count == x.count, shapes("layerNormApply", x, y))
    withFloats(w, bias) { weight, bias in
      workers.split(x.rows, pieces: rowPieces(x.rows, width: D)) { rows, _ in
        let start = rows.lowerBound
        elo_layer_norm_apply(
          x.floats + start * D, weight, bias, mean.floats + start, r.floats + start, y.floats + start * D, start, G,
          rows.count, D)
      }
    }
  }

  /// `Device.layerNormBackward`, split as `rmsNormBackward`.
  public func layerNormBackward(
    _ dy: Tensor, _ x: Tensor, _ w: Tensor, mean: Tensor, inverseDeviation r: Tensor, dx: Tensor?, dw: Tensor?,
    db: Tensor?
  ) {
    let (D, G) = layerNormShape(x, w, nil, mean, r)
    precondition(dy.count == x.count, shapes("layerNormBackward", dy, x))
    let pieces = min(threads, max(1, x.rows / 16))
    let step = (x.rows + pieces - 1) / pieces
    let partialWeight = dw.map { _ in makeTensor(rows: pieces, columns: G * D) }
    let partialBias = db.map { _ in makeTensor(rows: pieces, columns: G * D) }
    withFloats(w, nil) { weight, _ in
      workers.run(pieces) { piece, _ in
        let start = min(x.rows, piece * step)
        elo_layer_norm_backward(
          dy.floats + start * D, x.floats + start * D, weight, mean.floats + start, r.floats + start,
          dx.map { $0.floats + start * D }, partialWeight.map { $0.floats + piece * G * D },
          partialBias.map { $0.floats + piece * G * D }, start, G, min(x.rows, start + step) - start, D)
      }
    }
    for (sum, partial) in [(dw, partialWeight), (db, partialBias)] {
      guard let sum, let partial else { continue }
      for piece in 0..<pieces { elo_add(partial.floats + piece * G * D, sum.floats, G * D) }
    }
  }

  private func layerNormShape(
    _ x: Tensor, _ w: Tensor, _ bias: Tensor?, _ mean: Tensor, _ r: Tensor
  ) -> (width: Int, groups: Int) {
    let groups = w.count / max(x.columns, 1)
    precondition(
      w.count == groups * x.columns && groups > 0 && x.rows % groups == 0 && (bias?.count ?? w.count) == w.count
        && mean.count >= x.rows && r.count >= x.rows, shapes("layerNorm", x, w, mean, r))
    return (x.columns, groups)
  }

  /// Lends a vector as f32 with a number added to each element: in place where that is the vector itself, else a copy.
  private func withFloats(_ vector: Tensor, adding offset: Float, _ body: (UnsafePointer<Float>) -> Void) {
    if vector.elementType == .f32, offset == 0 { return body(vector.floats) }
    download(vector).map { $0 + offset }.withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  private func withFloats(
    _ weight: Tensor, _ bias: Tensor?, _ body: (UnsafePointer<Float>, UnsafePointer<Float>?) -> Void
  ) {
    withFloats(weight, adding: 0) { weight in
      guard let bias else { return body(weight, nil) }
      withFloats(bias, adding: 0) { body(weight, $0) }
    }
  }
}
