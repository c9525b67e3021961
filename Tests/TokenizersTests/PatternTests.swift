import Testing
import Tokenizers

@Suite("Patterns outside the subset are refused where they leave it")
struct PatternTests {
  @Test(
    "A refusal names the pattern and the position",
    arguments: [
      (#"(?<name>a)"#, 0), (#"a(?<=b)c"#, 1), (#"(a)\1"#, 3), (#"\K"#, 0), (#"a\Q"#, 1), (#"\p{Greek}"#, 0),
      (#"x\pL"#, 1), (#"[a"#, 0), (#"(a"#, 0), (#"a)"#, 1), (#"*a"#, 0), (#"a|+"#, 2), (#"(?x)a"#, 0),
      (#"(a*)*"#, 0), (#"[b-a]"#, 1), (#"a{2}?"#, 4), (#"[]"#, 0), (#"\x{110000}"#, 0), (#"a{1001}"#, 1),
      (#"(?i:straße)"#, 8), (#"[[:punct:]]"#, 1), (#"\"#, 1), (#"(?i:miss)"#, 8), (#"{1}"#, 0), (#"(?#a)"#, 0),
      (#"(?=a)+"#, 5),
    ])
  func refuses(pattern: String, position: Int) throws {
    let escaped = pattern.replacing("\\", with: "\\\\")
    let split = "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\(escaped)\"},\"behavior\":\"Isolated\",\"invert\":false}"
    let error = #expect(throws: TokenizerError.self) { try makeTokenizer(["pre_tokenizer": split]) }
    guard case .unsupportedPattern(let named, let place, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(named == pattern)
    #expect(place == position)
  }
}
