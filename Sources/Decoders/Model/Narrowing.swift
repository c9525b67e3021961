import CKernels
import Checkpoints

extension Parameter {
  /// The values in an element type that they are to be stored in, rounded to nearest even, a block at a time.
  /// - Parameter dtype: F32, F16 or BF16.
  public func content(as dtype: DType, device: any Device) -> TensorContent {
    let value = value
    return .bytes(dtype, shape: shape) { sink in
      let rowsPerBlock = max(1, 1_048_576 / max(value.columns, 1))
      for start in stride(from: 0, to: value.rows, by: rowsPerBlock) {
        let block = device.download(value.rows(start..<min(value.rows, start + rowsPerBlock)))
        try block.withUnsafeBufferPointer { floats in
          if dtype == .f32 { return try sink(UnsafeRawBufferPointer(floats)) }
          let halves = [UInt16](unsafeUninitializedCapacity: floats.count) { buffer, count in
            switch dtype {
            case .bf16: elo_narrow_bf16(floats.baseAddress!, buffer.baseAddress!, floats.count)
            case .f16: elo_narrow_f16(floats.baseAddress!, buffer.baseAddress!, floats.count)
            default: preconditionFailure("weights are not stored as \(dtype)")
            }
            count = floats.count
          }
          try halves.withUnsafeBytes { try sink($0) }
        }
      }
    }
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
  /// What changes in the checkpoint that this decoder was made from: its trained weights, in the types they are stored
  /// in there.
  ///
  /// A tied embedding is written to a stored head as well: `transformers` unties, without a word, two that differ.
  public func trainedContent(for checkpoint: Checkpoint) -> [String: TensorContent] {
    var contents: [String: TensorContent] = [:]
    for parameter in trainedParameters {
      var names = [parameter.name]
      if parameter === head { names.append(configuration.names.head + ".weight") }
      for name in names {
        if let stored = checkpoint.tensors[name] {
          contents[name] = parameter.content(as: stored.dtype, device: device)
        }
      }
    }
    return contents
  }
}
