import Decoders
import Foundation
import ModelSurgery

/// A choice of weights in the words of the command line, independent of a model.
///
/// Comma-separated parts: `all`, `layers`, `norms`, `biases`, `embedding`, `head`, or layers as `LayerSelection` writes
/// them. `layers` are all weights of the layers that may be trained, norms and biases included; `norms` and `biases`
/// those of these layers and outside all layers; `embedding` has learned positions with it.
public struct WeightSelection: Sendable, Hashable, CustomStringConvertible {
  private enum Part: Sendable {
    case all, layers, norms, biases, embedding, head
    case chosen(LayerSelection)

    /// Whether weight decay that is set for the part is meant for vectors too.
    var isOfVectors: Bool {
      switch self {
      case .norms, .biases: true
      case .all, .layers, .embedding, .head, .chosen: false
      }
    }
  }

  private static let words: [String: Part] = [
    "all": .all, "layers": .layers, "norms": .norms, "biases": .biases, "embedding": .embedding, "head": .head,
  ]

  private let parts: [(text: String, part: Part)]

  /// Reads a selection.
  /// - Throws: `TrainingError.unknownWeights`, or `SurgeryError.selection` naming the part.
  public init(_ text: String) throws {
    parts = try text.split(separator: ",", omittingEmptySubsequences: false).map { piece in
      let part = piece.trimmingCharacters(in: .whitespaces)
      if let word = Self.words[part] { return (part, word) }
      do {
        return (part, .chosen(try LayerSelection(part)))
      } catch {
        // A word that is no layer was meant as one of ours.
        guard part.allSatisfy(\.isLetter) else { throw error }
        throw TrainingError.unknownWeights(part)
      }
    }
  }

  /// The selection as it was written.
  public var description: String { parts.map(\.text).joined(separator: ",") }

  /// Selections are the same when they were written the same.
  public static func == (a: WeightSelection, b: WeightSelection) -> Bool { a.description == b.description }

  /// Hashes what was written.
  public func hash(into hasher: inout Hasher) { hasher.combine(description) }

  /// The weights of a model, in the order of its parameters.
  /// - Parameters:
  ///   - layers: indices of the layers that may be trained.
  ///   - decayed: take only those that weight decay of the selection is meant for: matrices, and vectors where the part
  ///     says so.
  /// - Throws: `TrainingError.noSuchWeights` when a part names none, `.tiedHead`, `.frozenLayer`;
  ///   `SurgeryError.selection` for a layer that is not there.
  public func parameters(
    of decoder: Decoders.Decoder, layers: [Int], decayed: Bool = false
  ) throws -> [Parameter] {
    var chosen: Set<ObjectIdentifier> = []
    for (text, part) in parts {
      let named = try Self.parameters(part, of: decoder, layers: layers)
      guard !named.isEmpty else { throw TrainingError.noSuchWeights(text) }
      let meant = decayed && !part.isOfVectors ? named.filter(\.isDecayed) : named
      chosen.formUnion(meant.map(ObjectIdentifier.init))
    }
    return decoder.parameters.filter { chosen.contains(ObjectIdentifier($0)) }
  }

  /// The layers that are named, ascending.
  /// - Parameter trainable: indices of the layers that may be trained.
  /// - Throws: `TrainingError.notInLayers` when a part names something else, `.frozenLayer`; `SurgeryError.selection`.
  func layers(of decoder: Decoders.Decoder, trainable: [Int]) throws -> [Int] {
    var chosen: Set<Int> = []
    for (text, part) in parts {
      switch part {
      case .all, .layers: chosen.formUnion(trainable)
      case .chosen(let selection): chosen.formUnion(try Self.indices(selection, of: decoder, trainable))
      case .norms, .biases, .embedding, .head: throw TrainingError.notInLayers(text)
      }
    }
    return chosen.sorted()
  }

  private static func indices(
    _ selection: LayerSelection, of decoder: Decoders.Decoder, _ trainable: [Int]
  ) throws -> [Int] {
    let indices = try selection.set(layerCount: decoder.layers.count)
    if let frozen = indices.first(where: { !trainable.contains($0) }) { throw TrainingError.frozenLayer(frozen) }
    return indices
  }

  private static func parameters(
    _ part: Part, of decoder: Decoders.Decoder, layers: [Int]
  ) throws -> [Parameter] {
    let inside = layers.map { decoder.layers[$0] }
    let norms = inside.flatMap(\.norms) + [decoder.finalNorm] + (decoder.embeddingNorm.map { [$0] } ?? [])
    switch part {
    case .all: return decoder.parameters
    case .layers: return inside.flatMap(\.parameters)
    case .norms: return norms.flatMap(\.parameters)
    case .biases:
      let ofNorms = Set(norms.flatMap(\.weights).map(ObjectIdentifier.init))
      return (inside.flatMap(\.parameters) + norms.flatMap(\.parameters)).filter {
        !$0.isDecayed && !ofNorms.contains(ObjectIdentifier($0))
      }
    case .embedding: return [decoder.embedding] + (decoder.positionEmbedding.map { [$0] } ?? [])
    case .head:
      guard decoder.head !== decoder.embedding else { throw TrainingError.tiedHead }
      return [decoder.head]
    case .chosen(let selection):
      return try indices(selection, of: decoder, layers).flatMap { decoder.layers[$0].parameters }
    }
  }
}

/// A number that is set for some weights.
public struct WeightSetting: Sendable, Hashable, CustomStringConvertible {
  /// The weights.
  public let weights: WeightSelection
  /// The number.
  public let value: Double

  /// A setting.
  public init(_ weights: WeightSelection, _ value: Double) {
    self.weights = weights
    self.value = value
  }

  /// Reads `embedding=0.1` or `norms,first:2=0.5`.
  /// - Throws: `TrainingError.badSetting` without a number of at least 0, and as `WeightSelection`.
  public init(argument: String) throws {
    guard let sign = argument.lastIndex(of: "="), let value = Double(argument[argument.index(after: sign)...]),
      value.isFinite, value >= 0
    else { throw TrainingError.badSetting(argument) }
    self.init(try WeightSelection(String(argument[..<sign])), value)
  }

  /// The setting as it is written.
  public var description: String { "\(weights)=\(value)" }
}
