import CKernels

/// An operand of a product: a stored matrix as it is or transposed.
struct MatrixOperand {
  /// The first element.
  let values: UnsafeRawPointer
  let elementType: ElementType
  /// Elements from one stored row to the next.
  let stride: Int
  let transposed: Bool

  init(_ values: UnsafePointer<Float>, stride: Int, transposed: Bool = false) {
    self.init(values: values, elementType: .f32, stride: stride, transposed: transposed)
  }

  /// A tensor's rows from `row` on, in the type in which they are stored.
  init(_ tensor: Tensor, row: Int = 0, transposed: Bool = false) {
    self.init(
      values: tensor.rawPointer + row * tensor.columns * tensor.elementType.byteWidth,
      elementType: tensor.elementType, stride: tensor.columns, transposed: transposed)
  }

  private init(values: UnsafeRawPointer, elementType: ElementType, stride: Int, transposed: Bool) {
    self.values = values
    self.elementType = elementType
    self.stride = stride
    self.transposed = transposed
  }

  fileprivate var cOperand: elo_operand {
    let element =
      switch elementType {
      case .f32: ELO_F32
      case .bf16: ELO_BF16
      case .f16: ELO_F16
      case .i32: preconditionFailure("integers are no operand of a product")
      }
    return elo_operand(values: values, element: element, transposed: transposed ? 1 : 0, stride: stride)
  }
}

extension CPUDevice {
  /// `c = op(a) op(b) + beta c` for row-major matrices, on the calling thread, which is worker `worker`.
  ///
  /// `c` is `[m, n]` with `stride` elements from row to row, and is not read when beta is 0; `op(a)` is `[m, k]` and f32,
  /// `op(b)` is `[k, n]` and may be narrower: it is widened exactly while it is packed.
  func product(
    m: Int, n: Int, k: Int, _ a: MatrixOperand, _ b: MatrixOperand, beta: Float, _ c: UnsafeMutablePointer<Float>,
    stride: Int, worker: Int
  ) {
    guard m > 0, n > 0 else { return }
    switch products {
    case .amx:
      let workspace = packing(worker, count: elo_split_product_workspace())
      elo_split_product(m, n, k, a.cOperand, b.cOperand, beta, c, stride, workspace)
    case .avx512, .avx2:
      let vectors = products == .avx512 ? ELO_AVX512 : ELO_AVX2
      let workspace = packing(worker, count: elo_product_workspace(vectors))
      elo_product(vectors, m, n, k, a.cOperand, b.cOperand, beta, c, stride, workspace)
    case .openBLAS:
      openBLASProduct(m: m, n: n, k: k, a, b, beta: beta, c, stride: stride, worker: worker)
    }
  }
}
