import Decoders
import LayerProbe
import Testing

/// f32 passes against `transformers` in f64: every value of every document, relative to the greatest of its row.
@Suite struct ReferenceTests {
  static let models = ["tied-grouped-f32", "untied-wide-bf16"]

  private func measure(_ criterion: any LayerCriterion, _ name: String) throws -> (Expected.Model, [Score]) {
    let expected = try Expected.load()
    let model = try #require(expected.models[name])
    let probe = Probe(criteria: [criterion])
    return (model, try probe.run(try expected.texts(name), on: try expected.model(name)).scores)
  }

  @Test(arguments: models) func `Block Influence`(name: String) throws {
    let (expected, scores) = try measure(BlockInfluence(), name)
    try compare(scores, "block_influence", [expected.target.blockInfluence, expected.source.blockInfluence])
  }

  @Test(arguments: models) func `angular distance of layers and of all pairs of states`(name: String) throws {
    let (expected, scores) = try measure(AngularDistance(), name)
    let states = expected.ckaLanguages.count
    func neighbours(_ matrices: [[Double]]) -> [[Double]] {
      matrices.map { matrix in (0..<states - 1).map { matrix[$0 * states + $0 + 1] } }
    }
    let languages = [expected.target, expected.source]
    try compare(scores, "angular_distances", languages.map(\.angles))
    try compare(scores, "angular_distances_last_token", languages.map(\.lastAngles))
    try compare(scores, "angular_distance", languages.map { neighbours($0.angles) })
    try compare(scores, "angular_distance_last_token", languages.map { neighbours($0.lastAngles) })
  }

  @Test(arguments: models, Ablation.Target.allCases)
  func `ablation of layers, of their parts and of what varies in their update`(
    name: String, target: Ablation.Target
  ) throws {
    let (expected, scores) = try measure(Ablation(target), name)
    let texts = try Expected.load().texts(name)
    let languages = [expected.target, expected.source]
    let prefix = target == .layer ? "ablation" : "ablation_\(target.rawValue)"
    try compare(
      scores, "\(prefix)_nats_per_token",
      zip(languages, texts).map { $0.ablation(target, over: $1.documents.map(\.tokens.count)) })
    try compare(
      scores, "\(prefix)_nats_per_byte",
      zip(languages, texts).map { $0.ablation(target, over: $1.documents.map(\.byteCount)) })
  }

  @Test(arguments: models) func `logit-lens divergence`(name: String) throws {
    let (expected, scores) = try measure(LogitLens(positionsPerDocument: nil), name)
    try compare(scores, "logit_lens_kl", [expected.target.logitLens, expected.source.logitLens])
  }

