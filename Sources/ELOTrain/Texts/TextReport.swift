import Corpora
import Foundation

/// What a training run saw of one text.
public struct TextReport: Codable, Sendable, Hashable {
  /// The text's name.
  public var name: String
  /// The share of tokens that was asked for, 0 to 1.
  public var share: Double
  /// The share that it had.
  public var seenShare: Double
  /// Tokens taken in, special ones included.
  public var tokens: Int
  /// Documents begun.
  public var documents: Int
  /// How many times all of its documents were gone through.
  public var epochs: Int
  /// How far the text was read and what was found wrong with it.
  public var read: TextRead

  enum CodingKeys: String, CodingKey {
    case name, share, tokens, documents, epochs, read
    case seenShare = "seen_share"
  }

  init(_ text: MixtureCursor.Text, tokens: Int, of total: Int, read: TextRead) {
    name = text.name
    share = text.share
    seenShare = total > 0 ? Double(tokens) / Double(total) : 0
    self.tokens = tokens
    documents = text.documents
    epochs = text.epoch
    self.read = read
  }

  /// The file of a result that has the reports of all texts.
  static let fileName = "texts.json"

  /// The reports as that file's bytes.
  static func json(_ reports: [TextReport]) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try Array(encoder.encode(["texts": reports]))
  }

  /// Reads that file.
  /// - Throws: `TrainingError.badSave`.
  static func reports(in file: URL) throws(TrainingError) -> [TextReport] {
    do {
      return try JSONDecoder().decode([String: [TextReport]].self, from: Data(contentsOf: file))["texts"] ?? []
    } catch {
      throw .badSave(file, problem: "it is missing or not what this version writes")
    }
  }

  /// What was seen, in a line.
  public var line: String {
    let times = epochs == 0 ? "" : ", gone through \(epochs == 1 ? "once" : "\(epochs) times") before"
    return String(
      format: "%@: %ld tokens, %.2f %% of all (asked for: %.2f %%)", name, tokens, 100 * seenShare, 100 * share)
      + ", \(documents) documents\(times)"
  }

  /// What was found wrong, a line for each kind.
  public var warnings: [String] {
    read.flaws.found.map { description, finding in
      "\(name): \(finding.count) \(description), of \(read.documents) read"
        + " (\(finding.places.joined(separator: "; "))\(finding.count > finding.places.count ? "; ..." : ""))"
    }
  }
}
