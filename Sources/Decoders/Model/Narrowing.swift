import CKernels
import Checkpoints

extension Device {
  /// A tensor's values as a file takes them, in an element type that they are to be stored in, rounded to nearest even,
  /// a block at a time.
  /// - Parameters:
  ///   - shape: what the file says of it; as many elements as the tensor has.
  ///   - dtype: F32, F16 or BF16.
  public func content(of tensor: Tensor, shape: [Int], as dtype: DType) -> TensorContent {
    .bytes(dtype, shape: shape) { sink in try self.write(tensor, as: dtype, to: sink) }
  }

  fileprivate func write(
    _ tensor: Tensor, as dtype: DType, to sink: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    for rows in tensor.blocksOfRows {
      try download(tensor.rows(rows)).withUnsafeBufferPointer { floats in
        if dtype == .f32 { return try sink(UnsafeRawBufferPointer(floats)) }
        let halves = [UInt16](unsafeUninitializedCapacity: floats.count) { buffer, count in
          switch dtype {
          case .bf16: elo_narrow_bf16(floats.baseAddress!, buffer.baseAddress!, floats.count)
          case .f16: elo_narrow_f16(floats.baseAddress!, buffer.baseAddress!, floats.count)
          default: preconditionFailure("values are not stored as \(dtype)")
          }
          count = floats.count
        }
        try halves.withUnsafeBytes { try sink($0) }
      }
    }
  }
}

extension Tensor {
  /// The rows in blocks of about a million elements, so that a copy on the host stays small.
  public var blocksOfRows: [Range<Int>] {
    let step = max(1, 1_048_576 / max(columns, 1))
    return stride(from: 0, to: rows, by: step).map { $0..<min(rows, $0 + step) }
  }
}

extension Parameter {
  /// Rounds f32 values to what an element type holds, as writing and reading them would.
  public func round(to elementType: ElementType, on device: any Device) {
    precondition(value.elementType == .f32, "values that are \(value.elementType) already")
    var floats = device.download(value)
    var halves = [UInt16](repeating: 0, count: floats.count)
    switch elementType {
    case .bf16:
      elo_narrow_bf16(floats, &halves, floats.count)
      elo_widen_bf16(halves, &floats, floats.count)
    case .f16:
      elo_narrow_f16(floats, &halves, floats.count)
      elo_widen_f16(halves, &floats, floats.count)
    case .f32: return
    case .i32: preconditionFailure("weights are no integers")
    }
    device.upload(floats, to: value)
  }
}

extension Decoder {
  /// What changes in the checkpoint that this decoder was made from: its trained weights, and matrices with their
  /// adapters added, in the types they are stored in there.
  ///
  /// A tied embedding is written to a stored head as well: `transformers` unties, without a word, two that differ.
  public func trainedContent(for checkpoint: Checkpoint) -> [String: TensorContent] {
    var contents: [String: TensorContent] = [:]
    for parameter in parameters where parameter.isReached {
      var names = [parameter.name]
      if parameter === head { names.append(configuration.names.head + ".weight") }
      for name in names {
        if let stored = checkpoint.tensors[name] {
          contents[name] = content(of: parameter, as: stored.dtype)
        }
      }
    }
    return contents
  }

  private func content(of parameter: Parameter, as dtype: DType) -> TensorContent {
    let device = device
    guard let adapter = parameter.adapter else {
      return device.content(of: parameter.value, shape: parameter.shape, as: dtype)
    }
    let parts = LowRankSum(parameter, adapter, isTransposed: configuration.traits.isTransposed)
    // Added when it is written, so that one matrix at a time is there twice.
    return .bytes(dtype, shape: parameter.shape) { sink in
      try device.write(parts.sum(on: device), as: dtype, to: sink)
    }
  }
}
