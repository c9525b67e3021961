import Decoders

/// What is known of a model without its weights: how many layers, what they are made of, where it came from.
public struct ModelOutline: Codable, Sendable, Hashable {
  /// The directory as it was given.
  public var path: String
  /// SHA-256 in hexadecimal by file: config.json, and the header of each file of weights.
  public var hashes: [String: String]
  /// The layers from the bottom up.
  public var layers: [Layer]
  /// Weights outside the layers: embedding, final norm, and a head of its own.
  public var otherParameters: Int

  enum CodingKeys: String, CodingKey {
    case path, hashes, layers
    case otherParameters = "other_parameters"
  }

  /// One layer.
  public struct Layer: Codable, Sendable, Hashable {
    /// The names of its parameters in the model as `transformers` builds it.
    public var tensors: [String]
    /// Those of them that a low-rank adapter can change.
    public var matrices: [String]
    /// How many numbers they hold together.
    public var parameters: Int

    /// A layer of some tensors.
    public init(tensors: [String], matrices: [String], parameters: Int) {
      self.tensors = tensors
      self.matrices = matrices
      self.parameters = parameters
    }
  }

  /// An outline.
  public init(path: String, hashes: [String: String], layers: [Layer], otherParameters: Int) {
    self.path = path
    self.hashes = hashes
    self.layers = layers
    self.otherParameters = otherParameters
  }

  /// The outline of a decoder.
  public init(_ decoder: Decoder, path: String, hashes: [String: String]) {
    func count(_ parameters: [Parameter]) -> Int { parameters.reduce(0) { $0 + $1.value.count } }
    self.init(
      path: path, hashes: hashes,
      layers: decoder.layers.enumerated().map { index, layer in
        Layer(
          tensors: decoder.builtNames(of: layer.parameters, layer: index),
          matrices: decoder.builtNames(of: decoder.adaptableMatrices(layer: index), layer: index),
          parameters: count(layer.parameters))
      },
      otherParameters: count(decoder.parameters) - count(decoder.layers.flatMap(\.parameters)))
  }

  /// Number of layers.
  public var layerCount: Int { layers.count }

  /// Weights in all.
  public var parameters: Int { layers.reduce(otherParameters) { $0 + $1.parameters } }
}
