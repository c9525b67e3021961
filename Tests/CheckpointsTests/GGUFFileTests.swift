import Checkpoints
import Foundation
import Testing
import TestSupport

@Suite struct GGUFFileTests {
  @Test func everyTypeWidensToTheElementsOfGGUFPy() throws {
    let file = try GGUFFile(fixture("gguf/types.gguf"))
    let expected = try singles(fixture("gguf/types.safetensors"))
    #expect(Set(file.tensors.values.map(\.type)) == Set(GGMLType.allCases))
    #expect(file.tensors.keys.sorted() == expected.keys.sorted())
    for tensor in file.tensors.values {
      #expect(tensor.name == "test.\(tensor.type.name)")
      let found = try file.values(of: tensor.name).map(\.bitPattern)
      let wanted = try #require(expected[tensor.name]).map(\.bitPattern)
      #expect(found.count == wanted.count)
      let different = zip(found, wanted).enumerated().filter { $0.element.0 != $0.element.1 }.map(\.offset)
      let isEqual = different.isEmpty
      #expect(isEqual, "\(tensor.name) differs at \(different.prefix(5)) of \(wanted.count)")
    }
  }

  @Test func metadataOfEveryTypeIsRead() throws {
    let file = try GGUFFile(fixture("gguf/types.gguf"))
    let expected: [String: GGUFValue] = [
      "u8": .integer(200), "i8": .integer(-100), "u16": .integer(60000), "i16": .integer(-30000),
      "u32": .integer(4_000_000_000), "i32": .integer(-2_000_000_000), "u64": .largeInteger(.max),
      "i64": .integer(.min), "f32": .float(0.1), "f64": .double(0.1), "bool": .bool(true),
      "string": .string("Grüße, 세계 👋🏽"), "integers": .array([.integer(1), .integer(-2), .integer(3)]),
      "strings": .array([.string(""), .string("a"), .string("ß")]),
      "nested": .array([.array([.integer(1), .integer(2)]), .array([.integer(3)])]),
    ]
    for (key, value) in expected { #expect(file.metadata["test.\(key)"] == value, "test.\(key)") }
    #expect(file.version == 3)
    #expect(file.alignment == 64)
  }

  @Test func versionTwoIsReadAsVersionThree() throws {
    let (_, three) = try parse(GGUFBuilder.llama())
    let (_, two) = try parse(GGUFBuilder.llama { $0.version = 2 })
    #expect(two.tensors == three.tensors)
    #expect(two.metadata == three.metadata)
  }

  @Test func anUnknownTensorNameIsAnError() throws {
    let file = try GGUFFile(fixture("gguf/types.gguf"))
    #expect(throws: GGUFError.missingTensor(file: "types.gguf", tensor: "no.such")) { try file.values(of: "no.such") }
  }

  // MARK: Damage

  @Test func aFileCutAnywhereThrowsAndNamesWhereItEnds() throws {
    let bytes = GGUFBuilder.llama()
    for length in 0..<bytes.count {
      #expect(throws: GGUFError.self, "cut after \(length) bytes") { try parse(Array(bytes[..<length])) }
    }
    let inData = GGUFError.tensorOutsideFile(
      file: "sample.gguf", tensor: "output_norm.weight", end: bytes.count, fileSize: bytes.count - 1)
    #expect(throws: inData) { try parse(Array(bytes.dropLast())) }
    #expect(throws: GGUFError.truncated(file: "sample.gguf", item: "key general.architecture", offset: 60)) {
      try parse(Array(bytes[..<60]))
    }
  }

  @Test func mutatedFilesParseInBoundsOrThrow() throws {
    let original = try [UInt8](Data(contentsOf: fixture("gguf/tied.gguf")))
    let headerEnd = try #require(parse(original).1.tensors.values.map(\.byteRange.lowerBound).min())
    let seed: UInt64 = 20_261_123
    var random = SeededNumbers(seed: seed)
    var thrown = 0
    for round in 0..<3000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<headerEnd, using: &random)
        bytes[place] = [0, 0xFF, 0x7F, 0x80, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random)!
      }
      do {
        let (_, contents) = try parse(bytes)
        for tensor in contents.tensors.values {
          #expect(tensor.byteRange.upperBound <= bytes.count, "seed \(seed), round \(round), \(tensor.name)")
        }
      } catch is GGUFError {
        thrown += 1
      }
    }
    #expect(thrown > 100)
  }

  @Test func mutatedFilesPlanAndWidenOrThrow() throws {
    let original = try [UInt8](Data(contentsOf: fixture("gguf/untied.gguf")))
    let headerEnd = try #require(parse(original).1.tensors.values.map(\.byteRange.lowerBound).min())
    var random = SeededNumbers(seed: 7)
    try withTemporaryDirectory { directory in
      for round in 0..<300 {
        var bytes = original
        bytes[Int.random(in: 0..<headerEnd, using: &random)] = UInt8.random(in: 0...255, using: &random)
        let url = directory.appending(path: "\(round).gguf")
        try Data(bytes).write(to: url)
        do {
          let plan = try GGUFConversion(file: url, dtype: .f16)
          for name in plan.file.tensors.keys { _ = try plan.file.values(of: name) }
        } catch is GGUFError {}
      }
    }
  }

  @Test(arguments: hostileFiles) func aHostileFileIsRefused(_ hostile: HostileFile) throws {
    #expect(throws: hostile.error) { try parse(hostile.bytes) }
    #expect(hostile.error.description.contains("sample.gguf"))
  }
}

/// A file that must be refused, and with what error.
struct HostileFile: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let bytes: [UInt8]
  let error: GGUFError

  init(_ description: String, _ error: GGUFError, change: (inout GGUFBuilder) -> Void) {
    var builder = GGUFBuilder()
    change(&builder)
    testDescription = description
    bytes = builder.bytes
    self.error = error
  }
}

