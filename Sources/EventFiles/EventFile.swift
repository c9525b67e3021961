import Foundation

/// A file of events that TensorBoard reads while it grows.
public final class EventFile {
  /// Where it lies.
  public let url: URL
  private let handle: FileHandle

  /// Makes a new event file in a folder, which is made where it is missing.
  /// - Parameter name: what tells this file from others of the folder; TensorBoard reads them in the order of their names,
  ///   so it should begin with the time.
  /// - Throws: `EventFileError` when it cannot be made.
  public init(in folder: URL, name: String) throws(EventFileError) {
    url = folder.appending(path: "events.out.tfevents.\(name)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      guard FileManager.default.createFile(atPath: url.path(percentEncoded: false), contents: nil) else {
        throw CocoaError(.fileWriteUnknown)
      }
      handle = try FileHandle(forWritingTo: url)
    } catch {
      throw .cannotWrite(url, problem: error.localizedDescription)
    }
    try append(Event(time: Date.now.timeIntervalSince1970, step: 0, .version))
  }

  /// A name of now and of this process.
  public static func currentName() -> String {
    String(format: "%017.6f.%d", Date.now.timeIntervalSince1970, getpid())
  }

  /// Appends an event.
  /// - Throws: `EventFileError` when the disk does not take it.
  public func append(_ event: Event) throws(EventFileError) {
    do {
      try handle.write(contentsOf: Data(event.frame))
    } catch {
      throw .cannotWrite(url, problem: error.localizedDescription)
    }
  }
}

/// Why events could not be written.
public enum EventFileError: Error, Sendable, Equatable {
  /// The file cannot be made or does not grow.
  case cannotWrite(URL, problem: String)
}

extension EventFileError: CustomStringConvertible {
  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .cannotWrite(let file, let problem):
      "cannot write \(file.path): \(problem); free space or choose another --tensorboard folder"
    }
  }
}
