import Checkpoints
import Foundation
import ModelSurgery
import TestSupport
import Testing

struct RestackTests {
  private func bytes(_ tensor: StoredTensor) -> [UInt8] { tensor.withUnsafeBytes { Array($0) } }

  @Test func layersAreDroppedRepeatedAndReordered() throws {
    try withTemporaryDirectory { directory in
      let base = try sample("gemma2")
      let output = directory.appending(path: "out")
      let plan = try RestackPlan(checkpoint: base, order: LayerSelection("5,0,0,3"))
      try plan.execute(to: output)
      let result = try Checkpoint(directory: output)
      #expect(result.config["num_hidden_layers"]?.int == 4)
      let types = result.config["layer_types"]?.elements?.compactMap(\.string)
      #expect(types == ["full_attention", "sliding_attention", "sliding_attention", "full_attention"])
      for (new, old) in [5, 0, 0, 3].enumerated() {
        let name = { (layer: Int) in "model.layers.\(layer).self_attn.q_proj.weight" }
        #expect(try bytes(result.tensor(name(new))) == bytes(base.tensor(name(old))))
      }
    }
  }

  /// Families in which zeros make no layer an identity.
  private static let neverIdentities = ["gemma4", "gemma4_text", "longcat_flash"]

  @Test(arguments: neverIdentities)
  func copiesThatZerosDoNotSilenceAreRefused(family: String) throws {
    let error = #expect(throws: SurgeryError.self) {
      try RestackPlan(checkpoint: sample(family), order: LayerSelection("0,1,1...5"), makesCopiesIdentities: true)
    }
    guard case .tensorRefused(_, .noOutputProjection) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: families.filter { $0 != "jamba" && !neverIdentities.contains($0) })
  func copiesBecomeIdentitiesByZerosInTheirOutputProjectionsOnly(family: String) throws {
    try withTemporaryDirectory { directory in
      let base = try sample(family)
      let output = directory.appending(path: "out")
      let plan = try RestackPlan(checkpoint: base, order: LayerSelection("0,1,1,2...5,5"), makesCopiesIdentities: true)
      try plan.execute(to: output)
      let result = try Checkpoint(directory: output)
      let zeroed = plan.moves.filter(\.isZeroed)
      #expect(!zeroed.isEmpty)
      for move in plan.moves {
        let written = try bytes(result.tensor(move.name))
        #expect(move.isZeroed ? written.allSatisfy { $0 == 0 } : written == bytes(move.source))
        if move.isZeroed { #expect(move.name.contains(".2.") || move.name.contains(".7.")) }
      }
    }
  }

  @Test func indicesThatEnterTheArithmeticStay() throws {
    try withTemporaryDirectory { directory in
      let base = directory.appending(path: "base")
      try reshard(fixture("checkpoints/gpt2"), to: base, shardCount: 1)
      var config = try ConfigText(contentsOf: base.appending(path: "config.json"))
      try config.set(["scale_attn_by_inverse_layer_idx"], to: "true")
      try write(config.bytes, to: "config.json", in: base)
      let checkpoint = try Checkpoint(directory: base)
      #expect(throws: SurgeryError.configRefused(key: "scale_attn_by_inverse_layer_idx", .indexMatters(layer: 5))) {
        try DetachPlan(checkpoint: checkpoint, layers: .firstAndLast)
      }
      #expect(try DetachPlan(checkpoint: checkpoint, layers: LayerSelection("first:3")).layers == [0, 1, 2])
    }
  }
}

struct ReplaceTests {
  @Test func layersComeFromTheDonorAndTheRestStays() throws {
    try withTemporaryDirectory { directory in
      let base = try sample("llama")
      let donorDirectory = directory.appending(path: "donor")
      try reshard(base.directory, to: donorDirectory, shardCount: 2) { ($0.name, singles($0.shape) { _ in 7 }) }
      let donor = try Checkpoint(directory: donorDirectory)
      let output = directory.appending(path: "out")
      let plan = try ReplacePlan(
        checkpoint: base, layers: LayerSelection("1,4"), donor: donor, donorLayers: LayerSelection("0,5"))
      try plan.execute(to: output)
      let difference = try CheckpointDifference(base, Checkpoint(directory: output))
      #expect(difference.changedLayers == [1, 4])
      #expect(difference.config.isEmpty && difference.files.isEmpty)
      #expect(throws: SurgeryError.layerCountMismatch(expected: 2, found: 1)) {
        try ReplacePlan(checkpoint: base, layers: LayerSelection("1,4"), donor: donor, donorLayers: LayerSelection("0"))
      }
    }
  }

  @Test func layersOfAnotherKindAreRefused() throws {
    let gemma = try sample("gemma2")
    let llama = try sample("llama")
    // Layer 0 slides, layer 1 does not; their tensors look the same.
    let error = #expect(throws: SurgeryError.self) {
      try ReplacePlan(
        checkpoint: gemma, layers: LayerSelection("0"), donor: gemma, donorLayers: LayerSelection("1"))
    }
    guard case .configRefused(key: "layer_types", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    let other = #expect(throws: SurgeryError.self) {
      try ReplacePlan(checkpoint: gemma, layers: LayerSelection("0"), donor: llama)
    }
    guard case .missingTensor = other else {
      Issue.record("\(String(describing: other))")
      return
    }
  }
}

