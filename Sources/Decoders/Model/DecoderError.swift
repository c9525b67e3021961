/// Why a checkpoint cannot be computed.
public enum DecoderError: Error, Sendable, Equatable {
  /// config.json lacks a key.
  case missingKey(String)
  /// A key of config.json holds something that this decoder does not compute.
  case badValue(key: String, value: String, expected: String)
  /// `model_type` names a family without a description.
  case unknownArchitecture(String)
  /// The checkpoint lacks a tensor.
  case missingTensor(String)
  /// A tensor's shape does not follow from config.json.
  case badShape(tensor: String, found: [Int], expected: [Int])
  /// A tensor is stored in a type that is not computed.
  case badElementType(tensor: String, found: String)
  /// A bridge's shape or place does not fit the model.
  case badBridge(String)
}

extension DecoderError: CustomStringConvertible {
  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .missingKey(let key):
      "config.json has no \"\(key)\": add it, or take a checkpoint in Hugging Face layout"
    case .badValue(let key, let value, let expected):
      "config.json sets \"\(key)\" to \(value), where \(expected) is needed: this decoder does not compute that model"
    case .unknownArchitecture(let modelType):
      "model_type \"\(modelType)\" is not computed (known: \(Architecture.known.keys.sorted().joined(separator: ", "))); "
        + "inspect, detach and attach work without computing"
    case .missingTensor(let name):
      "the checkpoint has no tensor \(name): it is incomplete, or its config.json belongs to another model"
    case .badShape(let tensor, let found, let expected):
      "\(tensor) has shape \(found) where config.json asks for \(expected): they belong to different models"
    case .badElementType(let tensor, let found):
      "\(tensor) is stored as \(found); computing needs F32, F16 or BF16: convert the checkpoint first"
    case .badBridge(let problem):
      "the bridge does not fit: \(problem); fit it again with `elo-surgeon bridge`"
    }
  }
}
