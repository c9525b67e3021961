/// Rows of packed documents, ready for a training step.
///
/// `R` rows of `T` positions, flattened row by row.
public struct PackedBatch: Sendable, Hashable {
  /// Positions that a part of one document fills.
  public struct Piece: Sendable, Hashable {
    /// The flattened positions, within one row.
    public let positions: Range<Int>
    /// The document's text, by its place in the mixture.
    public let text: Int
  }

  /// `R`, the number of rows.
  public let rows: Int
  /// `T`, the number of positions in a row.
  public let sequenceLength: Int
  /// `[R·T]`, what the model reads.
  public let ids: [Int32]
  /// `[R·T]`, the id that follows in the same document, also across the end of a row; -1 behind a document's last id,
  /// where nothing is predicted.
  public let targets: [Int32]
  /// `[R·T]`, counted from 0 at the start of every span.
  public let positions: [Int32]
  /// The ranges of flattened positions within which attention stays: one document within one row each, or where attention
  /// crosses documents one row each, in ascending order, together all of `0..<R·T`.
  public let spans: [Range<Int>]
  /// Which text fills which positions, in ascending order, together all of `0..<R·T`.
  public let pieces: [Piece]
  /// How many targets are not -1.
  public let predictedTokens: Int
  /// How many positions each text of the mixture fills, special tokens included.
  public let tokensBySource: [Int]
}
