import LayerProbe
import TestSupport

/// Scores and models that tests make up.
enum ReportSamples {
  /// An outline of layers with a matrix and a norm each; `parameters` by layer.
  static func model(_ parameters: [Int], other: Int = 50) -> ModelOutline {
    ModelOutline(
      path: "a <model>", hashes: ["config.json": "00ff"],
      layers: parameters.indices.map { layer in
        let names = ["input_layernorm", "self_attn.q_proj", "mlp.down_proj"].map {
          "model.layers.\(layer).\($0).weight"
        }
        return .init(tensors: names, matrices: Array(names.dropFirst()), parameters: parameters[layer])
      }, otherParameters: other)
  }

  /// Scores on the texts `de` and `en`: each document's are a profile with noise around it.
  /// - Parameters:
  ///   - profiles: `[criteria][layers]`.
  ///   - noise: its spread.
  ///   - shift: what the target has more than the source, by layer.
  static func scores(
    _ profiles: [[Double]], documents: Int = 12, noise: Float = 0.01, shift: [Double] = [],
    descriptions: [ScoreDescription] = []
  ) -> ProbeScores {
    var numbers = SeededNumbers(seed: 17)
    func values(_ profile: [Double], _ shift: [Double]) -> ScoreValues {
      ScoreValues(
        means: (0..<documents).map { _ in
          profile.indices.map { profile[$0] + (shift.isEmpty ? 0 : shift[$0]) + Double(numbers.normal(noise)) }
        })
    }
    let scores = profiles.enumerated().map { index, profile in
      Score(
        description: index < descriptions.count
          ? descriptions[index]
          : .init(name: "score_\(index)", unit: "nats/token", description: "score \(index)"),
        values: [values(profile, shift), values(profile, [])])
    }
    let texts = [("de", 4), ("en", 6)].map { name, bytesPerToken in
      ProbeScores.Text(
        name: name,
        documents: (0..<documents).map { .init(index: $0, tokenCount: 10 + $0, byteCount: bytesPerToken * (10 + $0)) },
        emptyDocumentCount: 3)
    }
    let places = Array(0..<documents)
    return ProbeScores(
      texts: texts, pairings: [DocumentPairing(basis: .order, target: places, source: places)],
      layerCount: profiles[0].count, scores: scores)
  }

  /// Trials of first and last, and of others whose aligned loss on the target differs by so much from that.
  static func trials(differences: [(layers: [Int], difference: Double)], noise: Float = 0.01) -> TrialResults {
    var numbers = SeededNumbers(seed: 18)
    let documents = (0..<20).map { _ in Double(numbers.normal(0.3)) + 2 }
    func losses(_ difference: Double) -> TrialResults.Losses {
      .init(
        target: documents.map { $0 + difference + Double(numbers.normal(noise)) },
        source: documents.map { $0 - 1 + Double(numbers.normal(noise)) })
    }
    func candidate(_ name: String, _ layers: [Int], _ difference: Double, rounds: Int) -> TrialResults.Candidate {
      .init(
        origins: [name], layers: layers, parameters: 20,
        rounds: (0..<rounds).map { _ in
          .init(detached: losses(3), reattached: losses(difference), aligned: losses(difference - 0.2))
        })
    }
    return TrialResults(
      settings: .init(
        minutes: 5, detachedTokens: [100, 200], alignmentTokens: [50, 100], learningRate: 2e-4,
        alignmentLearningRate: 1e-4, sourceShare: 0.1, detachedStepTokens: 10, alignmentStepTokens: 5,
        bridgeTokens: 64, seed: 3),
      base: losses(0),
      candidates: [candidate("first and last", [0, 4], 0, rounds: 2)]
        + differences.map { candidate("random", $0.layers, $0.difference, rounds: 2) }
        + [candidate("random", [1, 2], 0.5, rounds: 1)],
      seconds: 300)
  }
}
