import Checkpoints
import Foundation
import TestSupport
import Testing

struct WritingTests {
  private func stagingError(for url: URL, byteCount: Int? = nil) -> CheckpointError? {
    do {
      _ = try StagedDirectory(for: url, byteCount: byteCount)
      return nil
    } catch { return error }
  }

  @Test func aStagedDirectoryAppearsWhole() throws {
    try withTemporaryDirectory { directory in
      let output = directory.appending(path: "deep/out")
      let staged = try StagedDirectory(for: output)
      try write([1, 2], to: "sub/file", in: staged.url)
      #expect(!FileManager.default.fileExists(atPath: output.path(percentEncoded: false)))
      try staged.commit()
      #expect(try bytes(of: "sub/file", in: output) == [1, 2])
      #expect(
        try FileManager.default.contentsOfDirectory(
          atPath: directory.appending(path: "deep").path(percentEncoded: false))
          == ["out"])
    }
  }

  @Test func whatIsNotCommittedLeavesNothing() throws {
    try withTemporaryDirectory { directory in
      func abandon() throws {
        let staged = try StagedDirectory(for: directory.appending(path: "out"))
        try write([1], to: "file", in: staged.url)
      }
      try abandon()
      let left = try FileManager.default.contentsOfDirectory(atPath: directory.path(percentEncoded: false))
      #expect(left.isEmpty)
    }
  }

  @Test func anEmptyDirectoryIsReplacedAndAFullOneRefused() throws {
    try withTemporaryDirectory { directory in
      let output = directory.appending(path: "out")
      try FileManager.default.createDirectory(at: output, withIntermediateDirectories: false)
      let staged = try StagedDirectory(for: output)
      try write([1], to: "file", in: staged.url)
      try staged.commit()
      #expect(try bytes(of: "file", in: output) == [1])
      #expect(stagingError(for: output) == .destinationExists(path: output.path(percentEncoded: false)))
    }
  }

  @Test func remainsOfADeadWriterAreRemovedAndALiveWriterIsRespected() throws {
    try withTemporaryDirectory { directory in
      try write([1], to: ".out.staging/half/written", in: directory)
      let output = directory.appending(path: "out")
      let staged = try StagedDirectory(for: output)
      let removedStale = staged.removedStale
      #expect(removedStale)
      #expect(
        try FileManager.default.subpathsOfDirectory(atPath: directory.path(percentEncoded: false)) == [".out.staging"])
      #expect(stagingError(for: output) == .destinationBusy(path: output.path(percentEncoded: false)))
      try staged.commit()
    }
  }

  @Test func aDiskThatIsTooSmallIsRefusedAtOnce() throws {
    try withTemporaryDirectory { directory in
      guard
        case .noSpace(_, needed: 1 << 60, _) = stagingError(for: directory.appending(path: "out"), byteCount: 1 << 60)
      else {
        Issue.record("the size was not checked")
        return
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: directory.path(percentEncoded: false))
      #expect(left.isEmpty)
    }
  }

  @Test func aFullDeviceIsNamed() throws {
    let descriptor = open("/dev/full", O_WRONLY)
    var output = FileOutput(descriptor: descriptor, path: "/dev/full")
    var found: CheckpointError?
    do { try output.append([1, 2, 3]) } catch { found = error }
    guard case .noSpace("/dev/full", nil, _) = found else {
      Issue.record("\(String(describing: found))")
      return
    }
  }

  @Test func aWrittenFileReadsBackWithItsOrderPaddingAndMode() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "w.safetensors")
      let made = TensorContent.bytes(.u8, shape: [3]) { sink in
        for byte: UInt8 in 1...3 { try withUnsafeBytes(of: byte) { try sink($0) } }
      }
      let scalar = TensorContent.bytes(.f32, shape: []) { sink in
        try withUnsafeBytes(of: Float(2).bitPattern.littleEndian) { try sink($0) }
      }
      var reports: [Int] = []
      try writeSafetensors(to: url, tensors: [("q\"uote\u{1}é", made), ("s", scalar)]) { reports.append($0.completed) }
      let written = try bytes(of: "w.safetensors", in: directory)
      let header = try parsedHeader(written)
      #expect(header.entries.map(\.name) == ["q\"uote\u{1}é", "s"])
      #expect(header.dataOffset % 8 == 0)
      #expect(header.metadata.first?.value == "pt")
      #expect(Array(written[header.dataOffset...]) == [1, 2, 3, 0, 0, 0, 64])
      #expect(reports.last == written.count)
      let mode = umask(0)
      umask(mode)
      var status = stat()
      #expect(stat(url.path(percentEncoded: false), &status) == 0)
      #expect(status.st_mode & 0o777 == 0o666 & ~mode)
    }
  }

  @Test func aProducerThatMakesTooLittleIsRefused() throws {
    try withTemporaryDirectory { directory in
      let content = TensorContent.bytes(.u8, shape: [3]) { _ in }
      #expect(throws: CheckpointError.contentMismatch(tensor: "t", expected: "U8 [3], 3 bytes", found: "0 bytes")) {
        try writeSafetensors(to: directory.appending(path: "w"), tensors: [("t", content)])
      }
    }
  }

  @Test func aRewriteChangesTheGivenTensorsOnly() throws {
    try withTemporaryDirectory { directory in
      let base = directory.appending(path: "base")
      try makeShardedCheckpoint(in: base)
      let checkpoint = try Checkpoint(directory: base)
      let output = directory.appending(path: "out")
      try FileManager.default.createDirectory(at: output, withIntermediateDirectories: false)
      let content = TensorContent.bytes(.f32, shape: [2]) { sink in
        try Array<UInt8>(repeating: 7, count: 8).withUnsafeBytes(sink)
      }
      try rewriteCheckpoint(source: checkpoint, replacing: ["b": content], into: output)
      for name in checkpoint.sideFiles + ["model.safetensors.index.json", "model-00001-of-00002.safetensors"] {
        #expect(try bytes(of: name, in: output) == bytes(of: name, in: base), "\(name)")
      }
      var expected = try bytes(of: "model-00002-of-00002.safetensors", in: base)
      expected.replaceSubrange(expected.count - 8..<expected.count, with: repeatElement(7, count: 8))
      #expect(try bytes(of: "model-00002-of-00002.safetensors", in: output) == expected)
      #expect(throws: CheckpointError.noSuchTensor(name: "c", directory: base.path(percentEncoded: false))) {
        try rewriteCheckpoint(source: checkpoint, replacing: ["c": content], into: output)
      }
      let wrong = TensorContent.bytes(.f32, shape: [3]) { _ in }
      #expect(throws: CheckpointError.contentMismatch(tensor: "a", expected: "F32 [2]", found: "F32 [3]")) {
        try rewriteCheckpoint(source: checkpoint, replacing: ["a": wrong], into: output)
      }
    }
  }
}
