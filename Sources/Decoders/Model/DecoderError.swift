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
  /// The scales of a matrix in fp8 do not fit it.
  case badScales(tensor: String, found: String, expected: [Int])
  /// The weights are quantised in a way that is not computed.
  case quantized(method: String)
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
        + "inspect, verify, detach, attach, replace, restack and diff work without computing"
    case .missingTensor(let name):
      "the checkpoint has no tensor \(name): it is incomplete, or its config.json belongs to another model"
    case .badShape(let tensor, let found, let expected):
      "\(tensor) has shape \(found) where config.json asks for \(expected): they belong to different models"
    case .badElementType(let tensor, let found):
      "\(tensor) is stored as \(found); computing needs F32, F16, BF16, or F8_E4M3 with scales: take the checkpoint in one "
        + "of these"
    case .badScales(let tensor, let found, let expected):
      "\(tensor) is \(found) where its matrix and \"weight_block_size\" ask for \(expected) in F32, BF16, F16 or F8_E8M0: "
        + "they belong to different models"
    case .quantized(let method):
      "config.json has weights quantised by \(method), which are not computed: take the checkpoint in bf16, or in fp8 with "
        + "block scales; inspect, verify, detach, attach, replace, restack and diff work with it as it is"
    case .badBridge(let problem):
      "the bridge does not fit: \(problem); fit it again with `elo-surgeon bridge`"
    }
  }
}
