/// How the elements of a tensor are stored on a device.
public enum ElementType: Sendable {
  /// IEEE 754 single precision: all activations, gradients and trained weights.
  case f32
  /// IEEE 754 half precision: frozen weights only.
  case f16
  /// The upper half of a single: frozen weights, and moments of the optimiser.
  case bf16
  /// 32-bit signed integers: token ids, targets and positions.
  case i32

  /// Bytes of one element.
  public var byteWidth: Int {
    switch self {
    case .f32, .i32: 4
    case .f16, .bf16: 2
    }
  }
}

/// A block of memory that a device owns.
///
/// Only that device looks inside.
public protocol DeviceStorage: AnyObject, Sendable {}

/// A dense row-major matrix on a device: a view of a storage.
///
/// Vectors are matrices of one row. Views share their storage: writing through one shows in the others.
public struct Tensor: Sendable {
  /// The memory behind the view.
  public let storage: any DeviceStorage
  /// How elements are stored.
  public let elementType: ElementType
  /// Where the view begins, in elements from the start of the storage.
  public let offset: Int
  /// Number of rows.
  public let rows: Int
  /// Number of columns, which is also the distance between rows.
  public let columns: Int

  /// A view of a storage; devices make these, models only slice them.
  public init(storage: any DeviceStorage, elementType: ElementType, offset: Int, rows: Int, columns: Int) {
    self.storage = storage
    self.elementType = elementType
    self.offset = offset
    self.rows = rows
    self.columns = columns
  }

  /// Number of elements.
  public var count: Int { rows * columns }

  /// The view of some rows.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of a tensor of \(rows) rows")
    return Tensor(
      storage: storage, elementType: elementType, offset: offset + range.lowerBound * columns, rows: range.count,
      columns: columns)
  }

  /// The same elements under another shape.
  public func reshaped(rows: Int, columns: Int) -> Tensor {
    precondition(rows * columns == count, "\(count) elements do not make \(rows) x \(columns)")
    return Tensor(storage: storage, elementType: elementType, offset: offset, rows: rows, columns: columns)
  }
}
