import Checkpoints
import Foundation

/// All tensors of one safetensors file, by name.
public func readTensors(_ file: URL) throws -> [String: StoredTensor] {
  let mapped = try MappedFile(file)
  let header = try mapped.withUnsafeBytes { try SafetensorsHeader(file: $0, path: file.path) }
  return Dictionary(
    uniqueKeysWithValues: header.entries.map {
      ($0.name, StoredTensor(name: $0.name, dtype: $0.dtype, shape: $0.shape, file: mapped, byteRange: $0.byteRange))
    })
}
