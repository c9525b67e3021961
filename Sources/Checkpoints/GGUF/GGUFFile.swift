import Foundation
import OrderedCollections

/// A GGUF file, validated wholly when it is opened: header, metadata, and every tensor's place in the file.
///
/// Versions 2 and 3, little-endian. The file is mapped, so opening costs the metadata only.
public struct GGUFFile: Sendable {
  /// Where the file lies.
  public let url: URL
  /// The version of the container.
  public let version: UInt32
  /// The multiple of bytes at which each tensor starts.
  public let alignment: Int
  /// The metadata in the file's order.
  public let metadata: OrderedDictionary<String, GGUFValue>
  /// The tensors by name, in the file's order.
  public let tensors: OrderedDictionary<String, GGUFTensor>
  let mapping: MappedFile

  /// Maps and validates a file.
  /// - Throws: `CheckpointError` where the file cannot be opened, `GGUFError` where it is not sound.
  public init(_ url: URL) throws {
    let mapping = try MappedFile(url)
    let contents = try mapping.withUnsafeBytes { bytes in
      var parser = GGUFParser(bytes: bytes, file: url.lastPathComponent)
      return try parser.parse()
    }
    self.url = url
    self.version = contents.version
    self.alignment = contents.alignment
    self.metadata = contents.metadata
    self.tensors = contents.tensors
    self.mapping = mapping
  }

  /// The file's name, as messages use it.
  var name: String { url.lastPathComponent }

  /// All elements of a tensor in single precision, row-major.
  ///
  /// The values are those of gguf-py's `quants.dequantize`, bit for bit.
  /// - Throws: `GGUFError.missingTensor`.
  public func values(of tensor: String) throws(GGUFError) -> [Float] {
    guard let tensor = tensors[tensor] else { throw .missingTensor(file: name, tensor: tensor) }
    return mapping.withUnsafeBytes { bytes in
      [Float](unsafeUninitializedCapacity: tensor.elementCount) { buffer, count in
        guard let destination = buffer.baseAddress, let source = bytes.baseAddress else { return }
        dequantize(
          tensor.type, blocks: tensor.elementCount / tensor.type.blockElements,
          from: source + tensor.byteRange.lowerBound, into: destination)
        count = tensor.elementCount
      }
    }
  }
}

/// One tensor of a GGUF file.
public struct GGUFTensor: Sendable, Hashable {
  /// The tensor's name in the file.
  public let name: String
  /// How its elements are stored.
  public let type: GGMLType
  /// The dimensions, row-major (the file lists them the other way round).
  public let shape: [Int]
  /// Where its bytes lie in the file.
  public let byteRange: Range<Int>

  /// The product of the dimensions.
  public var elementCount: Int { shape.reduce(1, *) }
  /// The elements of a row, the fastest dimension.
  var rowElements: Int { shape[shape.count - 1] }
  /// The bytes of a row.
  var rowBytes: Int { rowElements / type.blockElements * type.blockBytes }
}
