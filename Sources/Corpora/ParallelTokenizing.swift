import Foundation
import Tokenizers

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