private func malformed(_ item: String, _ problem: String) -> GGUFError {
  .malformed(file: "sample.gguf", item: item, problem: problem)
}

private let hostileFiles: [HostileFile] = [
  HostileFile("another magic", .notGGUF(file: "sample.gguf")) { $0.magic = Array("GGML".utf8) },
  HostileFile("version 1", .unsupportedVersion(file: "sample.gguf", version: 1)) { $0.version = 1 },
  HostileFile("big-endian", .unsupportedVersion(file: "sample.gguf", version: 3 << 24)) { $0.version = 3 << 24 },
  HostileFile("more keys than bytes", .truncated(file: "sample.gguf", item: "metadata key 0", offset: 24)) {
    $0.alignment = 1
    $0.keyCount = .max
  },
  HostileFile("more tensors than bytes", .truncated(file: "sample.gguf", item: "the name of tensor 1", offset: 89)) {
    $0.alignment = 1
    $0.addTensor("t", shape: [8])
    $0.tensorCount = .max
  },
  HostileFile("a string longer than the file", .truncated(file: "sample.gguf", item: "key k", offset: 64)) {
    $0.add(key: "k", kind: 8, value: GGUFBuilder.bytes(UInt64.max))
  },
  HostileFile("an array longer than the file", .truncated(file: "sample.gguf", item: "key k", offset: 64)) {
    $0.add(key: "k", kind: 9, value: GGUFBuilder.bytes(UInt32(0)) + GGUFBuilder.bytes(UInt64(1) << 40))
  },
  HostileFile("arrays nested without end", malformed("key k", "holds arrays nested too deeply")) {
    let level = GGUFBuilder.bytes(UInt32(9)) + GGUFBuilder.bytes(UInt64(1))
    $0.add(key: "k", kind: 9, value: [[UInt8]](repeating: level, count: 1000).flatMap { $0 })
  },
  HostileFile("an unknown value type", malformed("key k", "has a value of the unknown type 13")) {
    $0.add(key: "k", kind: 13, value: [0])
  },
  HostileFile("a truth value of 2", malformed("key k", "is neither true nor false")) {
    $0.add(key: "k", kind: 7, value: [2])
  },
  HostileFile("text that is no UTF-8", malformed("key k", "is not valid UTF-8")) {
    $0.add(key: "k", kind: 8, value: GGUFBuilder.bytes(UInt64(1)) + [0xFF])
  },
  HostileFile("a key twice", malformed("key k", "is there twice")) {
    $0.add("k", UInt32(1))
    $0.add("k", UInt32(1))
  },
  HostileFile("an alignment of 48", malformed("key general.alignment", "is not a power of two")) {
    $0.add("general.alignment", UInt32(48))
  },
  HostileFile("a tensor twice", malformed("tensor t", "is there twice")) {
    $0.addTensor("t", shape: [8])
    $0.addTensor("t", shape: [8])
  },
  HostileFile("no dimensions", malformed("tensor t", "has 0 dimensions")) {
    $0.addTensor("t", dimensions: [], bytes: [])
  },
  HostileFile("five dimensions", malformed("tensor t", "has 5 dimensions")) {
    $0.addTensor("t", dimensions: [1, 1, 1, 1, 1], bytes: [])
  },
  HostileFile("a dimension of 0", malformed("tensor t", "has a dimension of 0")) {
    $0.addTensor("t", dimensions: [0], bytes: [])
  },
  HostileFile("a dimension above the signed range", malformed("tensor t", "has a dimension of \(UInt64.max)")) {
    $0.addTensor("t", dimensions: [.max], bytes: [])
  },
  HostileFile("dimensions whose product overflows", malformed("tensor t", "has more elements than can be counted")) {
    $0.addTensor("t", dimensions: [1 << 32, 1 << 32], bytes: [])
  },
  HostileFile(
    "rows that end inside a block", malformed("tensor t", "has rows of 33, no multiple of Q8_0's 32 elements a block")
  ) { $0.addTensor("t", dimensions: [33], type: 8, bytes: []) },
  HostileFile("a type that is not read", .unreadType(file: "sample.gguf", tensor: "t", type: "Q2_K")) {
    $0.addTensor("t", dimensions: [256], type: 10, bytes: [])
  },
  HostileFile("a type that does not exist", .unreadType(file: "sample.gguf", tensor: "t", type: "type number 99")) {
    $0.addTensor("t", dimensions: [256], type: 99, bytes: [])
  },
  HostileFile("an offset off the alignment", malformed("tensor t", "does not start at a multiple of 32 bytes")) {
    $0.addTensor("t", dimensions: [1], bytes: [0, 0, 0, 0], offset: 4)
  },
  HostileFile(
    "an offset behind the file",
    .tensorOutsideFile(file: "sample.gguf", tensor: "t", end: 64 + 1 << 62 + 4, fileSize: 68)
  ) { $0.addTensor("t", dimensions: [1], bytes: [0, 0, 0, 0], offset: 1 << 62) },
  HostileFile("two tensors on the same bytes", malformed("tensor b", "shares bytes with tensor a")) {
    $0.addTensor("a", shape: [16])
    $0.addTensor("b", dimensions: [8], bytes: [UInt8](repeating: 0, count: 32), offset: 32)
  },
]

/// Parses bytes as a file named sample.gguf.
@discardableResult
private func parse(_ bytes: [UInt8]) throws -> (GGUFParser, GGUFParser.Contents) {
  try bytes.withUnsafeBytes { buffer in
    var parser = GGUFParser(bytes: buffer, file: "sample.gguf")
    let contents = try parser.parse()
    return (parser, contents)
  }
}
