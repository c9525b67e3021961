/// What a rank file does not say: how the text is cut before, and which special tokens follow the ranks.
package struct RankLayout: Sendable {
  /// The expression whose matches are the pieces.
  let pattern: String
  /// Whether the text is brought into NFC first; special tokens are then looked for in the result.
  let composes: Bool
  /// The tokens behind the ranks, in the order of their ids.
  let specialTokens: [String]

  /// A layout that is not among the known ones.
  package init(pattern: String, composes: Bool, specialTokens: [String]) {
    self.pattern = pattern
    self.composes = composes
    self.specialTokens = specialTokens
  }

  /// The layout of a list with so many ranks, nil when none is known.
  static func known(rankCount: Int) -> RankLayout? {
    switch rankCount {
    case 128_000: llama3
    case 151_643: qwen
    case 248_044: qwen3_5
    default: nil
    }
  }

  /// Llama 3 to 3.3.
  static let llama3: RankLayout = {
    let named = [
      "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|reserved_special_token_1|>",
      "<|finetune_right_pad_id|>", "<|step_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>",
      "<|eot_id|>", "<|python_tag|>", "<|image|>",
    ]
    return RankLayout(
      pattern: #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"# + ending,
      composes: false,
      specialTokens: named + (2..<2 + 256 - named.count).map { "<|reserved_special_token_\($0)|>" })
  }()

  /// Qwen 1 to 3; from Qwen 2 on, `tokenizer_config.json` gives other names to the tokens behind the third.
  static let qwen = RankLayout(
    pattern: #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"# + ending, composes: true,
    specialTokens: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + (0..<205).map { "<|extra_\($0)|>" })

  /// Qwen 3.5 and 3.6.
  static let qwen3_5 = RankLayout(
    pattern: #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|"#
      + #" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
    composes: true,
    specialTokens: [
      "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
      "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
      "<|image_pad|>", "<|video_pad|>", "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>",
      "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>",
      "<think>", "</think>", "<|audio_start|>", "<|audio_end|>", "<tts_pad>", "<tts_text_bos>", "<tts_text_eod>",
      "<tts_text_bos_single>", "<|audio_pad|>",
    ])

  private static let ending = #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
}
