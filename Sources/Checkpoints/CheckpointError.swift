/// Why a checkpoint could not be read or written.
public enum CheckpointError: Error, Equatable, Sendable {
  /// There is nothing at the path.
  case notFound(path: String)
  /// The path should be a directory and is not.
  case notADirectory(path: String)
  /// The operating system refused to read; `reason` is its word.
  case unreadable(path: String, reason: String)
  /// The directory holds no config.json.
  case noConfig(directory: String)
  /// The directory holds no safetensors weights; `found` names weights in other formats that lie there.
  case noWeights(directory: String, found: [String])
  /// A JSON file that is none, with the byte where reading stopped.
  case invalidJSON(path: String, problem: String, offset: Int)
  /// The header of a safetensors file is wrong as a whole.
  case invalidHeader(path: String, HeaderProblem)
  /// One tensor of a safetensors header is wrong.
  case invalidTensor(path: String, tensor: String, TensorProblem)
  /// The shard index is wrong or contradicts the shards.
  case invalidIndex(path: String, IndexProblem)
  /// config.json has no place for an edit.
  case configKey(path: String, key: String, problem: String)
  /// The checkpoint has no such tensor.
  case noSuchTensor(name: String, directory: String)
  /// New content for a tensor has another type or shape than the tensor.
  case contentMismatch(tensor: String, expected: String, found: String)
  /// A finite value is too large for the type that it is to be written in.
  case overflow(tensor: String, dtype: String)
  /// The destination exists and is not an empty directory.
  case destinationExists(path: String)
  /// Another running process is writing the same destination.
  case destinationBusy(path: String)
  /// The file system has no room; `needed` are the bytes of the whole output, nil when they are not known.
  case noSpace(path: String, needed: Int?, available: Int)
  /// The operating system refused to write; `reason` is its word.
  case unwritable(path: String, reason: String)
  /// A file cannot be patched in place.
  case notPatchable(path: String, PatchProblem)
  /// A patch of the directory began and did not end.
  case unfinishedPatch(directory: String)

  /// Why a file cannot be patched in place.
  public enum PatchProblem: Equatable, Sendable {
    /// It is a link to a file that others may use.
    case symbolicLink
    /// It has several names in the file system.
    case hardLinks(Int)
  }

  /// What can be wrong with a safetensors header as a whole.
  public enum HeaderProblem: Equatable, Sendable {
    /// The file has fewer than the 8 bytes that hold the header's length.
    case fileTooShort(bytes: Int)
    /// The header is longer than the 100,000,000 bytes that the format allows.
    case tooLong(bytes: UInt64)
    /// The header would go on behind the end of the file.
    case truncated(headerBytes: Int, fileBytes: Int)
    /// The header is no JSON.
    case invalidJSON(problem: String, offset: Int)
    /// The header is JSON but no object.
    case notAnObject
    /// The same name stands twice.
    case duplicateKey(String)
    /// `__metadata__` is neither null nor an object of strings; `key` is the member that is none.
    case invalidMetadata(key: String?)
    /// Bytes behind the last tensor, or tensors that end behind the file.
    case dataSize(expected: Int, found: Int)
  }

  /// What can be wrong with one tensor of a safetensors header.
  public enum TensorProblem: Equatable, Sendable {
    /// The entry is no object.
    case notAnObject
    /// A required field is missing.
    case missingField(String)
    /// A field holds something else than the format says.
    case invalidField(String, found: String)
    /// The type is none of the format's.
    case unknownDType(String)
    /// The number of elements overflows, or packed elements do not fill whole bytes.
    case invalidSize(dtype: DType, shape: [Int])
    /// The offsets span another number of bytes than type and shape need.
    case wrongByteCount(expected: Int, found: Int)
    /// The tensor does not begin where the one before it ends: a hole or an overlap.
    case notContiguous(expected: Int, found: Int)
  }

  /// What can be wrong with a shard index.
  public enum IndexProblem: Equatable, Sendable {
    /// A required key is missing or holds something else than an object.
    case missingObject(String)
    /// A tensor's shard is no plain file name.
    case invalidShardName(tensor: String, shard: String)
    /// The same tensor stands twice in the index.
    case duplicateTensor(String)
    /// A shard that the index names does not exist.
    case missingShard(String)
    /// The index places a tensor in a shard whose header does not have it.
    case tensorNotInShard(tensor: String, shard: String)
    /// A shard holds a tensor that the index does not know.
    case tensorNotInIndex(tensor: String, shard: String)
    /// A tensor lies in two shards.
    case tensorInTwoShards(tensor: String, first: String, second: String)
  }
}
