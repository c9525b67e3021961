import Checkpoints
import Foundation
import JSONText

/// Where two checkpoints differ: tensor by tensor, in config.json and in the other files.
public struct CheckpointDifference: Sendable {
  /// How a tensor compares.
  public enum Status: String, Sendable {
    /// The same type, shape and bytes.
    case identical
    /// The same shape, other bytes or another type.
    case changed
    /// Another shape.
    case reshaped
    /// Only the first checkpoint has it.
    case onlyInFirst = "only_in_first"
    /// Only the second checkpoint has it.
    case onlyInSecond = "only_in_second"
  }

  /// One tensor of either checkpoint.
  public struct Tensor: Sendable {
    /// The name.
    public let name: String
    /// How it compares.
    public let status: Status
    /// The Euclidean norm of second minus first, nil where the type cannot be computed with.
    public internal(set) var norm: Double?
    /// The largest magnitude of second minus first, nil where the type cannot be computed with.
    public internal(set) var largest: Double?
    /// Types and shapes on both sides where they differ.
    public internal(set) var kinds: String?
  }

  /// A key of config.json, or a file, that differs.
  public struct Entry: Sendable {
    /// The key's path, or the file's.
    public let name: String
    /// The first side's value, nil where it has none; of files, their presence.
    public let first: String?
    /// The second side's value, nil where it has none.
    public let second: String?
  }

  /// All tensors: those of the first checkpoint in its order, then those that only the second has.
  public let tensors: [Tensor]
  /// The layers of the first checkpoint with a tensor that is not identical, ascending.
  public let changedLayers: [Int]
  /// The keys of config.json that differ in value.
  public let config: [Entry]
  /// The side files that differ, config.json among them when its text differs.
  public let files: [Entry]

  /// Whether nothing differs.
  ///
  /// How the weights are spread over files is no difference.
  public var isIdentical: Bool {
    tensors.allSatisfy { $0.status == .identical } && config.isEmpty && files.isEmpty
  }

  /// Compares two checkpoints, reading all their bytes.
  /// - Throws: `CheckpointError.unreadable`, and what `progress` throws.
  public init(
    _ first: Checkpoint, _ second: Checkpoint, progress: (TransferProgress) throws -> Void = { _ in }
  ) throws {
    let total = first.tensors.values.reduce(0) { $0 + $1.byteCount }
    var completed = 0
    var tensors: [Tensor] = []
    for (name, tensor) in first.tensors {
      tensors.append(try Self.compare(tensor, second.tensors[name]))
      completed += tensor.byteCount
      try progress(TransferProgress(completed: completed, total: total))
    }
    for name in second.tensors.keys where first.tensors[name] == nil {
      tensors.append(Tensor(name: name, status: .onlyInSecond))
    }
    self.tensors = tensors
    // A directory that is no decoder can be compared all the same; it has no layers then.
    let layout = try? DecoderLayout(first)
    var changed = Set<Int>()
    for tensor in tensors where tensor.status != .identical {
      if case .layer(let index, _) = layout?.roles[tensor.name] { changed.insert(index) }
    }
    changedLayers = changed.sorted()
    config = Self.compare(first.config, first.config.root, second.config, second.config.root, path: "")
    files = try Self.compareFiles(first, second)
  }

  private static func compare(_ first: StoredTensor, _ second: StoredTensor?) throws -> Tensor {
    guard let second else { return Tensor(name: first.name, status: .onlyInFirst) }
    let kinds = first.kind == second.kind ? nil : "\(first.kind), \(second.kind)"
    guard first.shape == second.shape else { return Tensor(name: first.name, status: .reshaped, kinds: kinds) }
    if first.dtype == second.dtype, try first.hasBytes(of: second) {
      return Tensor(name: first.name, status: .identical, norm: 0, largest: 0)
    }
    guard let firstFormat = ScalarFormat(first.dtype), let secondFormat = ScalarFormat(second.dtype) else {
      return Tensor(name: first.name, status: .changed, kinds: kinds)
    }
    var squares = 0.0
    var largest = 0.0
    try first.forEachPiece(beside: second) { a, b, _ in
      for index in 0..<a.count / firstFormat.byteWidth {
        let change = (secondFormat.value(b, at: index) - firstFormat.value(a, at: index)).magnitude
        squares += change * change
        // A NaN on either side must show, and no comparison with it is true.
        if !(change <= largest) { largest = change }
      }
    }
    return Tensor(
      name: first.name, status: .changed, norm: squares.squareRoot(), largest: largest, kinds: kinds)
  }

  private static func compare(
    _ first: ConfigText, _ a: JSONNode, _ second: ConfigText, _ b: JSONNode, path: String
  ) -> [Entry] {
    guard let firstMembers = a.members, let secondMembers = b.members else {
      let (old, new) = (compact(first, a), compact(second, b))
      return old == new ? [] : [Entry(name: path, first: old, second: new)]
    }
    func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
    var entries: [Entry] = []
    for member in firstMembers {
      if let other = b[member.key] {
        entries += compare(first, member.value, second, other, path: name(member.key))
      } else {
        entries.append(Entry(name: name(member.key), first: compact(first, member.value), second: nil))
      }
    }
    for member in secondMembers where a[member.key] == nil {
      entries.append(Entry(name: name(member.key), first: nil, second: compact(second, member.value)))
    }
    return entries
  }

  /// A value without layout, so that white space is no difference.
  private static func compact(_ config: ConfigText, _ node: JSONNode) -> String {
    if let elements = node.elements { return "[\(elements.map { compact(config, $0) }.joined(separator: ", "))]" }
    if let members = node.members {
      return "{\(members.map { "\"\($0.key)\": \(compact(config, $0.value))" }.joined(separator: ", "))}"
    }
    return config.spelling(of: node)
  }

  private static func compareFiles(_ first: Checkpoint, _ second: Checkpoint) throws -> [Entry] {
    let (a, b) = (Set(first.sideFiles), Set(second.sideFiles))
    var entries: [Entry] = []
    for name in a.union(b).sorted() {
      if a.contains(name), b.contains(name) {
        let old = try MappedFile(first.directory.appending(path: name))
        let new = try MappedFile(second.directory.appending(path: name))
        if try !old.hasBytes(0..<old.count, of: new, 0..<new.count) {
          entries.append(Entry(name: name, first: "\(old.count) bytes", second: "\(new.count) bytes"))
        }
      } else {
        entries.append(
          Entry(name: name, first: a.contains(name) ? "there" : nil, second: b.contains(name) ? "there" : nil))
      }
    }
    return entries
  }

  /// The comparison as JSON.
  package var json: JSONValue {
    func entries(_ entries: [Entry], key: String) -> JSONValue {
      .array(
        entries.map {
          .object([
            (key, .string($0.name)), ("first", $0.first.map { .string($0) } ?? .null),
            ("second", $0.second.map { .string($0) } ?? .null),
          ])
        })
    }
    return [
      "identical": .bool(isIdentical), "changed_layers": .integers(changedLayers),
      "tensors": .array(
        tensors.map { tensor in
          var members: [(key: String, value: JSONValue)] = [
            ("name", .string(tensor.name)), ("status", .string(tensor.status.rawValue)),
            ("norm", tensor.norm.map { .number($0) } ?? .null),
            ("max_abs", tensor.largest.map { .number($0) } ?? .null),
          ]
          if let kinds = tensor.kinds { members.append(("kinds", .string(kinds))) }
          return .object(members)
        }), "config": entries(config, key: "key"), "files": entries(files, key: "name"),
    ]
  }
}
