import Foundation

/// The folder of committed fixtures; the generators beside the files say how each was made.
public let fixturesDirectory = URL(filePath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

/// The path of one committed fixture.
public func fixture(_ path: String) -> URL { fixturesDirectory.appending(path: path) }

/// A fresh empty directory, removed when `body` returns.
public func withTemporaryDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let directory = FileManager.default.temporaryDirectory.appending(path: "elo-surgeon-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  return try body(directory)
}
