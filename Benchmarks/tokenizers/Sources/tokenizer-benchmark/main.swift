// Encodes documents once per line read from standard input: "go" encodes, anything else ends.
//
//   tokenizer-benchmark CHECKPOINT DOCUMENTS [all-cores]
//
// DOCUMENTS holds documents separated by NUL bytes. Each answer is a line: seconds, tokens, a hash of all ids.

import Foundation
import Tokenizers

let tokenizer = try Tokenizer(directory: URL(filePath: CommandLine.arguments[1]))
let bytes = Array(try Data(contentsOf: URL(filePath: CommandLine.arguments[2])))
let documents = bytes.split(separator: 0, omittingEmptySubsequences: false).map(Array.init)

let usesAllCores = CommandLine.arguments.count > 3

func encode() -> [[UInt32]] {
  guard usesAllCores else { return documents.map { tokenizer.encode(utf8: $0) } }
  return [[UInt32]](unsafeUninitializedCapacity: documents.count) { results, count in
    nonisolated(unsafe) let results = results
    DispatchQueue.concurrentPerform(iterations: documents.count) { i in
      // Every iteration writes one element of its own.
      (results.baseAddress! + i).initialize(to: tokenizer.encode(utf8: documents[i]))
    }
    count = documents.count
  }
}

while readLine() == "go" {
  var results: [[UInt32]] = []
  let time = ContinuousClock().measure { results = encode() }
  // FNV-1a over the ids, which the other side computes as well.
  var hash: UInt32 = 2_166_136_261
  for id in results.joined() { hash = (hash ^ id) &* 16_777_619 }
  let answer = "\(time / .seconds(1)) \(results.reduce(0) { $0 + $1.count }) \(hash)\n"
  try FileHandle.standardOutput.write(contentsOf: Data(answer.utf8))
}
