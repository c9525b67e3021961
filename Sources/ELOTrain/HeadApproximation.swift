import Corpora
import Decoders

/// How a step may save most of a frozen head's arithmetic.
public enum HeadApproximation: Sendable, Hashable {
  /// About so many words of the vocabulary are scored, each for several (`HeadWords`): an estimate.
  case words(Int)
  /// All words are scored, most of them in small integers (`HeadRounding`).
  case rounding
}

/// Says for each part of a step how it scores words.
struct HeadApproximator {
  /// Steps from one that is computed without approximation, to measure its error, to the next.
  static let checkInterval = 100

  private let seed: UInt64
  private let sampling: HeadSampling?

  /// - Parameters:
  ///   - mixture: where a sampling surveys the model, kept at its place.
  /// - Throws: `TrainingError.approximatedHeadIsTrained`, `.badHeadWords`, `CorpusError`.
  init(
    _ approximation: HeadApproximation, _ decoder: Decoders.Decoder, _ mixture: Mixture, options: TrainingOptions
  ) throws {
    guard decoder.head.gradient == nil else { throw TrainingError.approximatedHeadIsTrained(approximation) }
    seed = options.seed
    switch approximation {
    case .words(let count):
      let vocabulary = decoder.configuration.vocabularySize
      guard 2..<vocabulary ~= count else { throw TrainingError.badHeadWords(count, vocabulary: vocabulary) }
      sampling = try HeadSampling(decoder, mixture, options: options, count: count)
    case .rounding: sampling = nil
    }
  }

  /// The same whenever it is asked for.
  func scoring(targets: [Int32], step: Int, part: Int) -> HeadScoring {
    let seed = seed &+ UInt64(step) << 20 &+ UInt64(part)
    if let sampling { return .sample(sampling.words(targets: targets, seed: seed)) }
    var generator = SplitMix64(seed: seed)
    return .rounded(HeadRounding(seed: UInt32(truncatingIfNeeded: generator.next())))
  }
}