  @Test(arguments: models) func `gradients of every tensor, of layers and of their parts`(name: String) throws {
    let (expected, scores) = try measure(Gradients(), name)
    let languages = [expected.target, expected.source]
    let model = try Expected.load().model(name)
    let layers = model.decoder.layers
    #expect(expected.tensors == layers.flatMap { $0.parameters.map(\.name) })
    try compare(scores, "tensor_gradient_norm", languages.map { $0.gradients.map { $0.map { $0[0] } } })

    /// Sums over the tensors of a part of each layer of a function of the tensor's place and of its three numbers.
    func sums(
      _ language: Expected.Language, _ names: [String], _ value: (Int, [Double]) -> Double
    ) -> [[Double]] {
      language.gradients.map { tensors in
        layers.map { layer in
          layer.parameters.filter { parameter in names.contains { parameter.name.contains($0) } }.reduce(0) {
            let place = expected.tensors.firstIndex(of: $1.name)!
            return $0 + value(place, tensors[place])
          }
        }
      }
    }
    let parts = [
      "": ["layers."], "_attention": ["self_attn", "input_layernorm"], "_mlp": [".mlp.", "post_attention_layernorm"],
    ]
    let sizes = layers.flatMap { $0.parameters.map { Double($0.value.count) } }
    for (suffix, names) in parts {
      let squares = languages.map { sums($0, names) { $1[0] * $1[0] } }
      let count = sums(expected.target, names) { place, _ in sizes[place] }[0]
      try compare(scores, "gradient_norm" + suffix, squares.map { $0.map { $0.map { $0.squareRoot() } } })
      try compare(
        scores, "gradient_rms" + suffix,
        squares.map { $0.map { zip($0, count).map { ($0 / $1).squareRoot() } } })
      try compare(
        scores, "relative_gradient_norm" + suffix,
        languages.map { language in
          sums(language, names) { ($1[0] / expected.weightNorms[$0]) * ($1[0] / expected.weightNorms[$0]) }
            .map { $0.map { $0.squareRoot() } }
        })
      try compare(scores, "taylor" + suffix, languages.map { sums($0, names) { $1[1] } })
      try compare(scores, "fisher" + suffix, languages.map { sums($0, names) { $1[2] } })
      let conflict = expected.conflict.indices.map { pair in
        layers.indices.map { layer in
          let own = layers[layer].parameters.filter { parameter in names.contains { parameter.name.contains($0) } }
          let product = own.reduce(0) { $0 + expected.conflict[pair][expected.tensors.firstIndex(of: $1.name)!] }
          return product / (squares[0][pair][layer] * squares[1][pair][layer]).squareRoot()
        }
      }
      try compare(scores, "gradient_conflict" + suffix, [conflict])
    }
  }

  @Test(arguments: models) func `debiased CKA equals the sum over distinct documents that defines it`(
    name: String
  ) throws {
    let (expected, scores) = try measure(StateSimilarity(), name)
    let states = expected.ckaLanguages.count
    let matrix = try #require(scores.first { $0.description.name == "cka_states" })
    let neighbours = try #require(scores.first { $0.description.name == "cka_neighbours" })
    for text in 0..<2 {
      for (values, wanted) in [
        (matrix.values(ofText: text).estimate, expected.cka[text]),
        (matrix.values(ofText: text).perDocument[0], expected.ckaLeftOut[text]),
      ] {
        for (x, y) in zip(values, wanted) { #expect(abs(x - y) < 1e-4, "\(x) for \(y)") }
      }
      for layer in 0..<states - 1 {
        #expect(
          neighbours.values(ofText: text).estimate[layer] == matrix.means(ofText: text)[layer * states + layer + 1])
      }
      #expect(matrix.values(ofText: text).perDocument.count == expected.target.documents.count)
    }
  }

  @Test(arguments: models) func `languages are compared over their parallel documents`(name: String) throws {
    let (expected, scores) = try measure(LanguageSimilarity(), name)
    let found = try #require(scores[0].values[0]).estimate
    #expect(found.count == expected.ckaLanguages.count)
    for (x, y) in zip(found, expected.ckaLanguages) { #expect(abs(x - y) < 1e-4, "\(x) for \(y)") }
    let (_, retrieval) = try measure(Retrieval(), name)
    let pairs = try #require(retrieval[0].values[0]).perDocument
    #expect(expected.retrieval.indices.map { state in pairs.map { $0[state] } } == expected.retrieval)
  }

  @Test(arguments: models) func `signal of weights above the Marchenko-Pastur edge`(name: String) throws {
    let (expected, scores) = try measure(WeightSignal(), name)
    for (suffix, matrices) in [("", 0..<7), ("_attention", 0..<4), ("_mlp", 4..<7)] {
      let found = try #require(scores.first { $0.description.name == "weight_signal" + suffix }?.values[0]).estimate
      for (x, layer) in zip(found, expected.weightSignal) {
        let wanted = layer[matrices].reduce(0, +) / Double(matrices.count)
        #expect(abs(x - wanted) < 1e-6, "\(x) for \(wanted)")
      }
    }
  }
}
