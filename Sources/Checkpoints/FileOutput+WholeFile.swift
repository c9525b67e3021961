import Foundation

/// Writes a new small file at once and flushes it to the disk.
package func writeFile(_ bytes: [UInt8], to url: URL) throws(CheckpointError) {
  var output = try FileOutput(creating: url)
  try output.append(bytes)
  try output.finish()
}

/// Puts a small file in place of the one that is there, if any: after a crash the old one is whole or the new one.
package func replaceFile(at url: URL, with bytes: [UInt8]) throws(CheckpointError) {
  let new = url.appendingPathExtension("new")
  // Remains of a writer that died.
  unlink(new.path(percentEncoded: false))
  try writeFile(bytes, to: new)
  guard rename(new.path(percentEncoded: false), url.path(percentEncoded: false)) == 0 else {
    throw writeError(path: url.path(percentEncoded: false))
  }
  try synchronize(url.deletingLastPathComponent())
}
