/// What is wrong with a GGUF file, or stands in the way of converting it.
public enum GGUFError: Error, Equatable, Sendable {
  /// The first four bytes are not `GGUF`.
  case notGGUF(file: String)
  /// A version, or a byte order, that is not read.
  case unsupportedVersion(file: String, version: UInt32)
  /// The file ends inside `item`.
  case truncated(file: String, item: String, offset: Int)
  /// A value or tensor that the format does not allow.
  case malformed(file: String, item: String, problem: String)
  /// A tensor whose bytes do not lie in the file.
  case tensorOutsideFile(file: String, tensor: String, end: Int, fileSize: Int)
  /// A tensor stored in a type that is not read.
  case unreadType(file: String, tensor: String, type: String)
  /// A key that the conversion needs.
  case missingKey(file: String, key: String)
  /// A key with a value the conversion cannot use.
  case unusableValue(file: String, key: String, found: String, expected: String)
  /// An architecture other than those that convert.
  case unsupportedArchitecture(file: String, name: String)
  /// A tensor the architecture needs.
  case missingTensor(file: String, tensor: String)
  /// A tensor that has no place in the architecture.
  case unexpectedTensor(file: String, tensor: String)
  /// A tensor of another shape than the metadata say. Shapes are row-major.
  case unexpectedShape(file: String, tensor: String, found: [Int], expected: [Int])
  /// A finite element that is too large for the type to write.
  case overflow(file: String, tensor: String, dtype: String)
}

extension GGUFError: CustomStringConvertible {
  /// What is wrong, where, and what to do.
  public var description: String {
    switch self {
    case .notGGUF(let file):
      "\(file) is not a GGUF file: it does not begin with the letters GGUF; give a .gguf model"
    case .unsupportedVersion(let file, let version):
      if version & 0xFFFF == 0 {
        "\(file) is written in big-endian byte order; convert it to little-endian first"
      } else {
        "\(file) is GGUF version \(version); versions 2 and 3 are read, so convert it with a newer llama.cpp"
      }
    case .truncated(let file, let item, let offset):
      "\(file) ends in the middle of \(item), at byte \(offset); fetch the file again"
    case .malformed(let file, let item, let problem):
      "\(file): \(item) \(problem); the file is damaged, fetch or make it again"
    case .tensorOutsideFile(let file, let tensor, let end, let fileSize):
      "\(file): tensor \(tensor) would end at byte \(end), the file has \(fileSize); fetch the file again"
    case .unreadType(let file, let tensor, let type):
      """
      \(file): tensor \(tensor) is stored as \(type), which is not read; take a file in \
      \(GGMLType.allCases.map(\.name).joined(separator: ", "))
      """
    case .missingKey(let file, let key):
      "\(file) has no metadata key \(key), which the conversion needs; take a file made by a current converter"
    case .unusableValue(let file, let key, let found, let expected):
      "\(file): \(key) is \(found), but \(expected) is needed; take another file of this model"
    case .unsupportedArchitecture(let file, let name):
      "\(file) holds a model of architecture \(name); only llama is converted, so take this model's safetensors"
    case .missingTensor(let file, let tensor):
      "\(file) has no tensor \(tensor); it is incomplete, take another file of this model"
    case .unexpectedTensor(let file, let tensor):
      "\(file): tensor \(tensor) has no place in a Llama checkpoint; take this model's safetensors instead"
    case .unexpectedShape(let file, let tensor, let found, let expected):
      "\(file): tensor \(tensor) has shape \(found), the metadata say \(expected); take another file of this model"
    case .overflow(let file, let tensor, let dtype):
      "\(file): tensor \(tensor) holds a value too large for \(dtype); write another type"
    }
  }
}
