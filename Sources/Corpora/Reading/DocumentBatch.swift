import Foundation
import Tokenizers

extension DocumentReader {
  /// Documents wait in memory for their batch, so a batch is bounded; it is large enough to keep all cores busy.
  private static let batchBytes = 8 << 20
  private static let batchDocuments = 8192

  /// The next few megabytes of documents, and whether nothing is left behind them.
  /// - Parameter limit: at most so many documents.
  /// - Throws: As `next()`.
  mutating func nextBatch(limit: Int = .max) throws(CorpusError) -> (documents: [Document], isAtEnd: Bool) {
    var documents: [Document] = []
    var bytes = 0
    while bytes < Self.batchBytes, documents.count < min(limit, Self.batchDocuments) {
      guard let document = try next() else { return (documents, true) }
      documents.append(document)
      bytes += document.text.count
    }
    return (documents, false)
  }
}

/// The ids of each text, in order, on all cores; every id is as on one.
func tokenizeInParallel(_ texts: [[UInt8]], _ tokenizer: Tokenizer) -> [[UInt32]] {
  [[UInt32]](unsafeUninitializedCapacity: texts.count) { results, count in
    nonisolated(unsafe) let results = results
    DispatchQueue.concurrentPerform(iterations: texts.count) { i in
      // Every iteration writes one element of its own.
      (results.baseAddress! + i).initialize(to: tokenizer.encode(utf8: texts[i]))
    }
    count = texts.count
  }
}
