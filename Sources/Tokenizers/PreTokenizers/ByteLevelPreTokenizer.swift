/// The type ByteLevel: splits like GPT-2 and spells every byte as a scalar of the byte alphabet.
struct ByteLevelPreTokenizer: PreTokenizer {
  private let addsPrefixSpace: Bool
  private let pattern: RegexProgram?
  private let spellsBytes: Bool

  /// GPT-2's split: contractions, words, numbers and signs with the space before them, other white space.
  static let gpt2Pattern = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// - Parameter isLast: Whether the model comes next; its byte-level form then takes the bytes as they are.
  init(_ component: Component, isLast: Bool) throws(TokenizerError) {
    addsPrefixSpace = try component.bool("add_prefix_space")
    pattern = try component.bool("use_regex", default: true) ? RegexProgram(Self.gpt2Pattern) : nil
    spellsBytes = !isLast
  }

  func apply(to pieces: inout Pieces) {
    let space = UInt8(ascii: " ")
    if addsPrefixSpace, pieces.ranges.contains(where: { pieces.text[$0.lowerBound] != space }) {
      pieces.rewrite { piece, output in
        if piece.first != space { output.append(space) }
        output.append(contentsOf: piece)
      }
    }
    if let pattern { pieces.split(by: pattern, behavior: .isolated, isInverted: false) }
    if spellsBytes {
      pieces.rewrite { piece, output in
        for byte in piece { output.append(contentsOf: ByteAlphabet.spellings[Int(byte)]) }
      }
    }
  }
}
