import Checkpoints
import Foundation
import TestSupport
import Testing

struct FuzzTests {
  @Test func nothingIsAcceptedThatTheReferenceRejects() throws {
    let longer = ProcessInfo.processInfo.environment["ELO_FUZZ_HEADERS"].map { URL(filePath: $0) }
    let records = [UInt8](try Data(contentsOf: longer ?? fixture("checkpoints-fuzz/headers.bin")))
    var position = 0
    var (accepted, stricter, total) = (0, 0, 0)
    while position < records.count {
      let isAccepted = records[position] == 1
      let length = (0..<4).reduce(0) { $0 | Int(records[position + 1 + $1]) << (8 * $1) }
      let file = Array(records[position + 5..<position + 5 + length])
      position += 5 + length
      total += 1
      do {
        _ = try parsedHeader(file)
        accepted += 1
        #expect(isAccepted, "accepted: \(String(decoding: file.dropFirst(8), as: UTF8.self))")
      } catch {
        #expect("\(error)".contains("weights"))
        // We refuse duplicate keys, and dimensions beyond a signed word beside a dimension of 0; nothing else that the
        // reference accepts.
        if isAccepted {
          stricter += 1
          let text = "\(error)"
          #expect(["twice", "two values", "922337203685477580", "18446744073709551615"].contains { text.contains($0) })
        }
      }
    }
    #expect(accepted > total / 10, "the corpus holds sound files")
    #expect(stricter < total / 20)
  }

  @Test func mutatedFilesNeverCrashAndAcceptedOnesAreCovered() throws {
    let sound = safetensorsBytes(
      """
      {"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},\
      "b":{"dtype":"F4","shape":[4],"data_offsets":[24,26]},"c":{"dtype":"BF16","shape":[],"data_offsets":[26,28]}}
      """, data: [UInt8](repeating: 1, count: 28))
    let seed: UInt64 = 20_260_103
    var random = SeededNumbers(seed: seed)
    let start = ContinuousClock.now
    for round in 0..<200_000 {
      var file = sound
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<file.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: file[place] = UInt8.random(in: 0...255, using: &random)
        case 1: file[place] = Array("0123456789{}[],:\"\\ ".utf8).randomElement(using: &random)!
        case 2: file.remove(at: place)
        default: file.insert(file[Int.random(in: 0..<file.count, using: &random)], at: place)
        }
        if file.isEmpty { break }
      }
      guard let header = try? parsedHeader(file) else { continue }
      var end = header.dataOffset
      for entry in header.entriesInFileOrder {
        #expect(entry.byteRange.lowerBound == end, "seed \(seed), round \(round)")
        #expect(entry.byteRange.count * 8 == entry.shape.reduce(1, *) * entry.dtype.bitWidth)
        end = entry.byteRange.upperBound
      }
      #expect(end == file.count, "seed \(seed), round \(round)")
    }
    #expect(ContinuousClock.now - start < .seconds(120))
  }

  @Test func mutatedIndexesNeverCrashAndAcceptedOnesAgreeWithTheShards() throws {
    try withTemporaryDirectory { directory in
      try makeShardedCheckpoint(in: directory)
      let sound = try bytes(of: "model.safetensors.index.json", in: directory)
      let seed: UInt64 = 7
      var random = SeededNumbers(seed: seed)
      for round in 0..<3000 {
        var index = sound
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          let place = Int.random(in: 0..<index.count, using: &random)
          switch Int.random(in: 0..<3, using: &random) {
          case 0: index[place] = UInt8.random(in: 0...255, using: &random)
          case 1: index.remove(at: place)
          default: index.insert(Array("\"{}:,ab1/".utf8).randomElement(using: &random)!, at: place)
          }
        }
        try write(index, to: "model.safetensors.index.json", in: directory)
        guard let checkpoint = try? Checkpoint(directory: directory) else { continue }
        #expect(Array(checkpoint.tensors.keys) == ["a", "b"], "seed \(seed), round \(round)")
      }
    }
  }
}