struct ComparisonTests {
  @Test func aDifferenceIsMeasuredPerTensorAndLayer() throws {
    try withTemporaryDirectory { directory in
      let base = try sample("llama")
      let other = directory.appending(path: "other")
      let name = "model.layers.3.input_layernorm.weight"
      // The same model in shards and with one element moved by 2: sharding is no difference.
      try reshard(base.directory, to: other, shardCount: 2) { tensor in
        guard tensor.name == name else { return (tensor.name, .mapped(tensor)) }
        let old = tensor.withUnsafeBytes { bytes in
          (0..<8).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        return (name, singles(tensor.shape) { $0 == 5 ? old[5] + 2 : old[$0] })
      }
      var config = try ConfigText(contentsOf: other.appending(path: "config.json"))
      try config.set(["rms_norm_eps"], to: "1e-3")
      try write(config.bytes, to: "config.json", in: other)
      try write("new".utf8, to: "README.md", in: other)
      let difference = try CheckpointDifference(base, Checkpoint(directory: other))
      #expect(!difference.isIdentical)
      #expect(difference.changedLayers == [3])
      let changed = difference.tensors.filter { $0.status != .identical }
      #expect(changed.map(\.name) == [name])
      #expect(abs((changed[0].norm ?? 0) - 2) < 1e-6 && abs((changed[0].largest ?? 0) - 2) < 1e-6)
      #expect(difference.config.map(\.name) == ["rms_norm_eps"])
      #expect(difference.files.map(\.name) == ["README.md", "config.json"])
      #expect(try CheckpointDifference(base, base).isIdentical)
    }
  }

  @Test(arguments: allFamilies)
  func aSoundCheckpointVerifies(family: String) throws {
    #expect(try CheckpointVerification(directory: fixture("checkpoints/\(family)")).problems == [])
  }

  @Test func everyProblemIsFound() throws {
    func problems(
      _ family: String = "llama", adding: [(name: String, content: TensorContent)] = [],
      edit: @escaping (StoredTensor) -> (name: String, content: TensorContent)? = { ($0.name, .mapped($0)) },
      then: (URL) throws -> Void = { _ in }
    ) throws -> [String] {
      try withTemporaryDirectory { directory in
        let copy = directory.appending(path: "copy")
        try reshard(fixture("checkpoints/\(family)"), to: copy, shardCount: 2, adding: adding, edit: edit)
        try then(copy)
        return try CheckpointVerification(directory: copy).problems
      }
    }
    #expect(try problems() == [])
    let nan = try problems {
      ($0.name, $0.name == "model.norm.weight" ? singles([8]) { $0 == 3 ? .nan : 1 } : .mapped($0))
    }
    #expect(nan == ["tensor 'model.norm.weight' holds NaN or an infinity at element 3"])
    let untied = try problems("llama_tied", adding: [("lm_head.weight", singles([24, 8]) { _ in 1 })])
    #expect(untied.count == 1 && untied[0].contains("lm_head.weight"))
    let layerless = try problems(edit: { $0.name.contains("layers.2.") ? nil : ($0.name, .mapped($0)) })
    #expect(layerless.count == 1 && layerless[0].contains("model.layers.2"))
    let short = try problems(then: { copy in
      for name in ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] {
        let data = try Data(contentsOf: copy.appending(path: name))
        try data.dropLast().write(to: copy.appending(path: name))
      }
    })
    #expect(short.count == 2, "a line for each cut shard")
    let list = try problems(
      "granitemoehybrid",
      then: { copy in
        var config = try ConfigText(contentsOf: copy.appending(path: "config.json"))
        try config.set(["layer_types"], toList: ["\"mamba\""])
        try write(config.bytes, to: "config.json", in: copy)
      })
    #expect(list.count == 1 && list[0].contains("layer_types"))
  }
}
