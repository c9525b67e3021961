import Checkpoints
import Decoders
import Foundation

/// A save on disk: `state.json` with the run's progress, `state.safetensors` with weights in f32 and moments as they are.
struct SavedRun {
  /// state.json.
  struct State: Codable {
    /// Version of this layout.
    var schemaVersion = 1
    var progress: RunProgress
    /// How long metrics.jsonl was when the save was made: what is behind belongs to steps that were lost.
    var metricsBytes: Int

    enum CodingKeys: String, CodingKey {
      case progress
      case schemaVersion = "schema_version"
      case metricsBytes = "metrics_bytes"
    }
  }

  let directory: URL
  let state: State
  private let file: MappedFile
  private let header: SafetensorsHeader

  private static let stateName = "state.json"
  private static let tensorsName = "state.safetensors"

  /// Opens a save.
  /// - Throws: `TrainingError.badSave` naming the file that is missing or damaged.
  init(directory: URL) throws(TrainingError) {
    self.directory = directory
    let stateFile = directory.appending(path: Self.stateName)
    do {
      state = try JSONDecoder().decode(State.self, from: Data(contentsOf: stateFile))
    } catch {
      throw .badSave(stateFile, problem: "it is missing or not what this version writes")
    }
    guard state.schemaVersion == 1 else {
      throw .badSave(stateFile, problem: "its layout is version \(state.schemaVersion), this program reads 1")
    }
    do {
      file = try MappedFile(directory.appending(path: Self.tensorsName))
      header = try SafetensorsHeader(file)
    } catch {
      throw .badSave(directory.appending(path: Self.tensorsName), problem: "\(error)")
    }
  }

  /// Writes a save into an existing directory.
  /// - Throws: `CheckpointError`.
  static func write(_ snapshot: TrainingSnapshot, metricsBytes: Int, into directory: URL) throws {
    try writeSafetensors(to: directory.appending(path: tensorsName), tensors: snapshot.contents(), metadata: [])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let state = State(progress: snapshot.progress, metricsBytes: metricsBytes)
    try writeFile(Array(encoder.encode(state)), to: directory.appending(path: stateName))
  }

  /// Copies the saved values into tensors of the same names and shapes.
  /// - Throws: `TrainingError.badSave` when one is missing or misshapen.
  func restore(_ tensors: [(name: String, tensor: Tensor)], on device: any Device) throws {
    let entries = Dictionary(header.entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for (name, tensor) in tensors {
      let dtype = tensor.savedType
      guard let entry = entries[name], entry.dtype == dtype, entry.shape == [tensor.rows, tensor.columns] else {
        throw TrainingError.badSave(
          directory.appending(path: Self.tensorsName),
          problem: "it has no \(name) of \(tensor.rows) x \(tensor.columns) in \(dtype.name)")
      }
      let rowBytes = tensor.columns * tensor.elementType.byteWidth
      for rows in tensor.blocksOfRows {
        let start = entry.byteRange.lowerBound + rows.lowerBound * rowBytes
        let range = start..<start + rows.count * rowBytes
        // Rounding a widened half back is exact.
        let values = dtype == .f32 ? try file.values(in: range) : try file.widenedHalves(in: range)
        device.upload(values, to: tensor.rows(rows))
      }
    }
  }
}

extension MappedFile {
  /// A range of the file as little-endian bf16, widened.
  /// - Throws: `CheckpointError.unreadable`.
  fileprivate func widenedHalves(in range: Range<Int>) throws(CheckpointError) -> [Float] {
    let halves: [UInt16] = try values(in: range)
    return halves.map { Float(bitPattern: UInt32($0) << 16) }
  }

  /// A range of the file as little-endian numbers.
  /// - Throws: `CheckpointError.unreadable`.
  fileprivate func values<Number>(in range: Range<Int>) throws(CheckpointError) -> [Number] {
    var failure: CheckpointError?
    let width = MemoryLayout<Number>.size
    let values = [Number](unsafeUninitializedCapacity: range.count / width) { buffer, count in
      do throws(CheckpointError) {
        try read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound)
        count = range.count / width
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }
}
