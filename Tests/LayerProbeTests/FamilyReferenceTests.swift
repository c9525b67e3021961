import Checkpoints
import Decoders
import Foundation
import LayerProbe
import TestSupport
import Testing

/// Models of other families than Llama against `transformers` in f64.
///
/// They have biases, norms elsewhere, caps, multipliers, fused projections, parallel blocks; see
/// Fixtures/probe/generate_families.py.
@Suite struct FamilyReferenceTests {
  private struct Family: Decodable {
    let documents: [[Int32]]
    let nll: [Double]
    let ablated: [[String: [Double]]]
    let blockInfluence: [[Double]]
    let logitLens: [[Double]]
    let tensors: [String]
    let gradients: [[Double]]

    enum CodingKeys: String, CodingKey {
      case documents, nll, ablated, tensors, gradients
      case blockInfluence = "block_influence"
      case logitLens = "logit_lens"
    }
  }

  static let names = [
    "gpt2", "qwen2", "qwen3", "gemma2", "olmo2", "phi3", "granite", "gpt_neox", "falcon", "stablelm-parallel", "cohere",
    "falcon-multi-query",
  ]

  private func run(_ name: String, _ criteria: [any LayerCriterion]) throws -> (Family, ProbeScores) {
    let families = try JSONDecoder().decode(
      [String: Family].self, from: Data(contentsOf: fixture("probe/families.json")))
    let family = try #require(families[name])
    return try withTemporaryDirectory { directory in
      try FamilyCheckpoint(name).write(to: directory.appending(path: name))
      let checkpoint = try Checkpoint(directory: directory.appending(path: name))
      let model = ProbedModel(decoder: try Decoder(checkpoint, device: CPUDevice(threads: 2)), prefix: 1)
      return (family, try Probe(criteria: criteria).run([probeText("de", family.documents)], on: model))
    }
  }

  @Test(arguments: names) func `gradient norm of every tensor`(name: String) throws {
    let (family, scores) = try run(name, [Gradients()])
    #expect(scores.tensors.sorted() == family.tensors.sorted())
    let places = scores.tensors.map { family.tensors.firstIndex(of: $0)! }
    try compare(
      scores.scores, "tensor_gradient_norm", [family.gradients.map { row in places.map { row[$0] } }], tolerance: 1e-5)
  }

  @Test(arguments: names, Ablation.Target.allCases) func `ablation`(name: String, target: Ablation.Target) throws {
    let (family, scores) = try run(name, [Ablation(target)])
    let wanted = family.documents.indices.map { document in
      family.ablated[document][target.rawValue]!.map {
        ($0 - family.nll[document]) / Double(family.documents[document].count)
      }
    }
    let score = target == .layer ? "ablation" : "ablation_\(target.rawValue)"
    try compare(scores.scores, "\(score)_nats_per_token", [wanted])
  }

  @Test(arguments: names) func `Block Influence and logit lens`(name: String) throws {
    let (family, scores) = try run(name, [BlockInfluence(), LogitLens(positionsPerDocument: nil)])
    try compare(scores.scores, "block_influence", [family.blockInfluence])
    try compare(scores.scores, "logit_lens_kl", [family.logitLens])
  }
}
