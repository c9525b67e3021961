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
    let documents: [[Int32]]
    let blockInfluence: [[Double]]
    let nll: [Double]
    let ablatedNll: [[Double]]
    let gradientNorm: [[Double]]
    let relativeGradientNorm: [[Double]]

    /// `[documents][layers]`.
    func ablation(over sizes: [Int]) -> [[Double]] {
      documents.indices.map { document in
        ablatedNll[document].map { ($0 - nll[document]) / Double(sizes[document]) }
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
}

typealias Decoder = Decoders.Decoder

/// Documents of known bytes: each a different number, to tell per token from per byte.
func probeText(_ name: String, _ documents: [[Int32]]) throws -> ProbeText {
  try ProbeText(
    name: name,
    documents: documents.enumerated().map {
      ProbeDocument(index: $0.offset, tokens: $0.element, byteCount: 3 * $0.element.count + $0.offset)
    })
}
