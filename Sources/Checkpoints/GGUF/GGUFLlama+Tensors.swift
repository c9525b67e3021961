/// One tensor of the checkpoint to write and where it comes from.
struct ConvertedTensor: Sendable {
  /// The name in the checkpoint.
  let name: String
  let source: GGUFTensor
  /// The heads whose rows are stored in another order, 0 where rows stand as they are.
  let permutedHeads: Int

  /// The row of the source that holds a row of the result.
  ///
  /// llama.cpp rotates neighbouring pairs of a head's elements, transformers its two halves: row 2j + s of a stored head
  /// is row s * n/2 + j of the original.
  @inline(__always)
  func sourceRow(_ row: Int) -> Int {
    guard permutedHeads > 0 else { return row }
    let headSize = source.shape[0] / permutedHeads
    let (head, within) = (row / headSize, row % headSize)
    let (half, j) = (within / (headSize / 2), within % (headSize / 2))
    return head * headSize + 2 * j + half
  }
}

extension GGUFLlama {
  /// The tensors of a Llama checkpoint in the order they are computed with, each found in the file and of its shape.
  /// - Throws: `missingTensor`, `unexpectedShape`, and `unexpectedTensor` where the file holds more than these.
  func convertedTensors(_ file: GGUFFile) throws(GGUFError) -> [ConvertedTensor] {
    // The frequencies' divisors are turned into config.json's `rope_scaling`; a head that equals the embedding is tied.
    var used: Set<String> = ["rope_freqs.weight"]
    if isTied { used.insert("output.weight") }
    var tensors: [ConvertedTensor] = []
    func take(
      _ ggufName: String, as name: String, _ shape: [Int], permutedHeads: Int = 0
    ) throws(GGUFError) {
      guard let source = file.tensors[ggufName] else {
        throw .missingTensor(file: file.name, tensor: ggufName)
      }
      guard source.shape == shape else {
        throw .unexpectedShape(file: file.name, tensor: ggufName, found: source.shape, expected: shape)
      }
      used.insert(ggufName)
      tensors.append(ConvertedTensor(name: name, source: source, permutedHeads: permutedHeads))
    }
    try take("token_embd.weight", as: "model.embed_tokens.weight", [vocabularySize, hiddenSize])
    let members = layerMembers
    for layer in 0..<layerCount {
      for member in members {
        try take(
          "blk.\(layer).\(member.ggufName).weight", as: "model.layers.\(layer).\(member.name).weight", member.shape,
          permutedHeads: member.permutedHeads)
      }
    }
    try take("output_norm.weight", as: "model.norm.weight", [hiddenSize])
    if !isTied { try take("output.weight", as: "lm_head.weight", [vocabularySize, hiddenSize]) }
    if let stray = file.tensors.keys.first(where: { !used.contains($0) }) {
      throw .unexpectedTensor(file: file.name, tensor: stray)
    }
    return tensors
  }

  private typealias LayerMember = (ggufName: String, name: String, shape: [Int], permutedHeads: Int)

  private var layerMembers: [LayerMember] {
    let queryWidth = headCount * headSize
    let keyWidth = keyValueHeadCount * headSize
    return [
      ("attn_norm", "input_layernorm", [hiddenSize], 0),
      ("attn_q", "self_attn.q_proj", [queryWidth, hiddenSize], headCount),
      ("attn_k", "self_attn.k_proj", [keyWidth, hiddenSize], keyValueHeadCount),
      ("attn_v", "self_attn.v_proj", [keyWidth, hiddenSize], 0),
      ("attn_output", "self_attn.o_proj", [hiddenSize, queryWidth], 0),
      ("ffn_norm", "post_attention_layernorm", [hiddenSize], 0),
      ("ffn_gate", "mlp.gate_proj", [intermediateSize, hiddenSize], 0),
      ("ffn_up", "mlp.up_proj", [intermediateSize, hiddenSize], 0),
      ("ffn_down", "mlp.down_proj", [hiddenSize, intermediateSize], 0),
    ]
  }
}
