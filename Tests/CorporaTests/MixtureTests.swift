import Corpora
import Foundation
import TestSupport
import Testing

/// A text of documents whose ids are all different across the texts of a mixture, so that an id tells its place.
struct NumberedText {
  var documents: [[UInt32]] = []
  var text: TokenizedText

  init(name: String, lengths: [Int], firstID: UInt32) throws {
    var id = firstID
    for length in lengths {
      documents.append((0..<UInt32(length)).map { id + $0 })
      id += UInt32(length)
    }
    text = try TokenizedText(name: name, documents: documents.map { (ids: $0, byteCount: $0.count) })
  }
}

/// One random mixture: the case's number is its seed and stands in every failure.
struct MixtureCase {
  let texts: [NumberedText]
  let weights: [Double]
  let sequenceLength: Int
  let rows: Int
  let eos: Int32?
  let buffer: Int
  var mixture: Mixture
  static let prefix: Int32 = 1

  init(number: Int) throws {
    var generator = SplitMix64(seed: UInt64(number))
    let textCount = 1 + generator.below(3)
    let longest = [1, 3, 20, 90][generator.below(4)]
    texts = try (0..<textCount).map { i in
      var lengths = (0..<1 + generator.below(30)).map { _ in generator.below(longest + 1) }
      lengths[generator.below(lengths.count)] = 1 + generator.below(longest)
      return try NumberedText(name: "text \(i)", lengths: lengths, firstID: 10 + 1_000_000 * UInt32(i))
    }
    weights = (0..<textCount).map { _ in [1, 9, 0.3][generator.below(3)] }
    sequenceLength = [1, 2, 5, 16, 64, 500, 5000][generator.below(7)]
    rows = 1 + generator.below(4)
    eos = [2, Self.prefix, nil][generator.below(3)]
    buffer = [1, 2, 7, 16_384][generator.below(4)]
    mixture = Mixture(
      texts: texts.map(\.text), weights: weights,
      options: MixtureOptions(sequenceLength: sequenceLength, seed: generator.next(), shuffleBuffer: buffer),
      prefix: UInt32(Self.prefix), eos: eos.map { UInt32($0) })
  }

  /// The index of the text and of the document in it that holds an ordinary id.
  func place(of id: Int32) -> (text: Int, document: Int)? {
    guard id >= 10 else { return nil }
    let text = Int(id - 10) / 1_000_000
    guard let document = texts[text].documents.firstIndex(where: { $0.contains(UInt32(id)) }) else {
      return nil
    }
    return (text, document)
  }

  func entry(_ text: Int, _ document: Int) -> [Int32] {
    [Self.prefix] + texts[text].documents[document].map { Int32($0) } + (eos.map { [$0] } ?? [])
  }
}

/// Reads documents back out of batches: each ends where nothing is predicted.
struct DocumentStream {
  var finished: [(ids: [Int32], targets: [Int32])] = []
  private var open: (ids: [Int32], targets: [Int32]) = ([], [])

  mutating func append(_ batch: PackedBatch) {
    for span in batch.spans {
      open.ids += batch.ids[span]
      open.targets += batch.targets[span]
      if open.targets.last == -1 {
        finished.append(open)
        open = ([], [])
      }
    }
  }
}

@Suite struct MixtureTests {
  @Test(arguments: 0..<60)
  func `Batches are rows of spans with right targets and positions`(number: Int) throws {
    var test = try MixtureCase(number: number)
    let T = test.sequenceLength
    var stream = DocumentStream()
    for _ in 0..<20 {
      let batch = try test.mixture.nextBatch(rows: test.rows)
      #expect(batch.rows == test.rows && batch.sequenceLength == T)
      #expect(batch.ids.count == test.rows * T && batch.targets.count == test.rows * T)
      #expect(batch.predictedTokens == batch.targets.count { $0 != -1 })
      #expect(batch.tokensBySource.reduce(0, +) == batch.ids.count)
      var end = 0
      for span in batch.spans {
        #expect(span.lowerBound == end && !span.isEmpty)
        #expect(span.lowerBound / T == (span.upperBound - 1) / T, "a span crosses rows")
        #expect(Array(batch.positions[span]) == (0..<Int32(span.count)).map { $0 })
        end = span.upperBound
      }
      #expect(end == batch.ids.count)
      stream.append(batch)
    }
    for document in stream.finished {
      let place = try #require(test.place(of: document.ids[1]))
      #expect(document.ids == test.entry(place.text, place.document))
      #expect(document.targets == document.ids.dropFirst() + [-1])
    }
  }

