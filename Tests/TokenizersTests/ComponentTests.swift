import Foundation
import JSONText
import TestSupport
import Testing
import Tokenizers

/// A tokenizer with some components and a vocabulary.
func makeTokenizer(_ components: [String: String], vocabulary: [String] = []) throws -> Tokenizer {
  let tokens = try vocabulary.enumerated().map { id, token in
    let spelling = String(decoding: try JSONEncoder().encode([token]), as: UTF8.self)
    return "\(spelling.dropFirst().dropLast()):\(id)"
  }
  let fields =
    components.map { "\"\($0)\":\($1)" } + [
      "\"model\":{\"type\":\"BPE\",\"vocab\":{\(tokens.joined(separator: ","))},\"merges\":[]}"
    ]
  return try Tokenizer(json: Array("{\(fields.joined(separator: ","))}".utf8))
}

@Suite("Components do what those of Python tokenizers 0.23.3 do")
struct ComponentTests {
  let document: JSONText
  let texts: [Int: [String]]

  init() throws {
    let document = try JSONText(Array(Data(contentsOf: fixture("tokenizers/components.json"))))
    self.document = document
    // The lists of texts have different lengths, so an entry's outputs tell which one it was made from.
    texts = Dictionary(
      uniqueKeysWithValues: ["texts", "short_texts", "few_texts"].map { key in
        let strings = document.root[key]?.strings ?? []
        return (strings.count, strings)
      })
  }

  /// The entries of a list, each with the JSON text of its component.
  private func entries(_ key: String) throws -> [(component: String, outputs: [JSONNode])] {
    try #require(document.root[key]?.elements).map { entry in
      (document.spelling(of: try #require(entry["component"])), try #require(entry["outputs"]?.elements))
    }
  }

  @Test("Pre-tokenizers cut texts into the same pieces")
  func preTokenizers() throws {
    for (component, outputs) in try entries("pre_tokenizers") {
      let texts = try #require(texts[outputs.count])
      let tokenizer = try makeTokenizer(["pre_tokenizer": component])
      for (text, output) in zip(texts, outputs) {
        let pieces = tokenizer.pieces(of: text).map { String(decoding: $0, as: UTF8.self) }
        #expect(
          pieces.map { Array($0.utf8) } == output.strings.map { Array($0.utf8) },
          "\(component) on \(visible(text)): \(pieces.map(visible))")
      }
    }
  }

  @Test("Normalizers rewrite texts in the same way")
  func normalizers() throws {
    for (component, outputs) in try entries("normalizers") {
      let texts = try #require(texts[outputs.count])
      let tokenizer = try makeTokenizer(["normalizer": component])
      for (text, output) in zip(texts, outputs) {
        let normalized = String(decoding: tokenizer.normalized(text), as: UTF8.self)
        #expect(
          normalized.utf8.elementsEqual(try #require(output.string).utf8),
          "\(component) on \(visible(text)): \(visible(normalized))")
      }
    }
  }

  @Test("Decoders join tokens in the same way")
  func decoders() throws {
    let tokens = try #require(document.root["tokens"]).strings
    let lists = try #require(document.root["token_lists"]?.elements).map(\.strings)
    for (component, outputs) in try entries("decoders") {
      let tokenizer = try makeTokenizer(["decoder": component], vocabulary: tokens)
      for (list, output) in zip(lists, outputs) {
        let ids = list.map { token in UInt32(tokens.firstIndex { $0.utf8.elementsEqual(token.utf8) }!) }
        let decoded = tokenizer.decode(ids)
        #expect(
          decoded.utf8.elementsEqual(try #require(output.string).utf8), "\(component) on \(list): \(visible(decoded))")
      }
    }
  }

  @Test("Sets of scalars by Unicode property are the same, scalar by scalar")
  func unicodeSets() throws {
    for member in try #require(try tokenizerFixture("unicode_sets.json").members) {
      let set: ScalarSet? =
        switch member.key {
        case "\\s", "WhitespaceSplit": UnicodeSets.whiteSpace
        case "\\w": UnicodeSets.wordOutsideClass
        case "\\W": UnicodeSets.wordOutsideClass.inverted
        case "[\\w]": UnicodeSets.word
        case "[\\W]": UnicodeSets.word.inverted
        case "Punctuation": UnicodeSets.punctuation
        case "Digits": UnicodeSets.numeric
        case "Whitespace": UnicodeSets.regexCrateWord
        case "StripAccents": UnicodeSets.combiningMarks
        case "class above 1": nil
        default: UnicodeSets.named(member.key)
        }
      if member.key == "class above 1" { continue }
      // No text holds surrogates, so it does not matter on which side of a border they lie.
      let surrogates = ScalarSet([0xD800...0xDFFF])
      let expected = try #require(member.value.elements).map { $0.ids[0]...$0.ids[1] }
      let found = try #require(set, "\(member.key)").subtracting(surrogates)
      #expect(found == ScalarSet(expected).subtracting(surrogates), "\(member.key)")
    }
  }

  @Test("Combining classes are those of Unicode 9")
  func combiningClasses() throws {
    let known = try #require(try tokenizerFixture("unicode_sets.json")["class above 1"]?.elements)
    let expected = ScalarSet(known.map { $0.ids[0]...$0.ids[1] })
    let tokenizer = try makeTokenizer(["normalizer": "{\"type\":\"NFD\"}"])
    for value in UInt32(0x300)..<0x20000 {
      guard let scalar = Unicode.Scalar(value), value != 0x334 else { continue }
      let sorted = String(decoding: tokenizer.normalized("a\(scalar)\u{334}"), as: UTF8.self).unicodeScalars
      #expect((sorted.dropFirst().first == "\u{334}") == expected.contains(scalar), "\(String(value, radix: 16))")
    }
  }
}
