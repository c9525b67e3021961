import Foundation

/// A named text and its share in a mixture, as given on the command line.
public struct TextSource: Sendable, Hashable {
  /// What the text is called in every result.
  public let name: String
  /// A file, a directory or a pattern; see `files()`.
  public let path: String
  /// The share of tokens relative to the other texts' weights, finite and above 0.
  public let weight: Double

  /// A text with a name and a weight.
  /// - Precondition: The name and the path are not empty, the weight is finite and above 0.
  public init(name: String, path: String, weight: Double = 1) {
    precondition(!name.isEmpty && !path.isEmpty, "a text needs a name and a path: '\(name)', '\(path)'")
    precondition(weight > 0 && weight.isFinite, "weight \(weight) of '\(name)'")
    self.name = name
    self.path = path
    self.weight = weight
  }

  /// Reads `NAME=FILE[:WEIGHT]`.
  ///
  /// The name ends at the first equals sign. The last colon with a decimal number behind it begins the weight; any
  /// other colon belongs to the path, so a file whose name ends in such a colon is written with a weight: `a=x:3:1`.
  /// - Throws: `CorpusError.malformedSource`, `CorpusError.invalidWeight`.
  public init(argument: String) throws(CorpusError) {
    guard let equals = argument.firstIndex(of: "=") else { throw .malformedSource(argument: argument) }
    let name = String(argument[..<equals])
    var path = argument[argument.index(after: equals)...]
    var weight = 1.0
    if let colon = path.lastIndex(of: ":") {
      let spelling = path[path.index(after: colon)...]
      if let number = decimalNumber(spelling) {
        guard number > 0, number.isFinite else { throw .invalidWeight(argument: argument, weight: String(spelling)) }
        weight = number
        path = path[..<colon]
      }
    }
    guard !name.isEmpty, !path.isEmpty else { throw .malformedSource(argument: argument) }
    self.init(name: name, path: String(path), weight: weight)
  }

  /// Reads several arguments and checks that no name stands twice.
  /// - Throws: As `init(argument:)`, and `CorpusError.duplicateName`.
  public static func list(arguments: [String]) throws(CorpusError) -> [TextSource] {
    var names = Set<String>()
    var sources: [TextSource] = []
    for argument in arguments {
      let source = try TextSource(argument: argument)
      guard names.insert(source.name).inserted else { throw .duplicateName(source.name) }
      sources.append(source)
    }
    return sources
  }

  /// The files that the path stands for, in the order in which they are read.
  ///
  /// - A file: itself, `.jsonl` or `.txt`, bare or followed by `.gz` or `.zst`.
  /// - A directory: every such file below it, at any depth; hidden ones are passed over.
  /// - Otherwise a pattern of the shell's (`*`, `?`, `[...]`): what it matches, directories as above, files of other
  ///   kinds passed over.
  ///
  /// Found files come once each, in ascending order of the bytes of their paths, whatever the locale.
  /// - Throws: `CorpusError.nothingFound`, `.unsupportedFile` for a file given by name, `.unreadable`.
  public func files() throws(CorpusError) -> [URL] { try TextFile.find(path).map(\.url) }
}

/// The value of a decimal number.
///
/// `Double` alone would also read `inf`, `nan` and hexadecimal numbers, which are more
/// likely parts of a file's name.
private func decimalNumber(_ text: Substring) -> Double? {
  guard text.contains(where: { ("0"..."9").contains($0) }),
    text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) })
  else { return nil }
  return Double(text)
}