  @Test(arguments: 0..<40)
  func `Every document that has tokens stands once in every epoch`(number: Int) throws {
    var test = try MixtureCase(number: number)
    var stream = DocumentStream()
    var rows = 0
    while rows < 3000, rows * test.sequenceLength < 30_000 {
      stream.append(try test.mixture.nextBatch(rows: test.rows))
      rows += test.rows
    }
    var orders = test.texts.map { _ in [Int]() }
    for document in stream.finished {
      let place = try #require(test.place(of: document.ids[1]))
      orders[place.text].append(place.document)
    }
    for (order, text) in zip(orders, test.texts) {
      let nonempty = text.documents.indices.filter { !text.documents[$0].isEmpty }
      for first in stride(from: 0, to: order.count, by: nonempty.count) {
        let epoch = order[first..<min(first + nonempty.count, order.count)]
        #expect(Set(epoch).count == epoch.count && Set(epoch).isSubset(of: nonempty))
      }
    }
  }

  @Test func `Epochs are permutations that differ from each other and between seeds`() throws {
    let numbered = try NumberedText(name: "a", lengths: (0..<50).map { $0 % 5 }, firstID: 10)
    let nonempty = numbered.documents.filter { !$0.isEmpty }
    let epochTokens = nonempty.reduce(0) { $0 + $1.count + 2 }
    var orders: Set<[Int32]> = []
    for seed in 0..<3 as Range<UInt64> {
      // A row is exactly an epoch.
      var mixture = Mixture(
        texts: [numbered.text], weights: [1], options: MixtureOptions(sequenceLength: epochTokens, seed: seed),
        prefix: 1, eos: 2)
      for epoch in 0..<4 {
        #expect(mixture.cursor.texts[0].epoch == max(0, epoch - 1))
        let batch = try mixture.nextBatch(rows: 1)
        #expect(batch.ids.filter { $0 >= 10 }.sorted() == nonempty.flatMap { $0 }.map { Int32($0) })
        #expect(batch.targets[epochTokens - 1] == -1)
        orders.insert(batch.ids)
      }
    }
    #expect(orders.count == 12)
  }

  @Test(arguments: 0..<40)
  func `Shares of tokens follow the weights within a document`(number: Int) throws {
    var test = try MixtureCase(number: number)
    let sum = test.weights.reduce(0, +)
    let longest = test.texts.map { $0.documents.map(\.count).max()! + 2 }
    var emitted = [Int](repeating: 0, count: test.texts.count)
    for _ in 0..<60 {
      let batch = try test.mixture.nextBatch(rows: test.rows)
      for (i, tokens) in batch.tokensBySource.enumerated() { emitted[i] += tokens }
      let total = Double(emitted.reduce(0, +))
      for i in emitted.indices {
        let ahead = Double(emitted[i]) - total * test.weights[i] / sum
        let others = longest.enumerated().reduce(0) { $1.offset == i ? $0 : $0 + $1.element }
        #expect(ahead <= Double(longest[i]) && ahead >= -Double(others) - 1e-9, "text \(i) after \(total) tokens")
      }
    }
  }

  @Test func `Nine to one is nine to one whatever the lengths of documents`() throws {
    let long = try NumberedText(name: "target", lengths: [400, 700, 30], firstID: 10)
    let short = try NumberedText(name: "source", lengths: (0..<300).map { 3 + $0 % 9 }, firstID: 1_000_010)
    var mixture = Mixture(
      texts: [long.text, short.text], weights: [9, 1], options: MixtureOptions(sequenceLength: 128, seed: 7), prefix: 1,
      eos: 2)
    var tokens = [0, 0]
    for _ in 0..<500 {
      for (i, count) in try mixture.nextBatch(rows: 4).tokensBySource.enumerated() { tokens[i] += count }
    }
    #expect(tokens.reduce(0, +) == 256_000)
    #expect(abs(tokens[0] - 230_400) <= 702)
  }

  @Test(arguments: 0..<30)
  func `A restored cursor goes on with the same batches, bit for bit`(number: Int) throws {
    var test = try MixtureCase(number: number)
    let fresh = test.mixture
    for stop in 0..<6 {
      let saved = try JSONEncoder().encode(test.mixture.cursor)
      var resumed = fresh
      try resumed.restore(JSONDecoder().decode(MixtureCursor.self, from: saved))
      var uninterrupted = test.mixture
      for _ in 0..<4 {
        #expect(try resumed.nextBatch(rows: 2) == uninterrupted.nextBatch(rows: 2), "stopped after \(stop * 3) batches")
      }
      #expect(resumed.cursor == uninterrupted.cursor)
      // Back from later to earlier, too.
      try resumed.restore(JSONDecoder().decode(MixtureCursor.self, from: saved))
      var again = test.mixture
      #expect(try resumed.nextBatch(rows: 1) == again.nextBatch(rows: 1))
      for _ in 0..<3 { _ = try test.mixture.nextBatch(rows: test.rows) }
    }
  }

  @Test func `The number of rows asked for does not change the stream`() throws {
    var one = try MixtureCase(number: 3).mixture
    var many = one
    let batch = try many.nextBatch(rows: 6)
    let rows = try (0..<6).map { _ in try one.nextBatch(rows: 1) }
    #expect(rows.flatMap(\.ids) == batch.ids && rows.flatMap(\.targets) == batch.targets)
    #expect(rows.flatMap(\.positions) == batch.positions)
  }

