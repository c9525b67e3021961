import Foundation
import JSONText

/// A JSON file that is edited as text: key order, spelling, indentation, line ends and every value that is not edited
/// stay byte for byte.
///
/// Python writes `Infinity` and `NaN` where JSON has no such words, and model configs hold them; they are accepted
/// and kept. As a node, such a value is the number 1e999999 (or -1e999999) and NaN is 0e0.
public struct ConfigText: Sendable {
  /// The file as it stands, edits included.
  public private(set) var bytes: [UInt8]
  /// The path that errors name.
  public let path: String
  private var json: JSONText

  /// Reads a file.
  /// - Throws: `notFound`, `unreadable`, `invalidJSON`; `configKey` when the document is no object.
  public init(contentsOf url: URL) throws(CheckpointError) {
    let file = try MappedFile(url)
    try self.init(file.withUnsafeBytes { Array($0) }, path: url.path(percentEncoded: false))
  }

  /// Takes a text; `path` is the name that errors give it.
  /// - Throws: `invalidJSON`; `configKey` when the document is no object.
  public init(_ bytes: [UInt8], path: String) throws(CheckpointError) {
    self.bytes = bytes
    self.path = path
    json = try Self.parse(bytes, path: path)
    guard json.root.members != nil else {
      throw .configKey(path: path, key: "", problem: "is the whole document and no object")
    }
  }

  private static func parse(_ bytes: [UInt8], path: String) throws(CheckpointError) -> JSONText {
    do { return try JSONText(replacingPythonNumbers(bytes)) } catch {
      throw .invalidJSON(path: path, problem: error.problem, offset: error.offset)
    }
  }

  /// Spells Python's number words as JSON numbers of the same length, outside strings.
  private static func replacingPythonNumbers(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    var insideString = false
    var position = 0
    while position < bytes.count {
      let byte = bytes[position]
      if insideString {
        if byte == UInt8(ascii: "\\") { position += 1 }
        if byte == UInt8(ascii: "\"") { insideString = false }
      } else if byte == UInt8(ascii: "\"") {
        insideString = true
      } else if byte == UInt8(ascii: "I") || byte == UInt8(ascii: "N") {
        for (word, number) in [("Infinity", "1e999999"), ("NaN", "0e0")]
        where bytes[position...].starts(with: word.utf8) {
          result.replaceSubrange(position..<position + word.utf8.count, with: number.utf8)
        }
      }
      position += 1
    }
    return result
  }

  /// The whole document.
  public var root: JSONNode { json.root }

  /// The value at a path of keys, nil where there is none.
  public subscript(path: String...) -> JSONNode? { self[path: path] }

  /// The value at a path of keys, nil where there is none.
  public subscript(path path: [String]) -> JSONNode? {
    path.reduce(Optional(json.root)) { node, key in node?[key] }
  }

  /// The spelling of a node as it stands in the file.
  public func spelling(of node: JSONNode) -> String { String(decoding: bytes[node.range], as: UTF8.self) }

  /// Gives a key a value, in place where the key is there, else as the last member of its object.
  /// - Parameters:
  ///   - path: keys from the document down; all but the last must exist and hold objects.
  ///   - value: JSON text.
  /// - Throws: `configKey` when the path leads nowhere; `invalidJSON` when `value` is no JSON.
  public mutating func set(_ path: [String], to value: String) throws(CheckpointError) {
    precondition(!path.isEmpty, "a path of keys has at least one key")
    if let node = self[path: path] {
      try replace(node.range, with: value)
      return
    }
    guard let parent = self[path: path.dropLast()], let members = parent.members else {
      throw .configKey(path: self.path, key: path.joined(separator: "."), problem: "has no object to stand in")
    }
    let member = path.last!.jsonSpelling + (isCompact(parent) ? ":" : ": ") + value
    if let last = members.last {
      try insert(separator(before: last.keyRange.lowerBound) + member, at: last.value.range.upperBound)
    } else {
      try replace(parent.range, with: "{\(member)}")
    }
  }

  /// Gives a key a list, laid out as the list that stands there, or as the document where none does.
  /// - Throws: as `set(_:to:)`.
  public mutating func set(_ path: [String], toList elements: [String]) throws(CheckpointError) {
    try set(path, to: listSpelling(elements, at: path))
  }

  /// Removes a key with its value; nothing happens when it is not there.
  /// - Throws: never, unless the text was no object.
  public mutating func remove(_ path: [String]) throws(CheckpointError) {
    guard let members = self[path: path.dropLast()]?.members,
      let index = members.lastIndex(where: { $0.key == path.last })
    else { return }
    // A member goes with the comma that binds it: the one before it, or, for the first member, the one behind it.
    if index > 0 {
      try replace(members[index - 1].value.range.upperBound..<members[index].value.range.upperBound, with: "")
    } else if members.count > 1 {
      try replace(members[0].keyRange.lowerBound..<members[1].keyRange.lowerBound, with: "")
    } else {
      try replace(members[0].keyRange.lowerBound..<members[0].value.range.upperBound, with: "")
    }
  }

  private mutating func insert(_ text: String, at position: Int) throws(CheckpointError) {
    try replace(position..<position, with: text)
  }

  private mutating func replace(_ range: Range<Int>, with text: String) throws(CheckpointError) {
    var edited = bytes
    edited.replaceSubrange(range, with: text.utf8)
    json = try Self.parse(edited, path: path)
    bytes = edited
  }

  /// The comma and white space that stand before a member that is not the first, or would stand there.
  private func separator(before position: Int) -> String {
    "," + whiteSpace(before: position)
  }

  private func whiteSpace(before position: Int) -> String {
    var start = position
    while start > 0, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[start - 1]) { start -= 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private func isCompact(_ object: JSONNode) -> Bool {
    guard let member = object.members?.last else { return false }
    return member.value.range.lowerBound == member.keyRange.upperBound + 1
  }

  private func listSpelling(_ elements: [String], at path: [String]) -> String {
    guard !elements.isEmpty else { return "[]" }
    var opening: String
    var separator: String
    var closing: String
    if let node = self[path: path], let old = node.elements, let first = old.first, let last = old.last {
      opening = String(decoding: bytes[node.range.lowerBound..<first.range.lowerBound], as: UTF8.self)
      closing = String(decoding: bytes[last.range.upperBound..<node.range.upperBound], as: UTF8.self)
      separator =
        old.count > 1
        ? String(decoding: bytes[first.range.upperBound..<old[1].range.lowerBound], as: UTF8.self)
        : "," + (opening.dropFirst().isEmpty ? " " : opening.dropFirst())
    } else {
      // The layout of `json.dumps(indent=)`: elements one step deeper than their key, one per line.
      let indentation =
        self[path: path.dropLast()]?.members?.last.map { whiteSpace(before: $0.keyRange.lowerBound) } ?? ""
      let step = json.root.members?.first.map { whiteSpace(before: $0.keyRange.lowerBound) } ?? ""
      let deeper = indentation + step.filter { $0 == " " || $0 == "\t" }
      let isMultiLine = indentation.contains { $0.isNewline }
      opening = isMultiLine ? "[" + deeper : "["
      separator = isMultiLine ? "," + deeper : ", "
      closing = isMultiLine ? indentation + "]" : "]"
    }
    return opening + elements.joined(separator: separator) + closing
  }
}
