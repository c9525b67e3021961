import Corpora
import Decoders
import Foundation
import LayerTrials
import TestSupport
import Testing

@Suite struct TrialTextsTests {
  @Test func `documents are scored, held out or trained on, never two of these`() throws {
    try TinyTrials.with { trials in
      // Every document is its own number, spelt so that no number holds another.
      let sources = try ["de", "en"].map { name in
        let file = trials.directory.appending(path: "\(name)-numbers.jsonl")
        let lines = (0..<40).map { #"{"text": "<\#(name)\#($0)>"}"# }
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        return TextSource(name: name, path: file.path)
      }
      var heldOut = TrialTexts.HeldOut()
      (heldOut.target, heldOut.source) = (6, 3)
      let texts = try trials.texts(sources, heldOut: heldOut)
      func numbers(_ ids: some Sequence<UInt32>, _ name: String) -> Set<Int> {
        let text = String(decoding: ids.filter { $0 < 256 }.map { UInt8($0) }, as: UTF8.self)
        return Set(text.split(separator: ">").compactMap { Int($0.drop { $0 != "<" }.dropFirst(1 + name.count)) })
      }
      func all(_ text: TokenizedText) -> [UInt32] {
        (0..<text.documentCount).flatMap { Array(text.tokens(ofDocument: $0)) }
      }
      #expect(numbers(all(texts.target), "de") == Set(4..<10))
      #expect(numbers(all(texts.source), "en") == Set(4..<7))
      // Two epochs of the training text: whole documents, so that none is cut into another number.
      var mixture = texts.mixture(sourceShare: 0.5, sequenceLength: 1000, seed: 1)
      let ids = try mixture.nextBatch(rows: 1).ids.map { UInt32(bitPattern: $0) }
      let german = numbers(ids, "de").union(numbers(ids, "en"))
      #expect(german == Set(10..<40))
    }
  }

  @Test func `held-out documents are cut, with the bytes of what is left`() throws {
    try TinyTrials.with { trials in
      let texts = try trials.texts()
      #expect(texts.target.documentCount == 16 && texts.source.documentCount == 8)
      for document in 0..<texts.target.documentCount {
        #expect(texts.target.tokenCount(ofDocument: document) <= 24)
        #expect(texts.target.byteCount(ofDocument: document) == texts.target.tokenCount(ofDocument: document))
      }
    }
  }

  @Test func `a text without documents behind those is refused by name`() throws {
    try TinyTrials.with { trials in
      let file = trials.directory.appending(path: "short.jsonl")
      try Data((0..<20).map { #"{"text": "row \#($0)"}"# }.joined(separator: "\n").utf8).write(to: file)
      let sources = [trials.sources[0], TextSource(name: "short", path: file.path)]
      #expect(throws: TrialError.tooFewDocuments(text: "short", scored: 4, heldOut: 16)) {
        try trials.texts(sources)
      }
      #expect("\(TrialError.tooFewDocuments(text: "short", scored: 4, heldOut: 16))".contains("fewer --documents"))
    }
  }

  @Test func `sources share their part of the tokens`() throws {
    try TinyTrials.with { trials in
      let third = TextSource(name: "fr", path: trials.sources[1].path)
      let texts = try trials.texts(trials.sources + [third])
      var mixture = texts.mixture(sourceShare: 0.5, sequenceLength: 64, seed: 1)
      let batch = try mixture.nextBatch(rows: 400)
      let total = Double(batch.tokensBySource.reduce(0, +))
      for (tokens, share) in zip(batch.tokensBySource, [0.5, 0.25, 0.25]) {
        #expect(abs(Double(tokens) / total - share) < 0.02)
      }
    }
  }
}
