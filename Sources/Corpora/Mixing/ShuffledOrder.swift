/// The order of one epoch: documents wait in a buffer, from which each next one is drawn at random.
///
/// The buffer is filled in reading order and topped up after every draw, so only `capacity` numbers are held whatever the
/// length of the text. A buffer that all documents fit in makes every order equally likely; with a smaller one a
/// document comes at the earliest `capacity` draws before its place. A capacity of 1 keeps the reading order.
struct ShuffledOrder: Sendable {
  private let capacity: Int
  private var waiting: [Int] = []
  private var nextNumber = 0
  private var generator: SplitMix64

  init(capacity: Int, seed: UInt64) {
    precondition(capacity >= 1, "a shuffle buffer of \(capacity)")
    self.capacity = capacity
    generator = SplitMix64(seed: seed)
  }

  /// The number of the next document, nil when all were drawn.
  mutating func next(from pool: any DocumentPool) throws(CorpusError) -> Int? {
    while waiting.count < capacity, try pool.hasDocument(nextNumber) {
      waiting.append(nextNumber)
      nextNumber += 1
    }
    guard !waiting.isEmpty else { return nil }
    waiting.swapAt(generator.below(waiting.count), waiting.count - 1)
    return waiting.removeLast()
  }
}
