import Decoders

extension DecoderLayer {
  /// The weights of a part of the layer.
  func parameters(of part: LayerPart) -> [Parameter] {
    switch part {
    case .whole: parameters
    case .attention: attentionParameters
    case .mlp: mlpParameters
    }
  }
}

extension LayerPart {
  /// A score's name for this part: the name itself for the whole layer.
  func name(_ score: String) -> String { self == .whole ? score : "\(score)_\(rawValue)" }

  /// What a description calls the weights of this part.
  var words: String {
    switch self {
    case .whole: "the layer"
    case .attention: "the layer's attention"
    case .mlp: "the layer's MLP"
    }
  }
}
