import OrderedCollections

/// A reader of the GGUF container: little-endian, every length checked against the bytes that are there.
///
/// Source: the GGUF specification in the ggml repository (`docs/gguf.md`), versions 2 and 3, which differ only in
/// that version 3 may be big-endian.
package struct GGUFParser {
  let bytes: UnsafeRawBufferPointer
  let file: String
  private var position = 0

  /// Arrays of arrays exist in the format, deeper nesting in no real file; the bound keeps hostile input from
  /// overflowing the stack.
  private static let maximumArrayDepth = 4
  private static let defaultAlignment = 32
  private static let maximumDimensions = 4

  package struct Contents {
    package var version: UInt32
    package var alignment: Int
    package var metadata: OrderedDictionary<String, GGUFValue>
    package var tensors: OrderedDictionary<String, GGUFTensor>
  }

  package init(bytes: UnsafeRawBufferPointer, file: String) {
    self.bytes = bytes
    self.file = file
  }

  package mutating func parse() throws(GGUFError) -> Contents {
    guard bytes.count >= 4, bytes[..<4].elementsEqual("GGUF".utf8) else { throw .notGGUF(file: file) }
    position = 4
    let version: UInt32 = try read("the header")
    guard version == 2 || version == 3 else { throw .unsupportedVersion(file: file, version: version) }
    let tensorCount: UInt64 = try read("the header")
    let keyCount: UInt64 = try read("the header")
    let metadata = try parseMetadata(count: keyCount)
    let alignment = try alignment(in: metadata)
    let infos = try parseTensorInfos(count: tensorCount)
    let tensors = try place(infos, alignment: alignment)
    return Contents(version: version, alignment: alignment, metadata: metadata, tensors: tensors)
  }

  // MARK: Metadata

  private mutating func parseMetadata(count: UInt64) throws(GGUFError) -> OrderedDictionary<String, GGUFValue> {
    var metadata: OrderedDictionary<String, GGUFValue> = [:]
    var index: UInt64 = 0
    while index < count {
      let key = try readString("metadata key \(index)")
      let item = "key \(key)"
      let kind: UInt32 = try read(item)
      let value = try parseValue(kind, item: item, depth: 0)
      guard metadata.updateValue(value, forKey: key) == nil else {
        throw .malformed(file: file, item: item, problem: "is there twice")
      }
      index += 1
    }
    return metadata
  }

  private mutating func parseValue(_ kind: UInt32, item: String, depth: Int) throws(GGUFError) -> GGUFValue {
    switch kind {
    case 0: return .integer(Int64(try read(item) as UInt8))
    case 1: return .integer(Int64(try read(item) as Int8))
    case 2: return .integer(Int64(try read(item) as UInt16))
    case 3: return .integer(Int64(try read(item) as Int16))
    case 4: return .integer(Int64(try read(item) as UInt32))
    case 5: return .integer(Int64(try read(item) as Int32))
    case 6: return .float(Float(bitPattern: try read(item)))
    case 7:
      let byte: UInt8 = try read(item)
      guard byte <= 1 else { throw .malformed(file: file, item: item, problem: "is neither true nor false") }
      return .bool(byte == 1)
    case 8: return .string(try readString(item))
    case 9: return try parseArray(item: item, depth: depth)
    case 10:
      let value: UInt64 = try read(item)
      return Int64(exactly: value).map { .integer($0) } ?? .largeInteger(value)
    case 11: return .integer(try read(item))
    case 12: return .double(Double(bitPattern: try read(item)))
    default: throw .malformed(file: file, item: item, problem: "has a value of the unknown type \(kind)")
    }
  }

  private mutating func parseArray(item: String, depth: Int) throws(GGUFError) -> GGUFValue {
    guard depth < Self.maximumArrayDepth else {
      throw .malformed(file: file, item: item, problem: "holds arrays nested too deeply")
    }
    let kind: UInt32 = try read(item)
    let count: UInt64 = try read(item)
    guard count <= UInt64(bytes.count - position) else {
      throw .truncated(file: file, item: item, offset: bytes.count)
    }
    var values: [GGUFValue] = []
    for _ in 0..<Int(count) { values.append(try parseValue(kind, item: item, depth: depth + 1)) }
    return .array(values)
  }

  private func alignment(in metadata: OrderedDictionary<String, GGUFValue>) throws(GGUFError) -> Int {
    guard let value = metadata["general.alignment"] else { return Self.defaultAlignment }
    guard let alignment = value.int, alignment > 0, alignment <= 1 << 30, alignment & (alignment - 1) == 0 else {
      throw .malformed(file: file, item: "key general.alignment", problem: "is not a power of two")
    }
    return alignment
  }

  // MARK: Tensors

  private struct TensorInfo {
    let name: String
    let type: GGMLType
    /// Row-major: the file stores the fastest dimension first.
    let shape: [Int]
    let byteCount: Int
    let offset: UInt64
  }

  private mutating func parseTensorInfos(count: UInt64) throws(GGUFError) -> [TensorInfo] {
    var infos: [TensorInfo] = []
    var index: UInt64 = 0
    while index < count {
      infos.append(try parseTensorInfo(index: index))
      index += 1
    }
    return infos
  }

  private mutating func parseTensorInfo(index: UInt64) throws(GGUFError) -> TensorInfo {
    let name = try readString("the name of tensor \(index)")
    let item = "tensor \(name)"
    let dimensionCount: UInt32 = try read(item)
    guard (1...Self.maximumDimensions).contains(Int(dimensionCount)) else {
      throw .malformed(file: file, item: item, problem: "has \(dimensionCount) dimensions")
    }
    var dimensions: [Int] = []
    var elements = 1
    for _ in 0..<dimensionCount {
      let stored: UInt64 = try read(item)
      guard let dimension = Int(exactly: stored), dimension > 0 else {
        throw .malformed(file: file, item: item, problem: "has a dimension of \(stored)")
      }
      let (product, overflows) = elements.multipliedReportingOverflow(by: dimension)
      // No type stores more than four bytes an element: below this bound the byte count cannot overflow either.
      guard !overflows, product <= Int.max / 8 else {
        throw .malformed(file: file, item: item, problem: "has more elements than can be counted")
      }
      elements = product
      dimensions.append(dimension)
    }
    let typeNumber: UInt32 = try read(item)
    let offset: UInt64 = try read(item)
    guard let type = GGMLType(rawValue: typeNumber) else {
      throw .unreadType(file: file, tensor: name, type: GGMLType.describe(typeNumber))
    }
    guard dimensions[0].isMultiple(of: type.blockElements) else {
      throw .malformed(
        file: file, item: item,
        problem: "has rows of \(dimensions[0]), no multiple of \(type.name)'s \(type.blockElements) elements a block")
    }
    let byteCount = elements / type.blockElements * type.blockBytes
    return TensorInfo(
      name: name, type: type, shape: dimensions.reversed(), byteCount: byteCount, offset: offset)
  }

  private func place(
    _ infos: [TensorInfo], alignment: Int
  ) throws(GGUFError) -> OrderedDictionary<String, GGUFTensor> {
    let start = (position + alignment - 1) / alignment * alignment
    var tensors: OrderedDictionary<String, GGUFTensor> = [:]
    for info in infos {
      guard info.offset.isMultiple(of: UInt64(alignment)) else {
        throw .malformed(
          file: file, item: "tensor \(info.name)", problem: "does not start at a multiple of \(alignment) bytes")
      }
      guard let offset = Int(exactly: info.offset), offset <= bytes.count,
        start + offset + info.byteCount <= bytes.count
      else {
        let end = UInt64(start).addingReportingOverflow(info.offset).partialValue
        throw .tensorOutsideFile(
          file: file, tensor: info.name, end: Int(clamping: end &+ UInt64(info.byteCount)), fileSize: bytes.count)
      }
      let range = start + offset..<start + offset + info.byteCount
      let tensor = GGUFTensor(name: info.name, type: info.type, shape: info.shape, byteRange: range)
      guard tensors.updateValue(tensor, forKey: info.name) == nil else {
        throw .malformed(file: file, item: "tensor \(info.name)", problem: "is there twice")
      }
    }
    let ordered = tensors.values.sorted { $0.byteRange.lowerBound < $1.byteRange.lowerBound }
    for (first, second) in zip(ordered, ordered.dropFirst())
    where first.byteRange.upperBound > second.byteRange.lowerBound {
      throw .malformed(
        file: file, item: "tensor \(second.name)", problem: "shares bytes with tensor \(first.name)")
    }
    return tensors
  }

  // MARK: Primitive values

  private mutating func read<Value: FixedWidthInteger>(_ item: String) throws(GGUFError) -> Value {
    let size = MemoryLayout<Value>.size
    guard bytes.count - position >= size else { throw .truncated(file: file, item: item, offset: bytes.count) }
    let value = bytes.loadUnaligned(fromByteOffset: position, as: Value.self)
    position += size
    return Value(littleEndian: value)
  }

  private mutating func readString(_ item: String) throws(GGUFError) -> String {
    let length: UInt64 = try read(item)
    guard length <= UInt64(bytes.count - position) else {
      throw .truncated(file: file, item: item, offset: bytes.count)
    }
    let text = UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(length)])
    guard let string = String(validating: text, as: UTF8.self) else {
      throw .malformed(file: file, item: item, problem: "is not valid UTF-8")
    }
    position += Int(length)
    return string
  }
}
