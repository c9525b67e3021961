extension CheckpointError: CustomStringConvertible {
  /// The error in words: what is wrong where, and what to do.
  public var description: String {
    switch self {
    case .notFound(let path): "\(path): there is nothing there; check the path"
    case .notADirectory(let path): "\(path) is no directory; a checkpoint is a directory in Hugging Face layout"
    case .unreadable(let path, let reason): "\(path) cannot be read (\(reason)); check the file and its permissions"
    case .noConfig(let directory):
      "\(directory) has no config.json; a checkpoint is a directory in Hugging Face layout, download all its files"
    case .noWeights(let directory, let found):
      if found.isEmpty {
        "\(directory) has neither model.safetensors nor model.safetensors.index.json; download the weights"
      } else {
        "\(directory) has no safetensors weights, only \(found.joined(separator: ", ")); convert them to safetensors first"
      }
    case .invalidJSON(let path, let problem, let offset):
      "\(path) is no JSON: \(problem) at byte \(offset); repair or download the file again"
    case .invalidHeader(let path, let problem):
      "\(path) is no sound safetensors file: \(problem.description); download or write it again"
    case .invalidTensor(let path, let tensor, let problem):
      "\(path) is no sound safetensors file: tensor '\(tensor)' \(problem.description); download or write it again"
    case .invalidIndex(let path, let problem):
      "\(path): \(problem.description); download the index and the shards again"
    case .configKey(let path, let key, let problem): "\(path): '\(key)' \(problem); correct the file"
    case .noSuchTensor(let name, let directory):
      "\(directory) has no tensor '\(name)'; `elo-surgeon inspect` lists what it has"
    case .contentMismatch(let tensor, let expected, let found):
      "tensor '\(tensor)' is \(expected) in the checkpoint but the new content is \(found); both must agree"
    case .overflow(let tensor, let dtype):
      "tensor '\(tensor)' holds a value too large for \(dtype); take BF16 or F32"
    case .destinationExists(let path): "\(path) exists already and is not empty; choose another output or remove it"
    case .destinationBusy(let path):
      "another process is writing \(path) at this moment; wait for it or choose another output"
    case .noSpace(let path, .some(let needed), let available):
      """
      no space left for \(path): \(byteCountText(needed)) are needed, \(byteCountText(available)) are free; free some or \
      choose another disk
      """
    case .noSpace(let path, nil, let available):
      "no space left while writing \(path) (\(byteCountText(available)) are free); free some or choose another disk"
    case .unwritable(let path, let reason):
      "\(path) cannot be written (\(reason)); check the directory and its permissions"
    case .notPatchable(let path, .symbolicLink):
      "\(path) cannot be patched in place: it is a symbolic link and others may share the file; use --output"
    case .notPatchable(let path, .hardLinks(let count)):
      "\(path) cannot be patched in place: the file has \(count) names and the others would change too; use --output"
    case .unfinishedPatch(let directory):
      "\(directory): an in-place attach was interrupted; run the same `elo-surgeon attach --in-place` again to complete it"
    }
  }
}

extension CheckpointError.HeaderProblem: CustomStringConvertible {
  /// The problem in words.
  public var description: String {
    switch self {
    case .fileTooShort(let bytes): "it has \(bytes) bytes and the header's length alone takes 8"
    case .tooLong(let bytes): "its header claims \(bytes) bytes and the format allows 100000000"
    case .truncated(let headerBytes, let fileBytes):
      "its header claims \(headerBytes) bytes and the file has \(fileBytes) in all: it is cut off"
    case .invalidJSON(let problem, let offset): "its header is no JSON: \(problem) at byte \(offset) of the header"
    case .notAnObject: "its header is no JSON object"
    case .duplicateKey(let key): "'\(key)' stands twice in its header"
    case .invalidMetadata(nil): "__metadata__ is neither an object nor null"
    case .invalidMetadata(let key?): "__metadata__ has no text for '\(key)'"
    case .dataSize(let expected, let found):
      found < expected
        ? "its tensors take \(expected) bytes and only \(found) are there: it is cut off"
        : "its tensors take \(expected) bytes and \(found) are there: something follows the last tensor"
    }
  }
}

extension CheckpointError.TensorProblem: CustomStringConvertible {
  /// The problem in words, to follow the tensor's name.
  public var description: String {
    switch self {
    case .notAnObject: "is no JSON object"
    case .missingField(let field): "has no '\(field)'"
    case .invalidField(let field, let found): "has \(found) as '\(field)'"
    case .unknownDType(let name): "has the unknown type '\(name)'"
    case .invalidSize(let dtype, let shape): "has a size that no file can hold: \(dtype) \(shape)"
    case .wrongByteCount(let expected, let found): "needs \(expected) bytes and its offsets span \(found)"
    case .notContiguous(let expected, let found):
      found > expected
        ? "begins at byte \(found) of the data, behind a hole that begins at \(expected)"
        : "begins at byte \(found) of the data and overlaps its predecessor, which ends at \(expected)"
    }
  }
}

extension CheckpointError.IndexProblem: CustomStringConvertible {
  /// The problem in words.
  public var description: String {
    switch self {
    case .missingObject(let key): "it has no object '\(key)'"
    case .invalidShardName(let tensor, let shard):
      "it places tensor '\(tensor)' in \(shard), which is no plain file name"
    case .duplicateTensor(let name): "tensor '\(name)' stands twice"
    case .missingShard(let shard): "it names the shard \(shard), which does not exist"
    case .tensorNotInShard(let tensor, let shard): "it places tensor '\(tensor)' in \(shard), which does not hold it"
    case .tensorNotInIndex(let tensor, let shard): "\(shard) holds tensor '\(tensor)', which the index does not know"
    case .tensorInTwoShards(let tensor, let first, let second): "tensor '\(tensor)' lies in both \(first) and \(second)"
    }
  }
}

/// A number of bytes for people: `3.2 MB`.
package func byteCountText(_ count: Int) -> String {
  var value = Double(count)
  for unit in ["bytes", "kB", "MB", "GB"] {
    if value < 1000 { return unit == "bytes" ? "\(count) bytes" : "\((value * 10).rounded() / 10) \(unit)" }
    value /= 1000
  }
  return "\((value * 10).rounded() / 10) TB"
}
