import EventFiles
import Foundation
import TestSupport
import Testing

/// Event files against the bytes that TensorBoard's own messages and frames give.
@Suite struct EventFilesTests {
  @Test func framesAreThoseOfTensorBoard() throws {
    let events = [
      Event(time: 1_700_000_000.25, step: 0, .version), Event(time: 1_700_000_000.5, step: 3, .start),
      Event(time: 1_700_000_001, step: 3, .scalars([.init("train/loss", 2.5), .init("train/learning_rate", 2e-4)])),
      Event(
        time: 1_700_000_002.75, step: 1 << 40,
        .scalars([
          .init("bits_per_byte/한국어", 0.1), .init("train/loss", -1e-30), .init("train/gradient_norm", 3e38),
        ])),
      Event(time: 1_700_000_003, step: 0, .scalars([.init("train/loss", 0)])),
    ]
    #expect(try Data(events.flatMap(\.frame)) == Data(contentsOf: fixture("events/run.tfevents")))
  }

  @Test func checksAreThoseOfTensorBoard() throws {
    struct Sample: Decodable {
      let bytes: [UInt8]
      let masked: UInt32
    }
    let samples = try JSONDecoder().decode([Sample].self, from: Data(contentsOf: fixture("events/crc32c.json")))
    #expect(samples.count == 5)
    for sample in samples { #expect(CRC32C.masked(sample.bytes) == sample.masked) }
    // The check value that RFC 3720's polynomial is known by.
    #expect(CRC32C.check(Array("123456789".utf8)) == 0xE306_9283)
  }

  @Test func aFileBeginsWithItsVersionAndGrows() throws {
    try withTemporaryDirectory { directory in
      let file = try EventFile(in: directory.appending(path: "runs/a"), name: EventFile.currentName())
      #expect(file.url.lastPathComponent.hasPrefix("events.out.tfevents."))
      let event = Event(time: 1, step: 1, .scalars([.init("loss", 1)]))
      try file.append(event)
      let bytes = try [UInt8](Data(contentsOf: file.url))
      #expect(bytes.suffix(event.frame.count).elementsEqual(event.frame))
      #expect(bytes.count == event.frame.count + Event(time: 1, step: 0, .version).frame.count)
    }
  }

  @Test func aFolderThatCannotBeMadeIsNamed() throws {
    try withTemporaryDirectory { directory in
      let place = directory.appending(path: "a file")
      try Data().write(to: place)
      #expect {
        _ = try EventFile(in: place, name: "x")
      } throws: { error in
        "\(error)".contains(place.path) && "\(error)".contains("--tensorboard")
      }
    }
  }
}
