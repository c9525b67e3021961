import CKernels
import Checkpoints

extension CPUDevice {
  /// `Device.makeTensor`: memory aligned for the widest vector loads.
  public func makeTensor(rows: Int, columns: Int, elementType: ElementType) -> Tensor {
    Tensor(
      storage: HostStorage(byteCount: rows * columns * elementType.byteWidth), elementType: elementType, offset: 0,
      rows: rows, columns: columns)
  }

  /// `Device.makeIndices`.
  public func makeIndices(_ values: [Int32]) -> Tensor {
    let storage = HostStorage(byteCount: values.count * 4)
    storage.pointer.copyMemory(from: values, byteCount: values.count * 4)
    return Tensor(storage: storage, elementType: .i32, offset: 0, rows: 1, columns: values.count)
  }

  /// `Device.wrap`: the mapped bytes themselves where they are aligned, else a copy.
  public func wrap(_ stored: StoredTensor) -> Tensor {
    let elementType: ElementType =
      switch stored.dtype {
      case .f32: .f32
      case .f16: .f16
      case .bf16: .bf16
      default: preconditionFailure("\(stored.name): \(stored.dtype.name) is no weight type of this device")
      }
    let rows = stored.shape.count > 1 ? stored.shape[0] : 1
    let columns = stored.elementCount / max(rows, 1)
    guard stored.byteRange.lowerBound % elementType.byteWidth == 0 else {
      // The format allows unaligned data; such a tensor is copied once.
      let storage = HostStorage(byteCount: stored.byteRange.count)
      stored.withUnsafeBytes { storage.pointer.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
      return Tensor(storage: storage, elementType: elementType, offset: 0, rows: rows, columns: columns)
    }
    return Tensor(
      storage: HostStorage(lending: stored.file), elementType: elementType,
      offset: stored.byteRange.lowerBound / elementType.byteWidth, rows: rows, columns: columns)
  }

  /// `Device.upload`.
  public func upload(_ values: [Float], to tensor: Tensor) {
    precondition(values.count == tensor.count, "\(values.count) values for \(tensor.count) elements")
    if tensor.elementType == .bf16 {
      elo_narrow_bf16(values, tensor.rawPointer.assumingMemoryBound(to: UInt16.self), values.count)
    } else {
      tensor.floats.update(from: values, count: values.count)
    }
  }

  /// `Device.download`.
  public func download(_ tensor: Tensor) -> [Float] {
    Array(unsafeUninitializedCapacity: tensor.count) { buffer, count in
      widen(tensor, from: 0, count: tensor.count, to: buffer.baseAddress!)
      count = tensor.count
    }
  }

  /// `Device.copy`, split by elements.
  public func copy(_ source: Tensor, to destination: Tensor) {
    precondition(source.count == destination.count, "\(source.count) elements into \(destination.count)")
    let output = destination.floats
    workers.elements(source.count) { range in
      widen(source, from: range.lowerBound, count: range.count, to: output + range.lowerBound)
    }
  }

  /// `Device.zero`, split by elements.
  public func zero(_ tensor: Tensor) {
    let elements = tensor.floats
    workers.elements(tensor.count) { (elements + $0.lowerBound).update(repeating: 0, count: $0.count) }
  }

  /// Writes `count` elements of a weight, from an element on, as f32.
  func widen(_ tensor: Tensor, from start: Int, count: Int, to output: UnsafeMutablePointer<Float>) {
    switch tensor.elementType {
    case .f32: output.update(from: tensor.floats + start, count: count)
    case .f16: elo_widen_f16(tensor.rawPointer.assumingMemoryBound(to: UInt16.self) + start, output, count)
    case .bf16: elo_widen_bf16(tensor.rawPointer.assumingMemoryBound(to: UInt16.self) + start, output, count)
    case .i32: preconditionFailure("integers are no weights")
    }
  }
}
