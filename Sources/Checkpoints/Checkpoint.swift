import Foundation
import OrderedCollections

/// A model directory in Hugging Face layout, its weights mapped and their headers validated wholly.
///
/// As the usual loader does, `model.safetensors` goes before `model.safetensors.index.json`. With an index, the index
/// and the headers must say the same: what a loader would read is exactly `tensors`.
public struct Checkpoint: Sendable {
  /// A safetensors file of the checkpoint.
  public struct Shard: Sendable {
    /// The file's name in the directory.
    public let name: String
    /// The mapped file.
    public let file: MappedFile
    /// Its header.
    public let header: SafetensorsHeader
  }

  /// The directory.
  public let directory: URL
  /// config.json.
  public let config: ConfigText
  /// The weights' files, by name.
  public let shards: [Shard]
  /// The index's file name, nil when the weights are one file without an index.
  public let indexName: String?
  /// All tensors: shard by shard, in the order of their bytes.
  public let tensors: OrderedDictionary<String, StoredTensor>
  /// Every other file: tokenizer, code, templates, config.json.
  ///
  /// Paths below the directory with `/`, sorted. Hidden directories (version control, download caches) are left out.
  public let sideFiles: [String]

  /// The folder inside a checkpoint that belongs to elo-surgeon; loaders of models do not look there.
  public static let privateFolder = "elo"
  static let singleFileName = "model.safetensors"
  static let indexFileName = "model.safetensors.index.json"

  /// Opens and validates a directory.
  /// - Throws: `CheckpointError` naming file and tensor.
  public init(directory: URL) throws(CheckpointError) {
    let path = directory.path(percentEncoded: false)
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { throw .notFound(path: path) }
    guard isDirectory.boolValue else { throw .notADirectory(path: path) }
    let configURL = directory.appending(path: "config.json")
    do { config = try ConfigText(contentsOf: configURL) } catch .notFound {
      throw .noConfig(directory: path)
    }
    if InPlacePatch.isUnfinished(in: directory) { throw .unfinishedPatch(directory: path) }
    self.directory = directory

    let hasSingleFile = FileManager.default.fileExists(
      atPath: directory.appending(path: Self.singleFileName).path(percentEncoded: false))
    let indexURL = directory.appending(path: Self.indexFileName)
    let hasIndex = FileManager.default.fileExists(atPath: indexURL.path(percentEncoded: false))
    if hasSingleFile {
      shards = [try Self.shard(Self.singleFileName, in: directory)]
      indexName = nil
    } else if hasIndex {
      let index = try ShardIndex(indexURL)
      var shards: [Shard] = []
      for name in index.shardNames {
        do { shards.append(try Self.shard(name, in: directory)) } catch .notFound {
          throw .invalidIndex(path: indexURL.path(percentEncoded: false), .missingShard(name))
        }
      }
      try index.validate(against: shards)
      self.shards = shards
      indexName = Self.indexFileName
    } else {
      throw .noWeights(directory: path, found: Self.otherWeights(in: directory))
    }

    var tensors = OrderedDictionary<String, StoredTensor>()
    for shard in shards {
      for entry in shard.header.entriesInFileOrder {
        tensors[entry.name] = StoredTensor(
          name: entry.name, dtype: entry.dtype, shape: entry.shape, file: shard.file, byteRange: entry.byteRange)
      }
    }
    self.tensors = tensors
    let weightFiles = Set(
      shards.map(\.name) + [indexName].compactMap(\.self) + [InPlacePatch.unfinishedJournalName])
    sideFiles = try Self.regularFiles(below: directory).filter { !weightFiles.contains($0) }
  }

  /// One tensor by name.
  /// - Throws: `noSuchTensor`.
  public func tensor(_ name: String) throws(CheckpointError) -> StoredTensor {
    guard let tensor = tensors[name] else {
      throw .noSuchTensor(name: name, directory: directory.path(percentEncoded: false))
    }
    return tensor
  }

  /// The bytes of the weights' files, headers included.
  package var shardBytes: Int { shards.reduce(0) { $0 + $1.file.count } }

  /// The bytes of side files by their paths below the directory; a file that is gone counts nothing.
  package func byteCount(ofSideFiles paths: some Sequence<String>) -> Int {
    paths.reduce(0) { sum, path in
      var status = stat()
      return sum
        + (stat(directory.appending(path: path).path(percentEncoded: false), &status) == 0 ? Int(status.st_size) : 0)
    }
  }

  private static func shard(_ name: String, in directory: URL) throws(CheckpointError) -> Shard {
    let file = try MappedFile(directory.appending(path: name))
    return Shard(name: name, file: file, header: try SafetensorsHeader(file))
  }

  private static func otherWeights(in directory: URL) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path(percentEncoded: false))) ?? []
    return names.filter { [".bin", ".gguf", ".pt", ".pth", ".safetensors"].contains(where: $0.hasSuffix) }.sorted()
  }

  /// The paths of all regular files below a directory, links followed, hidden directories left out.
  private static func regularFiles(below directory: URL) throws(CheckpointError) -> [String] {
    var files: [String] = []
    // A directory is entered once per branch: a link to one of its own parents ends the branch.
    func visit(_ folder: String, above: [String]) throws(CheckpointError) {
      let url = folder.isEmpty ? directory : directory.appending(path: folder)
      let path = url.path(percentEncoded: false)
      let real = url.resolvingSymlinksInPath().path(percentEncoded: false)
      guard !above.contains(real) else { return }
      let names: [String]
      do { names = try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
        throw .unreadable(path: path, reason: "its contents cannot be listed")
      }
      for name in names {
        let relative = folder.isEmpty ? name : folder + "/" + name
        let itemPath = url.appending(path: name).path(percentEncoded: false)
        var status = stat()
        guard stat(itemPath, &status) == 0 else { throw .unreadable(path: itemPath, reason: systemReason()) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: files.append(relative)
        case S_IFDIR: if !name.hasPrefix(".") { try visit(relative, above: above + [real]) }
        default: break
        }
      }
    }
    try visit("", above: [])
    return files.sorted()
  }
}
