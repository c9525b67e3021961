import Foundation

/// Writes a checkpoint again with other bytes in some tensors.
///
/// Files, names, order, metadata and header texts stay; only the bytes of the given tensors differ. Memory stays
/// constant; files in which nothing changes share their blocks with the source where the file system can.
/// - Parameters:
///   - source: the checkpoint to follow.
///   - replacing: new content by tensor name, of the stored type and shape.
///   - directory: an existing directory to write into, usually `StagedDirectory.url`.
///   - including: which side files to copy, by path below the directory; all when not given.
///   - progress: called as bytes arrive.
/// - Throws: `noSuchTensor`, `contentMismatch` before anything is written; errors of reading and writing.
public func rewriteCheckpoint(
  source: Checkpoint, replacing: [String: TensorContent], into directory: URL,
  including: (String) -> Bool = { _ in true }, progress: (TransferProgress) throws -> Void = { _ in }
) throws {
  for (name, content) in replacing {
    let tensor = try source.tensor(name)
    guard content.dtype == tensor.dtype, content.shape == tensor.shape else {
      throw CheckpointError.contentMismatch(
        tensor: name, expected: tensor.kind, found: "\(content.dtype) \(content.shape)")
    }
  }
  let sideFiles = source.sideFiles.filter(including)
  let total = source.shardBytes
  var completed = 0
  func report(_ piece: Int) throws {
    completed += piece
    try progress(TransferProgress(completed: completed, total: total))
  }
  for shard in source.shards {
    let url = directory.appending(path: shard.name)
    guard shard.header.entries.contains(where: { replacing[$0.name] != nil }) else {
      try copyFile(shard.file, to: url, progress: report)
      continue
    }
    var output = try FileOutput(creating: url)
    try output.appendHeader(shard.header.text)
    for entry in shard.header.entriesInFileOrder {
      let content = try replacing[entry.name] ?? .mapped(source.tensor(entry.name))
      var written = 0
      try output.append(content, name: entry.name) { now in
        try report(now - written)
        written = now
      }
    }
    try output.finish()
  }
  try copySideFiles(sideFiles + [source.indexName].compactMap(\.self), of: source, into: directory)
}

/// Copies files of a checkpoint by their paths below its directory, with their permissions as far as the umask goes.
package func copySideFiles(_ paths: [String], of source: Checkpoint, into directory: URL) throws {
  for path in paths {
    let destination = directory.appending(path: path)
    let folder = destination.deletingLastPathComponent()
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw writeError(path: folder.path(percentEncoded: false))
    }
    try copyFile(try MappedFile(source.directory.appending(path: path)), to: destination)
  }
}

/// Copies a whole file: by sharing its blocks, else inside the kernel, else through a buffer.
package func copyFile(_ file: MappedFile, to url: URL, progress: (Int) throws -> Void = { _ in }) throws {
  var status = stat()
  fstat(file.descriptor, &status)
  var output = try FileOutput(creating: url, mode: (status.st_mode & 0o777) | 0o600)
  if output.clone(file) {
    try progress(file.count)
  } else {
    try output.append(0..<file.count, of: file, progress: progress)
  }
  try output.finish()
}
