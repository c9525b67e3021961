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
  /// On what the MLP gives.
  var mlpPostNorm = "post_feedforward_layernorm"

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
