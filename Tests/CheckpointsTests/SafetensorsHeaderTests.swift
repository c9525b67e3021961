import Checkpoints
import Testing

/// The verdicts of the reference reader, row by row.
struct SafetensorsHeaderTests {
  static let f32 = #"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#

  private func problem(_ header: String, data: [UInt8] = []) -> CheckpointError? {
    do {
      _ = try parsedHeader(safetensorsBytes(header, data: data))
      return nil
    } catch { return error }
  }

  @Test func aSoundFileGivesItsTensorsInHeaderOrderAndInFileOrder() throws {
    let header = """
      {"__metadata__":{"format":"pt"},"late":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},\
      "early":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4],"extra":{"any":[1e5]}}}
      """
    let parsed = try parsedHeader(safetensorsBytes(header, data: Array(0..<8)))
    #expect(parsed.entries.map(\.name) == ["late", "early"])
    #expect(parsed.entriesInFileOrder.map(\.name) == ["early", "late"])
    #expect(parsed.entriesInFileOrder[0].shape == [2, 1])
    #expect(parsed.entriesInFileOrder[0].dtype == .bf16)
    #expect(parsed.entries[0].byteRange == parsed.dataOffset + 4..<parsed.dataOffset + 8)
    #expect(parsed.metadata.map(\.key) == ["format"])
    #expect(parsed.text == Array(header.utf8))
  }

  @Test func theTypesAreTheFormats() {
    #expect(DType.all.count == 22)
    #expect(Set(DType.all.map(\.name)).count == 22)
    #expect(DType(safetensorsName: "F6_E2M3")?.bitWidth == 6)
    #expect(DType(safetensorsName: "F128") == nil)
  }

  @Test(arguments: [
    "{}", #"{"__metadata__":null}"#, "  {}\n\t ", #"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"F4","shape":[0,3],"data_offsets":[0,0]}}"#,
  ])
  func aFileWithoutDataIsSound(header: String) {
    #expect(problem(header) == nil)
  }

