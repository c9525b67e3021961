import Foundation

/// The tokens of a tiktoken rank file: a line for each, its bytes in base64, a space and its rank.
struct TokenRanks: Sendable {
  /// The bytes of each token in the order of the ranks.
  let tokens: [[UInt8]]

  /// Whether a file is a list of ranks: its first line reads as one.
  static func isList(_ bytes: [UInt8]) -> Bool {
    let line = bytes.prefix(4096).prefix { $0 != 0x0A }
    return Self.entry(line) != nil
  }

  /// - Throws: `TokenizerError.damagedFile` naming the line that is none, a rank that is missing, or a missing byte.
  init(_ bytes: [UInt8], file: String) throws(TokenizerError) {
    var ranked: [[UInt8]?] = []
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      if line.isEmpty { continue }
      guard let (token, rank) = Self.entry(line), !token.isEmpty, rank < 1 << 24 else {
        throw .damagedFile(file: file, problem: "line \(index + 1) is not a token in base64 and its rank")
      }
      while ranked.count <= rank { ranked.append(nil) }
      ranked[rank] = token
    }
    if let missing = ranked.firstIndex(of: nil) {
      throw .damagedFile(file: file, problem: "rank \(missing) is missing")
    }
    tokens = ranked.compactMap { $0 }
    try Self.checkBytes(tokens, file: file)
  }

  /// Tokens in the order of their ranks.
  init(tokens: [[UInt8]], file: String) throws(TokenizerError) {
    self.tokens = tokens
    try Self.checkBytes(tokens, file: file)
  }

  private static func checkBytes(_ tokens: [[UInt8]], file: String) throws(TokenizerError) {
    let single = Set(tokens.filter { $0.count == 1 }.map { $0[0] })
    if let missing = (UInt8.min...UInt8.max).first(where: { !single.contains($0) }) {
      throw .damagedFile(file: file, problem: "byte \(missing) has no rank")
    }
  }

  private static func entry(_ line: ArraySlice<UInt8>) -> (token: [UInt8], rank: Int)? {
    let parts = (line.last == 0x0D ? line.dropLast() : line).split(separator: 0x20)
    guard parts.count == 2, let rank = Int(String(decoding: parts[1], as: UTF8.self)), rank >= 0,
      let token = Data(base64Encoded: Data(parts[0]))
    else { return nil }
    return (Array(token), rank)
  }
}
