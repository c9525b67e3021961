import Foundation
import JSONText

/// The header of a safetensors file, validated wholly: what it says can be trusted.
///
/// Format: 8 bytes little-endian length N, N bytes of JSON (white space around the object allowed), then the tensors.
/// Every byte of the data belongs to exactly one tensor. Source: the safetensors format, version 0.8.
public struct SafetensorsHeader: Sendable {
  /// One tensor of the header.
  public struct Entry: Hashable, Sendable {
    /// The tensor's name.
    public let name: String
    /// The element type.
    public let dtype: DType
    /// The logical shape.
    public let shape: [Int]
    /// Where the bytes stand in the file.
    public let byteRange: Range<Int>
  }

  /// The longest header that the format allows, in bytes.
  public static let maximumByteCount = 100_000_000

  /// The header's JSON, with its padding, as it stands in the file.
  public let text: [UInt8]
  /// The tensors in the order of the header.
  public let entries: [Entry]
  /// The pairs of `__metadata__` in the order of the header.
  public let metadata: [(key: String, value: String)]

  /// Where the data begins in the file.
  public var dataOffset: Int { 8 + text.count }
  /// The tensors in the order of their bytes.
  public var entriesInFileOrder: [Entry] { entries.sorted(by: Self.standsBefore) }

  /// Reads and validates the header of a whole file.
  /// - Parameters:
  ///   - file: the bytes of the file, all of them: the header must account for each.
  ///   - path: the name that errors give the file.
  /// - Throws: `invalidHeader`, `invalidTensor`.
  public init(file: UnsafeRawBufferPointer, path: String) throws(CheckpointError) {
    guard file.count >= 8 else { throw .invalidHeader(path: path, .fileTooShort(bytes: file.count)) }
    let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard length <= Self.maximumByteCount else { throw .invalidHeader(path: path, .tooLong(bytes: length)) }
    let headerBytes = Int(length)
    guard headerBytes <= file.count - 8 else {
      throw .invalidHeader(path: path, .truncated(headerBytes: headerBytes, fileBytes: file.count))
    }
    text = Array(file[8..<8 + headerBytes])
    let json: JSONText
    do { json = try JSONText(text) } catch {
      throw .invalidHeader(path: path, .invalidJSON(problem: error.problem, offset: error.offset))
    }
    if let offset = Self.loneSurrogate(in: text) {
      throw .invalidHeader(path: path, .invalidJSON(problem: "an escape is half a surrogate pair", offset: offset))
    }
    if let node = Self.unrepresentable(json.root, depth: 1) {
      throw .invalidHeader(
        path: path, .invalidJSON(problem: "a value is too deep or too large", offset: node.range.lowerBound))
    }
    guard let members = json.root.members else { throw .invalidHeader(path: path, .notAnObject) }
    if let key = json.root.duplicateKey { throw .invalidHeader(path: path, .duplicateKey(key)) }

    var entries: [Entry] = []
    entries.reserveCapacity(members.count)
    var metadata: [(key: String, value: String)] = []
    for member in members {
      if member.key == "__metadata__" {
        metadata = try Self.metadata(member.value, path: path)
      } else {
        let name = member.key
        do { entries.append(try Self.entry(name, member.value, in: json, dataOffset: 8 + headerBytes)) } catch {
          throw .invalidTensor(path: path, tensor: name, error)
        }
      }
    }
    self.entries = entries
    self.metadata = metadata
    try validateCoverage(fileByteCount: file.count, path: path)
  }

  /// The first value that the reference has no room for, in fields it does not know too: numbers beyond a double, and
  /// nesting of 128 levels.
  private static func unrepresentable(_ node: JSONNode, depth: Int) -> JSONNode? {
    switch node.kind {
    case .object, .array:
      guard depth < 128 else { return node }
      let children = node.elements ?? node.members?.map(\.value) ?? []
      for child in children {
        if let found = unrepresentable(child, depth: depth + 1) { return found }
      }
      return nil
    case .number: return node.double?.isFinite == true ? nil : node
    default: return nil
    }
  }

  /// The first escape such as `\uD800` that is half a pair, which JSON's grammar allows and the reference refuses.
  ///
  /// The text is JSON already, so a backslash begins an escape within a string.
  private static func loneSurrogate(in text: [UInt8]) -> Int? {
    func unit(at position: Int) -> UInt16? {
      guard position + 6 <= text.count, text[position] == UInt8(ascii: "\\"), text[position + 1] == UInt8(ascii: "u")
      else { return nil }
      return UInt16(String(decoding: text[position + 2..<position + 6], as: UTF8.self), radix: 16)
    }
    var position = 0
    while let escape = text[position...].firstIndex(of: UInt8(ascii: "\\")) {
      position = escape + 2
      guard let high = unit(at: escape) else { continue }
      position = escape + 6
      if UTF16.isTrailSurrogate(high) { return escape }
      if UTF16.isLeadSurrogate(high) {
        guard let low = unit(at: position), UTF16.isTrailSurrogate(low) else { return escape }
        position += 6
      }
    }
    return nil
  }

