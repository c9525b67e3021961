import Tokenizers

/// A tokenizer of 256 tokens: the id of a byte is the byte.
func byteTokenizer() throws -> Tokenizer {
  // GPT-2's letters for bytes: printable ones stand for themselves, the others for U+0100 and on.
  var unprintable: UInt32 = 0x100
  let vocabulary = (0..<256 as Range<UInt32>).map { byte in
    let isPrintable = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
    let letter = isPrintable ? byte : unprintable
    if !isPrintable { unprintable += 1 }
    return "\"\\u\(String(repeating: "0", count: letter < 0x100 ? 2 : 1))\(String(letter, radix: 16))\": \(byte)"
  }
  let byteLevel = #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}"#
  let json = """
    {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
     "pre_tokenizer": \(byteLevel), "post_processor": null, "decoder": \(byteLevel),
     "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
       "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
       "vocab": {\(vocabulary.joined(separator: ", "))}, "merges": []}}
    """
  return try Tokenizer(json: Array(json.utf8))
}
