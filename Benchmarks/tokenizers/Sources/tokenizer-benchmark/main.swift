// Encodes the documents of standard input, one thread, once per line read from there: "go" encodes, anything else ends.
//
//   tokenizer-benchmark CHECKPOINT DOCUMENTS
//
// DOCUMENTS holds documents separated by NUL bytes. Each answer is a line: seconds, tokens, a hash of all ids.

import Foundation
import Tokenizers

let tokenizer = try Tokenizer(directory: URL(filePath: CommandLine.arguments[1]))
let bytes = Array(try Data(contentsOf: URL(filePath: CommandLine.arguments[2])))
let documents = bytes.split(separator: 0, omittingEmptySubsequences: false).map(Array.init)

while readLine() == "go" {
  var results: [[UInt32]] = []
  results.reserveCapacity(documents.count)
  let time = ContinuousClock().measure {
    for document in documents { results.append(tokenizer.encode(utf8: document)) }
  }
  // FNV-1a over the ids, which the other side computes as well.
  var hash: UInt32 = 2_166_136_261
  for id in results.joined() { hash = (hash ^ id) &* 16_777_619 }
  let answer = "\(time / .seconds(1)) \(results.reduce(0) { $0 + $1.count }) \(hash)\n"
  try FileHandle.standardOutput.write(contentsOf: Data(answer.utf8))
}