  private static func standsBefore(_ a: Entry, _ b: Entry) -> Bool {
    (a.byteRange.lowerBound, a.byteRange.upperBound) < (b.byteRange.lowerBound, b.byteRange.upperBound)
  }

  private static func metadata(
    _ node: JSONNode, path: String
  ) throws(CheckpointError) -> [(key: String, value: String)] {
    if node.isNull { return [] }
    guard let members = node.members else { throw .invalidHeader(path: path, .invalidMetadata(key: nil)) }
    if let key = node.duplicateKey { throw .invalidHeader(path: path, .duplicateKey(key)) }
    var pairs: [(key: String, value: String)] = []
    for member in members {
      guard let value = member.value.string else {
        throw .invalidHeader(path: path, .invalidMetadata(key: member.key))
      }
      pairs.append((member.key, value))
    }
    return pairs
  }

  private static func entry(
    _ name: String, _ node: JSONNode, in json: JSONText, dataOffset: Int
  ) throws(CheckpointError.TensorProblem) -> Entry {
    guard node.members != nil else { throw .notAnObject }
    if let key = node.duplicateKey { throw .invalidField(key, found: "two values") }
    func field(_ key: String) throws(CheckpointError.TensorProblem) -> JSONNode {
      guard let value = node[key] else { throw .missingField(key) }
      return value
    }
    func integers(_ key: String) throws(CheckpointError.TensorProblem) -> [Int] {
      let value = try field(key)
      guard let elements = value.elements else { throw .invalidField(key, found: json.spelling(of: value)) }
      var integers: [Int] = []
      for element in elements {
        // The reference reader takes `-0` for a float.
        guard let integer = element.int, integer >= 0, json.spelling(of: element) != "-0" else {
          throw .invalidField(key, found: json.spelling(of: value))
        }
        integers.append(integer)
      }
      return integers
    }
    let dtypeNode = try field("dtype")
    guard let dtypeName = dtypeNode.string else { throw .invalidField("dtype", found: json.spelling(of: dtypeNode)) }
    guard let dtype = DType(safetensorsName: dtypeName) else { throw .unknownDType(dtypeName) }
    let shape = try integers("shape")
    let offsets = try integers("data_offsets")
    guard offsets.count == 2, offsets[0] <= offsets[1], offsets[1] <= Int.max - dataOffset else {
      throw .invalidField("data_offsets", found: "\(offsets)")
    }
    var elementCount = 1
    for dimension in shape {
      let (product, overflow) = elementCount.multipliedReportingOverflow(by: dimension)
      guard !overflow else { throw .invalidSize(dtype: dtype, shape: shape) }
      elementCount = product
    }
    guard let byteCount = dtype.byteCount(elementCount: elementCount) else {
      throw .invalidSize(dtype: dtype, shape: shape)
    }
    guard offsets[1] - offsets[0] == byteCount else {
      throw .wrongByteCount(expected: byteCount, found: offsets[1] - offsets[0])
    }
    return Entry(name: name, dtype: dtype, shape: shape, byteRange: dataOffset + offsets[0]..<dataOffset + offsets[1])
  }

  /// Checks that the tensors, in the order of their bytes, fill the data without a hole, an overlap or a rest.
  private func validateCoverage(fileByteCount: Int, path: String) throws(CheckpointError) {
    var end = dataOffset
    for entry in entriesInFileOrder {
      guard entry.byteRange.lowerBound == end else {
        let problem = CheckpointError.TensorProblem.notContiguous(
          expected: end - dataOffset, found: entry.byteRange.lowerBound - dataOffset)
        throw .invalidTensor(path: path, tensor: entry.name, problem)
      }
      end = entry.byteRange.upperBound
    }
    guard end == fileByteCount else {
      throw .invalidHeader(path: path, .dataSize(expected: end - dataOffset, found: fileByteCount - dataOffset))
    }
  }
}

extension CheckpointError.TensorProblem: Error {}

extension SafetensorsHeader {
  /// Reads and validates the header of a file on disk.
  /// - Throws: `notFound`, `unreadable`, `invalidHeader`, `invalidTensor`.
  public init(contentsOf url: URL) throws(CheckpointError) {
    try self.init(MappedFile(url))
  }

  /// Reads and validates the header of a mapped file.
  package init(_ file: MappedFile) throws(CheckpointError) {
    let result = file.withUnsafeBytes { bytes in
      Result { () throws(CheckpointError) in
        try SafetensorsHeader(file: bytes, path: file.url.path(percentEncoded: false))
      }
    }
    self = try result.get()
  }
}
