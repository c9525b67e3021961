import Foundation

/// Writes a new small file at once and flushes it to the disk.
package func writeFile(_ bytes: [UInt8], to url: URL) throws(CheckpointError) {
  var output = try FileOutput(creating: url)
  try output.append(bytes)
  try output.finish()
}
