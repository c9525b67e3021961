import Foundation

/// `metrics.jsonl`: one line for each step, readable while the run goes on.
final class MetricsFile {
  static let name = "metrics.jsonl"
  private let url: URL
  private let handle: FileHandle
  /// The file's length.
  private(set) var byteCount: Int

  /// Opens the file, making it where it is missing.
  /// - Parameter kept: how many of its bytes stay; what is behind is cut off.
  /// - Throws: `TrainingError.cannotWrite`, `.badSave` when the file is shorter.
  init(_ url: URL, keeping kept: Int) throws(TrainingError) {
    self.url = url
    byteCount = kept
    let descriptor = open(url.path(percentEncoded: false), O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .cannotWrite(url, problem: String(cString: strerror(errno))) }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      guard try handle.seekToEnd() >= UInt64(kept) else {
        throw TrainingError.badSave(url, problem: "it is shorter than when the run was saved")
      }
      try handle.truncate(atOffset: UInt64(kept))
      try handle.seekToEnd()
    } catch let error as TrainingError {
      throw error
    } catch {
      throw .cannotWrite(url, problem: String(describing: error))
    }
  }

  /// Appends a line.
  /// - Throws: `TrainingError.cannotWrite`.
  func append(_ record: StepRecord) throws(TrainingError) {
    do {
      let line = Data((try record.jsonLine() + "\n").utf8)
      try handle.write(contentsOf: line)
      byteCount += line.count
    } catch {
      throw .cannotWrite(url, problem: String(describing: error))
    }
  }

  /// Flushes what was appended to the disk.
  /// - Throws: `TrainingError.cannotWrite`.
  func flush() throws(TrainingError) {
    do { try handle.synchronize() } catch { throw .cannotWrite(url, problem: String(describing: error)) }
  }

  /// The lines of a file.
  /// - Throws: `TrainingError.badSave` when one is no record.
  static func records(in url: URL) throws(TrainingError) -> [StepRecord] {
    let decoder = JSONDecoder()
    do {
      return try Data(contentsOf: url).split(separator: 0x0A).map { try decoder.decode(StepRecord.self, from: $0) }
    } catch {
      throw .badSave(url, problem: "it is missing or a line of it is no record of a step")
    }
  }
}
