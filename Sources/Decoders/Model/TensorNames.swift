/// How a family names the tensors of a checkpoint.
///
/// Names lack their ending, `.weight` or `.bias`; `#` stands for a layer's index. The defaults are Llama's.
struct TensorNames: Sendable, Hashable {
  /// What stands before every name but the head's: the first under which the embedding is found.
  var prefixes = ["model."]
  var embedding = "embed_tokens"
  /// Learned positions.
  var positions = "embed_positions"
  /// The norm behind the embedding.
  var embeddingNorm = "embed_norm"
  var finalNorm = "norm"
  var head = "lm_head"

  /// What stands before the names below.
  var layer = "layers.#."
  /// Before attention, or before attention and MLP in a parallel block with one norm.
  var attentionNorm = "input_layernorm"
  var query = "self_attn.q_proj"
  var key = "self_attn.k_proj"
  var value = "self_attn.v_proj"
  /// One tensor for queries, keys and values.
  var queryKeyValue = "self_attn.qkv_proj"
  var output = "self_attn.o_proj"
  var queryNorm = "self_attn.q_norm"
  var keyNorm = "self_attn.k_norm"
  /// On what attention gives.
  var attentionPostNorm = "post_attention_layernorm"
  var mlpNorm = "post_attention_layernorm"
  var gate = "mlp.gate_proj"
  var up = "mlp.up_proj"
  /// One tensor for gate and up.
  var gateUp = "mlp.gate_up_proj"
  var down = "mlp.down_proj"
  /// To the scores of a layer's experts.
  var router = "mlp.gate"
  /// What stands before the names of an expert's MLP, `#e` being its index, and these.
  var expert = "mlp.experts.#e."
  var expertGate = "gate_proj"
  var expertUp = "up_proj"
  var expertDown = "down_proj"
  /// How `transformers` 5 holds the router and all experts of a layer: gates above ups `[E, 2I, D]`, and `[E, D, I]`.
  ///
  /// The experts' are whole names. Checkpoints have them when they were saved with `save_original_format=False`.
  static let builtRouter = "mlp.gate"
  static let builtExpertInput = "mlp.experts.gate_up_proj"
  static let builtExpertOutput = "mlp.experts.down_proj"
  /// On what the MLP gives.
  var mlpPostNorm = "post_feedforward_layernorm"

  /// Whether `transformers` builds the model under Llama's names, which are the defaults here.
  var areBuiltAsLlamas = false

  /// What a tensor is called in the model that `transformers` builds, from its name behind the prefix.
  func built(_ name: String) -> String {
    let llama = TensorNames()
    let place = layer.prefix { $0 != "#" }
    guard name.hasPrefix(place) else {
      return Self.renamed(name, zip([embedding, finalNorm], [llama.embedding, llama.finalNorm]))
    }
    let index = name.dropFirst(place.count).prefix { $0 != "." }
    let part = String(name.dropFirst(place.count + index.count + 1))
    return llama.layer.replacing("#", with: index) + Self.renamed(part, zip(layerParts, llama.layerParts))
  }

  private var layerParts: [String] {
    [attentionNorm, query, key, value, queryKeyValue, output, queryNorm, keyNorm, mlpNorm, gate, up, gateUp, down]
  }

  private static func renamed(_ name: String, _ parts: some Sequence<(String, String)>) -> String {
    for (own, llama) in parts where name.hasPrefix(own + ".") { return llama + name.dropFirst(own.count) }
    return name
  }

  /// Names of a layer in the way of GPT-NeoX, BLOOM and Falcon.
  static func megatron(prefix: String, layer: String, attention: String) -> TensorNames {
    var names = TensorNames()
    names.prefixes = [prefix + ".", ""]
    names.layer = layer + ".#."
    names.queryKeyValue = attention + ".query_key_value"
    names.output = attention + ".dense"
    names.up = "mlp.dense_h_to_4h"
    names.down = "mlp.dense_4h_to_h"
    return names
  }
}
