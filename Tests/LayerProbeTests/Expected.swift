import Checkpoints
import Decoders
import Foundation
import LayerProbe
import TestSupport

/// What `transformers` and numpy computed in f64, see Fixtures/probe/generate.py.
struct Expected: Decodable {
  let prefix: UInt32
  let models: [String: Model]
  let rankCorrelation: [RankCorrelation]

  struct Model: Decodable {
    let target: Language
    let source: Language
    let tensors: [String]
    let weightNorms: [Double]
    let cka: [[Double]]
    let ckaLeftOut: [[Double]]
    let ckaLanguages: [Double]
    let retrieval: [[Double]]
    let conflict: [[Double]]
    let weightSignal: [[Double]]
  }

  struct Language: Decodable {
    let documents: [[Int32]]
    let nll: [Double]
    let ablated: [[String: [Double]]]
    let blockInfluence: [[Double]]
    let angles: [[Double]]
    let lastAngles: [[Double]]
    let logitLens: [[Double]]
    /// `[documents][tensors]` of norm, sum of magnitudes and sum of squares of gradient times weight.
    let gradients: [[[Double]]]

    /// `[documents][layers]`.
    func ablation(_ target: Ablation.Target, over sizes: [Int]) -> [[Double]] {
      documents.indices.map { document in
        ablated[document][target.rawValue]!.map { ($0 - nll[document]) / Double(sizes[document]) }
      }
    }
  }

  struct RankCorrelation: Decodable {
    let first: [Double]
    let second: [Double]
    let correlation: Double
  }

  static func load() throws -> Expected {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Expected.self, from: Data(contentsOf: fixture("probe/expected.json")))
  }

  func model(_ name: String) throws -> ProbedModel {
    let checkpoint = try Checkpoint(directory: fixture("decoders/\(name)"))
    return ProbedModel(decoder: try Decoder(checkpoint, device: CPUDevice(threads: 2)), prefix: prefix)
  }

  /// The two languages of a model, whose documents are partners by their ids.
  func texts(_ name: String) throws -> [ProbeText] {
    let model = models[name]!
    return try [probeText("de", model.target.documents), probeText("en", model.source.documents)]
  }
}

typealias Decoder = Decoders.Decoder

/// Documents of known bytes: each a different number, to tell per token from per byte.
func probeText(_ name: String, _ documents: [[Int32]]) throws -> ProbeText {
  try ProbeText(
    name: name,
    documents: documents.enumerated().map {
      ProbeDocument(
        index: $0.offset, id: "page \($0.offset)", tokens: $0.element,
        byteCount: 3 * $0.element.count + $0.offset)
    })
}
