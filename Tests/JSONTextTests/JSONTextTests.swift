import JSONText
import Testing

@Suite struct JSONTextTests {
  @Test func keepsSpellingOfNumbers() throws {
    let text = try JSONText(#"{"a": 1e-05, "b":10000.0 ,"c":-0}"#)
    #expect(text.root.members?.map { text.spelling(of: $0.value) } == ["1e-05", "10000.0", "-0"])
    #expect(text.root["a"]?.double == 1e-5)
    #expect(text.root["b"]?.int == nil)
  }

  @Test func resolvesEscapesAndSurrogatePairs() throws {
    let text = try JSONText(#"["\u00e9\n\"\\\/", "\ud83d\ude00", "\ud83dx", "\ude00"]"#)
    #expect(text.root.elements?.compactMap(\.string) == ["é\n\"\\/", "😀", "\u{FFFD}x", "\u{FFFD}"])
  }

  @Test func findsDuplicateKeys() throws {
    #expect(try JSONText(#"{"a":1,"b":2,"a":3}"#).root.duplicateKey == "a")
    #expect(try JSONText(#"{"a":1,"b":{"a":1}}"#).root.duplicateKey == nil)
    #expect(try JSONText(#"{"a":1,"a":3}"#).root["a"]?.int == 3)
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\" 1}", "01", "-", "1.", "1e", "nul", "[1] 2", "\"\u{1}\"", "\"\\x\"", "\"\\u12g4\"", "\"abc",
    "{'a':1}", "\u{FEFF}{}", "+1", ".5", "NaN", "{\"a\":1,}", "\0{}",
  ])
  func rejects(_ text: String) {
    #expect(throws: JSONError.self) { try JSONText(text) }
  }

  @Test func rejectsInvalidUTF8AndDeepNesting() {
    #expect(throws: JSONError.self) { try JSONText([0x22, 0xFF, 0x22]) }
    #expect(throws: JSONError.self) { try JSONText(String(repeating: "[", count: 100_000)) }
  }
}
