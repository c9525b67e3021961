/// Writes GGUF byte by byte, sound or not.
struct GGUFBuilder {
  var magic = Array("GGUF".utf8)
  var version: UInt32 = 3
  var keyCount: UInt64?
  var tensorCount: UInt64?
  var alignment = 32
  private var keys: [[UInt8]] = []
  private var infos: [[UInt8]] = []
  private var data: [UInt8] = []

  /// The number that the format gives a kind of value.
  enum Kind: UInt32 {
    case u8 = 0
    case i8, u16, i16, u32, i32, f32, bool, string, array, u64, i64, f64
  }

  mutating func add(key: String, kind: UInt32, value: [UInt8]) {
    keys.append(Self.string(key) + Self.bytes(kind) + value)
  }

  mutating func add(_ key: String, _ value: String) {
    add(key: key, kind: Kind.string.rawValue, value: Self.string(value))
  }
  mutating func add(_ key: String, _ value: UInt32) { add(key: key, kind: Kind.u32.rawValue, value: Self.bytes(value)) }
  mutating func add(_ key: String, _ value: Float) {
    add(key: key, kind: Kind.f32.rawValue, value: Self.bytes(value.bitPattern))
  }
  mutating func add(_ key: String, _ value: Bool) { add(key: key, kind: Kind.bool.rawValue, value: [value ? 1 : 0]) }
  mutating func add(_ key: String, _ values: [String]) {
    let count = Self.bytes(UInt64(values.count))
    add(
      key: key, kind: Kind.array.rawValue,
      value: Self.bytes(Kind.string.rawValue) + count + values.flatMap(Self.string))
  }
  mutating func add(_ key: String, _ values: [UInt32]) {
    let count = Self.bytes(UInt64(values.count))
    add(
      key: key, kind: Kind.array.rawValue,
      value: Self.bytes(Kind.u32.rawValue) + count + values.flatMap { Self.bytes($0) })
  }

  /// Adds a tensor; its offset follows the one before it unless another is given.
  mutating func addTensor(
    _ name: String, dimensions: [UInt64], type: UInt32 = 0, bytes: [UInt8], offset: UInt64? = nil
  ) {
    data += [UInt8](repeating: 0, count: -data.count & (alignment - 1))
    let place = Self.bytes(offset ?? UInt64(data.count))
    let shape = Self.bytes(UInt32(dimensions.count)) + dimensions.flatMap { Self.bytes($0) }
    infos.append(Self.string(name) + shape + Self.bytes(type) + place)
    data += bytes
  }

  /// Adds a tensor of singles, row-major.
  mutating func addTensor(_ name: String, shape: [Int], value: Float = 0.5) {
    let count = shape.reduce(1, *)
    addTensor(
      name, dimensions: shape.reversed().map(UInt64.init),
      bytes: [[UInt8]](repeating: Self.bytes(value.bitPattern), count: count).flatMap { $0 })
  }

  var bytes: [UInt8] {
    var bytes = magic + Self.bytes(version) + Self.bytes(tensorCount ?? UInt64(infos.count))
    bytes += Self.bytes(keyCount ?? UInt64(keys.count))
    bytes += keys.flatMap { $0 } + infos.flatMap { $0 }
    bytes += [UInt8](repeating: 0, count: -bytes.count & (alignment - 1))
    return bytes + data
  }

  static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  static func string(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + Array(text.utf8) }
}

extension GGUFBuilder {
  /// A Llama of one layer, width 4, two heads and a three-token vocabulary; `change` alters it before it is built.
  static func llama(
    omitting omitted: Set<String> = [], shapes: [String: [Int]] = [:], value: Float = 0.5,
    change: (inout GGUFBuilder) -> Void = { _ in }
  ) -> [UInt8] {
    var builder = GGUFBuilder()
    func add(_ key: String, _ body: (inout GGUFBuilder) -> Void) {
      if !omitted.contains(key) { body(&builder) }
    }
    add("general.architecture") { $0.add("general.architecture", "llama") }
    for (key, value) in [
      ("block_count", 1), ("context_length", 16), ("embedding_length", 4), ("feed_forward_length", 6),
      ("attention.head_count", 2), ("attention.head_count_kv", 1),
    ] as [(String, UInt32)] {
      add("llama.\(key)") { $0.add("llama.\(key)", value) }
    }
    add("llama.attention.layer_norm_rms_epsilon") { $0.add("llama.attention.layer_norm_rms_epsilon", Float(1e-5)) }
    add("tokenizer.ggml.model") { $0.add("tokenizer.ggml.model", "gpt2") }
    add("tokenizer.ggml.pre") { $0.add("tokenizer.ggml.pre", "gpt-2") }
    add("tokenizer.ggml.tokens") { $0.add("tokenizer.ggml.tokens", ["a", "b", "ab"]) }
    add("tokenizer.ggml.token_type") { $0.add("tokenizer.ggml.token_type", [1, 1, 1] as [UInt32]) }
    add("tokenizer.ggml.merges") { $0.add("tokenizer.ggml.merges", ["a b"]) }
    let tensors: [(String, [Int])] = [
      ("token_embd", [3, 4]), ("blk.0.attn_norm", [4]), ("blk.0.attn_q", [4, 4]), ("blk.0.attn_k", [2, 4]),
      ("blk.0.attn_v", [2, 4]), ("blk.0.attn_output", [4, 4]), ("blk.0.ffn_norm", [4]), ("blk.0.ffn_gate", [6, 4]),
      ("blk.0.ffn_up", [6, 4]), ("blk.0.ffn_down", [4, 6]), ("output_norm", [4]),
    ]
    for (name, shape) in tensors where !omitted.contains("\(name).weight") {
      builder.addTensor("\(name).weight", shape: shapes["\(name).weight"] ?? shape, value: value)
    }
    change(&builder)
    return builder.bytes
  }
}
