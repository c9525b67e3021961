import CKernels

// One row of a stored weight with one of f32, on the calling thread.

extension CPUDevice {
  /// `x · w[row]`, in f32.
  func dot(_ w: Tensor, _ row: Int, _ x: UnsafePointer<Float>) -> Float {
    let D = w.columns
    let halves = w.rawPointer.assumingMemoryBound(to: UInt16.self) + row * D
    switch w.elementType {
    case .f32: return elo_dot_f32(x, w.floats + row * D, D)
    case .bf16: return elo_dot_bf16(x, halves, D)
    case .f16: return elo_dot_f16(x, halves, D)
    case .i32: preconditionFailure("integers are no weights")
    }
  }

  /// `y += factor w[row]`, in f32.
  func addRow(_ w: Tensor, _ row: Int, times factor: Float, to y: UnsafeMutablePointer<Float>) {
    let D = w.columns
    let halves = w.rawPointer.assumingMemoryBound(to: UInt16.self) + row * D
    switch w.elementType {
    case .f32: elo_axpy(factor, w.floats + row * D, y, D)
    case .bf16: elo_axpy_bf16(factor, halves, y, D)
    case .f16: elo_axpy_f16(factor, halves, y, D)
    case .i32: preconditionFailure("integers are no weights")
    }
  }
}
