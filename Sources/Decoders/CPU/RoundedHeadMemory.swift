import CKernels

/// A worker's memory for one task of `CPUDevice.roundedHeadLoss`: B tokens, a panel of words, width D.
struct RoundedHeadMemory {
  let width: Int
  /// Words in a panel, an even number.
  let words: Int
  /// Pairs of a row of D values.
  let rowPairs: Int
  /// `[B, D]`: the tokens' inputs over the scales of channels.
  private let scaledInputs: UnsafeMutablePointer<Float>
  /// `[B, D]`: the same, rounded, in pairs along D.
  let inputs: UnsafeMutablePointer<UInt32>
  /// `[words, D]`: the panel's words times the scales of channels, rounded, in pairs along D.
  let wordRows: UnsafeMutablePointer<UInt32>
  /// `[words / 2, D]`: the same in pairs of a word and the next.
  let wordPairs: UnsafeMutablePointer<UInt32>
  /// Results of products, `[B, words]` or `[B, D]`.
  let integers: UnsafeMutablePointer<Int32>
  /// `[B, words]`: e times the word's step, rounded, in pairs along the words.
  let probabilities: UnsafeMutablePointer<UInt32>
  /// `[B, D]`: sums of e w.
  let sums: UnsafeMutablePointer<Float>
  /// Of each word of the panel: what a step of its values is worth, and its squared norm.
  let steps: UnsafeMutablePointer<Float>
  let norms: UnsafeMutablePointer<Float>
  /// One token's logits of the panel, and their slopes under a cap.
  let line: UnsafeMutablePointer<Float>
  let slopes: UnsafeMutablePointer<Float>
  let large: UnsafeMutablePointer<Int32>
  private let rows: UnsafeMutablePointer<Float>
  private let channels: ChannelScales
  /// The mean of `steps`.
  private(set) var meanStep: Float = 0
  /// What the rounded e of a token may sum up to, so that no sum of theirs times words wraps.
  private var largestSum: Float = 0

  init(
    tokens B: Int, width D: Int, words: Int, _ channels: ChannelScales,
    allocate: (_ count: Int) -> UnsafeMutablePointer<Float>
  ) {
    (width, self.words, rowPairs, self.channels) = (D, (words + 1) / 2 * 2, (D + 1) / 2, channels)
    let words = self.words
    let ofTokens = [B * rowPairs, words * rowPairs, words / 2 * D, B * max(words, D), B * words / 2, B * D, B * D]
    let ofWords = [words, words, words, words, words, 2 * D]
    // On boundaries of cache lines.
    let counts = (ofTokens + ofWords).map { ($0 + 15) / 16 * 16 }
    var next = allocate(counts.reduce(0, +))
    var places: [UnsafeMutablePointer<Float>] = []
    for count in counts {
      places.append(next)
      next += count
    }
    func pairs(_ place: Int) -> UnsafeMutablePointer<UInt32> {
      UnsafeMutableRawPointer(places[place]).bindMemory(to: UInt32.self, capacity: counts[place])
    }
    func integers(_ place: Int) -> UnsafeMutablePointer<Int32> {
      UnsafeMutableRawPointer(places[place]).bindMemory(to: Int32.self, capacity: counts[place])
    }
    (inputs, wordRows, wordPairs, self.integers) = (pairs(0), pairs(1), pairs(2), integers(3))
    (probabilities, sums, scaledInputs, steps, norms) = (pairs(4), places[5], places[6], places[7], places[8])
    (line, slopes, large, rows) = (places[9], places[10], integers(11), places[12])
    sums.update(repeating: 0, count: B * D)
  }

  // Norms in steps: their product is below 2^31, so that by Cauchy and Schwarz no logit wraps; 2 % of each are left for
  // rounding. Inputs get most of the bits: an error of theirs moves the logits of a panel's words together, those of words average
  // out.
  private static let inputSteps = Float(0.98 * 97_000)
  private static let wordSteps = Float(0.98 * 22_100)
  private static let largestInteger = Float(32_766)