  @Test func aScalarAnUnalignedHeaderAndAZeroSizeTensorOnABoundaryAreSound() {
    #expect(problem(#"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}} "#, data: [1, 2, 3, 4]) == nil)
    let zero =
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"z":{"dtype":"F32","shape":[0],"data_offsets":[1,1]}}"#
    #expect(problem(zero, data: [1]) == nil)
  }

  @Test func subByteTensorsAreSoundWhenTheyFillBytes() {
    #expect(problem(#"{"a":{"dtype":"F4","shape":[3,2],"data_offsets":[0,3]}}"#, data: [1, 2, 3]) == nil)
    #expect(
      problem(#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, data: [1, 2])
        == .invalidTensor(path: "weights", tensor: "a", .invalidSize(dtype: .f4, shape: [3])))
  }

  @Test func aZeroSizeTensorInsideAnotherIsAnOverlap() {
    let header =
      #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"z":{"dtype":"F32","shape":[0],"data_offsets":[2,2]}}"#
    #expect(
      problem(header, data: [1, 2, 3, 4])
        == .invalidTensor(path: "weights", tensor: "z", .notContiguous(expected: 4, found: 2)))
  }

  @Test func holesOverlapsAndSharedRangesNameTheTensor() {
    let two = { (begin: Int) in
      #"{"a":\#(Self.f32),"b":{"dtype":"F32","shape":[1],"data_offsets":[\#(begin),\#(begin + 4)]}}"#
    }
    for (begin, bytes) in [(6, 10), (2, 6), (0, 4)] {
      #expect(
        problem(two(begin), data: [UInt8](repeating: 0, count: bytes))
          == .invalidTensor(path: "weights", tensor: "b", .notContiguous(expected: 4, found: begin)))
    }
  }

  @Test func missingAndTrailingBytesAreRefused() {
    for count in [0, 3, 5, 400] {
      #expect(
        problem(#"{"a":\#(Self.f32)}"#, data: [UInt8](repeating: 0, count: count))
          == .invalidHeader(path: "weights", .dataSize(expected: 4, found: count)))
    }
  }

  @Test func theHeadersLengthIsChecked() {
    func problem(_ bytes: [UInt8]) -> CheckpointError? {
      do {
        _ = try parsedHeader(bytes)
        return nil
      } catch { return error }
    }
    #expect(problem([1, 2, 3]) == .invalidHeader(path: "weights", .fileTooShort(bytes: 3)))
    #expect(
      problem([3, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D])
        == .invalidHeader(path: "weights", .truncated(headerBytes: 3, fileBytes: 10)))
    #expect(
      problem([UInt8](repeating: 0xFF, count: 8)) == .invalidHeader(path: "weights", .tooLong(bytes: .max)))
    // 100,000,001
    #expect(
      problem([0x01, 0xE1, 0xF5, 0x05, 0, 0, 0, 0, 0x7B, 0x7D])
        == .invalidHeader(path: "weights", .tooLong(bytes: 100_000_001)))
  }

  @Test func aNameStandsOnce() {
    #expect(
      problem(#"{"a":\#(Self.f32),"a":\#(Self.f32)}"#, data: [0, 0, 0, 0])
        == .invalidHeader(path: "weights", .duplicateKey("a")))
    #expect(
      problem(#"{"__metadata__":{"x":"1"},"__metadata__":{"x":"1"}}"#)
        == .invalidHeader(path: "weights", .duplicateKey("__metadata__")))
  }

  @Test func metadataIsNullOrTexts() {
    #expect(problem(#"{"__metadata__":{"n":1}}"#) == .invalidHeader(path: "weights", .invalidMetadata(key: "n")))
    #expect(problem(#"{"__metadata__":["n"]}"#) == .invalidHeader(path: "weights", .invalidMetadata(key: nil)))
  }

  @Test func whatIsNoJSONObjectIsRefused() {
    #expect(problem("[]") == .invalidHeader(path: "weights", .notAnObject))
    guard case .invalidHeader(_, .invalidJSON) = problem("{}\0\0") else {
      Issue.record("NUL padding was accepted")
      return
    }
    guard case .invalidHeader(_, .invalidJSON) = problem(#"{"a""#) else {
      Issue.record("half a header was accepted")
      return
    }
  }

  @Test(arguments: [
    #"[]"#, #"{}"#, #"{"dtype":"F32","shape":[1]}"#, #"{"dtype":"F32","data_offsets":[0,4]}"#,
    #"{"shape":[1],"data_offsets":[0,4]}"#, #"{"dtype":"F33","shape":[1],"data_offsets":[0,4]}"#,
    #"{"dtype":32,"shape":[1],"data_offsets":[0,4]}"#, #"{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}"#,
    #"{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}"#, #"{"dtype":"F32","shape":1,"data_offsets":[0,4]}"#,
    #"{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}"#, #"{"dtype":"F32","shape":[1],"data_offsets":[0]}"#,
    #"{"dtype":"F32","shape":[1],"data_offsets":[4,0]}"#, #"{"dtype":"F32","shape":[2],"data_offsets":[0,4]}"#,
    #"{"dtype":"F32","shape":[1],"data_offsets":[-0,4]}"#, #"{"dtype":"F32","shape":[1],"data_offsets":[0,4e0]}"#,
    #"{"dtype":"F32","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,4]}"#,
    #"{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,4]}"#,
    #"{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}"#,
    #"{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}"#,
  ])
  func anUnsoundEntryIsRefusedByName(entry: String) {
    guard case .invalidTensor("weights", "t", _) = problem(#"{"t":\#(entry)}"#, data: [0, 0, 0, 0]) else {
      Issue.record("accepted, or refused without its name: \(entry)")
      return
    }
  }

  @Test func unknownFieldsHoldOnlyWhatTheReferenceReads() {
    func isAccepted(_ value: String) -> Bool {
      problem(#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":\#(value)}}"#, data: [0]) == nil
    }
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    for value in ["1e-999", "123456789012345678901234567890", #""\ud83d\ude00""#, #""\\ud800""#, nested(100)] {
      #expect(isAccepted(value), "\(value)")
    }
    for value in ["1e999", "-1e999", #""\ud800""#, #""\udc00x""#, #""\ud800\ud800""#, nested(126), nested(300)] {
      #expect(!isAccepted(value), "\(value)")
    }
  }

  @Test func errorsNameFileAndTensorAndSayWhatToDo() {
    let text = CheckpointError.invalidTensor(
      path: "/m/model.safetensors", tensor: "model.norm.weight", .notContiguous(expected: 4, found: 8)
    ).description
    #expect(text.contains("/m/model.safetensors") && text.contains("'model.norm.weight'") && text.contains("again"))
  }
}