  @Test func `A row longer than the whole text goes through it again and again`() throws {
    let numbered = try NumberedText(name: "a", lengths: [1], firstID: 10)
    var mixture = Mixture(
      texts: [numbered.text], weights: [1], options: MixtureOptions(sequenceLength: 8, seed: 0), prefix: 1, eos: 2)
    let batch = try mixture.nextBatch(rows: 1)
    #expect(batch.ids == [1, 10, 2, 1, 10, 2, 1, 10])
    #expect(batch.targets == [10, 2, -1, 10, 2, -1, 10, 2])
    #expect(batch.positions == [0, 1, 2, 0, 1, 2, 0, 1])
    #expect(batch.spans == [0..<3, 3..<6, 6..<8])
    #expect(batch.predictedTokens == 6)
  }

  @Test func `A document longer than a row goes on in the next, with positions from 0`() throws {
    let numbered = try NumberedText(name: "a", lengths: [7], firstID: 10)
    var mixture = Mixture(
      texts: [numbered.text], weights: [1], options: MixtureOptions(sequenceLength: 4, seed: 0), prefix: 1, eos: nil)
    let batch = try mixture.nextBatch(rows: 2)
    #expect(batch.ids == [1, 10, 11, 12, 13, 14, 15, 16])
    #expect(batch.targets == [10, 11, 12, 13, 14, 15, 16, -1])
    #expect(batch.positions == [0, 1, 2, 3, 0, 1, 2, 3])
    #expect(batch.spans == [0..<4, 4..<8])
  }

  @Test func `Attention that crosses documents stays inside rows and predicts nothing behind a document`() throws {
    let numbered = try NumberedText(name: "a", lengths: [2, 3, 1], firstID: 10)
    var mixture = Mixture(
      texts: [numbered.text], weights: [1],
      options: MixtureOptions(sequenceLength: 6, seed: 0, shuffleBuffer: 1, crossesDocuments: true), prefix: 1, eos: 2)
    let batch = try mixture.nextBatch(rows: 2)
    #expect(batch.ids == [1, 10, 11, 2, 1, 12, 13, 14, 2, 1, 15, 2])
    #expect(batch.targets == [10, 11, 2, -1, 12, 13, 14, 2, -1, 15, 2, -1])
    #expect(batch.positions == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])
    #expect(batch.spans == [0..<6, 6..<12])
    #expect(batch.predictedTokens == 9)
  }

  @Test(arguments: [1, 4, 50])
  func `A document comes at most a buffer before its place`(buffer: Int) throws {
    let numbered = try NumberedText(name: "a", lengths: (0..<200).map { _ in 1 }, firstID: 0)
    var mixture = Mixture(
      texts: [numbered.text], weights: [1], options: MixtureOptions(sequenceLength: 2, seed: 5, shuffleBuffer: buffer),
      prefix: 1_000, eos: nil)
    let order = try (0..<200).map { _ in Int(try mixture.nextBatch(rows: 1).ids[1]) }
    #expect(order.sorted() == Array(0..<200))
    #expect(order.enumerated().allSatisfy { $0.element < $0.offset + buffer })
    // Orders are as wide as the buffer: the largest lead is reached.
    #expect(order.enumerated().contains { $0.element == $0.offset + buffer - 1 })
    if buffer == 1 { #expect(order == Array(0..<200)) }
  }

  @Test func `A cursor of other texts or settings is refused, naming what differs`() throws {
    let a = try NumberedText(name: "a", lengths: [5, 6], firstID: 10).text
    let b = try NumberedText(name: "b", lengths: [4], firstID: 90).text
    let changed = try NumberedText(name: "a", lengths: [5, 7], firstID: 10).text
    func mixture(
      _ texts: [TokenizedText], weights: [Double] = [9, 1], T: Int = 4, seed: UInt64 = 1, buffer: Int = 9,
      crossing: Bool = false
    ) -> Mixture {
      Mixture(
        texts: texts, weights: weights,
        options: MixtureOptions(sequenceLength: T, seed: seed, shuffleBuffer: buffer, crossesDocuments: crossing),
        prefix: 1, eos: 2)
    }
    let cursor = mixture([a, b]).cursor
    let others: [(Mixture, String)] = [
      (mixture([a, b], seed: 2), "seed"), (mixture([a, b], T: 5), "sequence length"), (mixture([b, a]), "texts"),
      (mixture([a, b], weights: [8, 2]), "share of 'a'"), (mixture([changed, b]), "documents of 'a'"),
      (mixture([a, b], buffer: 3), "shuffle buffer"), (mixture([a, b], crossing: true), "attention"),
    ]
    for (other, word) in others {
      var other = other
      let error = #expect(throws: CorpusError.self) { try other.restore(cursor) }
      guard case .cursorDoesNotFit(let difference) = error else { throw Unexpected() }
      #expect(difference.contains(word))
    }
    var same = mixture([a, b], weights: [18, 2])
    #expect(throws: Never.self) { try same.restore(cursor) }
  }
}
