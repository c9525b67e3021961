/// A place between two documents of a text, from which reading can go on.
public struct TextPosition: Codable, Sendable, Hashable {
  /// Index of the file in the text's list of files.
  public var file = 0
  /// Lines of the file before the place.
  public var line = 0
  /// Bytes of the file's text before the place; of a compressed file, decompressed ones.
  public var offset = 0

  /// The beginning.
  public init() {}

  init(file: Int, line: Int, offset: Int) {
    self.file = file
    self.line = line
    self.offset = offset
  }
}