  /// Scales a token's input.
  func take(_ x: UnsafePointer<Float>, at row: Int, isMeasured: Bool) -> RoundedHeadToken {
    let scaled = scaledInputs + row * width
    scaled.update(from: x, count: width)
    elo_multiply(channels.inverses, scaled, width)
    let squaredNorm = elo_sum_of_squares(scaled, width)
    let scale = max(
      Float(squaredNorm.squareRoot()) / Self.inputSteps, elo_largest_magnitude(scaled, width) / Self.largestInteger)
    return RoundedHeadToken(scale: scale, squaredNorm: squaredNorm, isMeasured: isMeasured)
  }

  /// Rounds a token's input.
  func roundInput(_ row: Int, scale: Float, seed: UInt32) {
    elo_round_row(scaledInputs + row * width, scale > 0 ? 1 / scale : 0, seed, inputs + row * rowPairs, width)
  }

  /// Rounds the words of a panel; `widen` writes a word in f32.
  mutating func roundWords(
    _ panel: Range<Int>, _ rounding: HeadRounding, widen: (_ word: Int, UnsafeMutablePointer<Float>) -> Void
  ) {
    var (sum, largest): (Float, Float) = (0, 1)
    for first in stride(from: 0, to: panel.count, by: 2) {
      // The row behind the last word of an odd number of them.
      if first + 1 == panel.count { (rows + width).update(repeating: 0, count: width) }
      let count = min(2, panel.count - first)
      var factors: (Float, Float) = (0, 0)
      for row in 0..<count {
        let values = rows + row * width
        widen(panel.lowerBound + first + row, values)
        elo_multiply(channels.factors, values, width)
        let norm = Float(elo_sum_of_squares(values, width))
        let step = norm.squareRoot() / Self.wordSteps
        (norms[first + row], steps[first + row]) = (norm, step)
        sum += step
        let factor = step > 0 ? 1 / step : 0
        largest = max(largest, factor * elo_largest_magnitude(values, width))
        elo_round_row(
          values, factor, rounding.seed(.words, panel.lowerBound + first + row), wordRows + (first + row) * rowPairs,
          width)
        if row == 0 { factors.0 = factor } else { factors.1 = factor }
      }
      elo_round_two_rows(
        rows, factors.0, rows + width, factors.1, rounding.seed(.wordPairs, panel.lowerBound + first),
        wordPairs + first / 2 * width, width)
    }
    meanStep = sum / Float(panel.count)
    // Rounding adds at most one, to each e as to the largest value of a word.
    largestSum = Float(0.99 * 0x1p31) / (largest + 1) - Float(panel.count)
  }

  /// What e times the word's step is multiplied with before it is rounded.
  /// - Parameters:
  ///   - limit: the largest of them.
  ///   - sum: of the panel's.
  func factor(limit: Float, sum: Float) -> Float {
    // Words that are all zeros have no step.
    limit > 0 ? min(Self.largestInteger / limit, largestSum / sum) : 1
  }

  /// Writes into `large` the words of which `line` times the step is above a limit, and one more, unless it is among them or
  /// no word of the panel.
  /// - Returns: how many.
  func largeWords(_ count: Int, above limit: Float, and word: Int) -> Int {
    let found = elo_find_large(line, steps, limit, large, count)
    let isFound = UnsafeBufferPointer(start: large, count: found).contains { $0 == word }
    guard 0..<count ~= word, !isFound else { return found }
    large[found] = Int32(word)
    return found + 1
  }

  /// Rounds what `line` holds of a token, times the words' steps.
  func roundProbabilities(_ row: Int, _ count: Int, factor: Float, seed: UInt32) {
    let values = UnsafeMutableRawPointer(probabilities).assumingMemoryBound(to: UInt16.self) + row * words
    elo_round_scaled(line, steps, factor, seed, values, count)
    if count % 2 != 0 { values[count] = 0 }
  }

  /// Adds a token's row of a product of `probabilities` and `wordPairs` to its sums.
  func addIntegers(_ row: Int, scale: Float) {
    elo_add_scaled_integers(integers + row * width, scale, channels.inverses, sums + row * width, width)
  }
}
