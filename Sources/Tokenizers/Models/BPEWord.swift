/// The symbols of a piece while they are merged.
///
/// Short pieces are scanned for the lowest rank after every merge, which is quadratic with a tiny constant; long ones
/// keep the candidates in a heap and the symbols in a list: O(n log n), so that a megabyte of one letter is no trouble.
/// Both apply the lowest rank first and the leftmost of equals.
struct BPEWord: Sendable {
  private struct Candidate: Sendable {
    let merge: MergeTable.Merge
    let position: Int32

    /// The lowest rank first, then the leftmost.
    @inline(__always)
    static func precedes(_ left: Candidate, _ right: Candidate) -> Bool {
      left.merge.rank != right.merge.rank ? left.merge.rank < right.merge.rank : left.position < right.position
    }
  }

  /// Up to this many symbols the scan is faster than the heap.
  private static let longestScan = 48
  private static let removed = UInt32.max

  private var symbols: [UInt32] = []
  /// For scans: the merge of each symbol with the next.
  private var pairs: [MergeTable.Merge] = []
  /// For the heap: the neighbours of each symbol, -1 and `symbols.count` at the ends.
  private var previous: [Int32] = []
  private var next: [Int32] = []
  private var heap: [Candidate] = []

  mutating func removeAll() { symbols.removeAll(keepingCapacity: true) }

  mutating func append(_ symbol: UInt32) { symbols.append(symbol) }

  /// Appends the symbols that are left.
  func append(to output: inout [UInt32]) {
    for symbol in symbols where symbol != Self.removed { output.append(symbol) }
  }

  mutating func merge(by merges: MergeTable) {
    if symbols.count <= Self.longestScan { scan(merges) } else { mergeByHeap(merges) }
  }

  private mutating func scan(_ merges: MergeTable) {
    guard symbols.count > 1 else { return }
    pairs.removeAll(keepingCapacity: true)
    for index in 1..<symbols.count { pairs.append(merges.merge(symbols[index - 1], symbols[index])) }
    while true {
      var best = UInt32.max
      var place = 0
      for index in pairs.indices where pairs[index].rank < best {
        best = pairs[index].rank
        place = index
      }
      if best == .max { return }
      symbols[place] = pairs[place].token
      symbols.remove(at: place + 1)
      pairs.remove(at: place)
      if place > 0 { pairs[place - 1] = merges.merge(symbols[place - 1], symbols[place]) }
      if place < pairs.count { pairs[place] = merges.merge(symbols[place], symbols[place + 1]) }
    }
  }

  private mutating func mergeByHeap(_ merges: MergeTable) {
    let count = symbols.count
    previous = Array(-1..<Int32(count) - 1)
    next = Array(1..<Int32(count) + 1)
    heap.removeAll(keepingCapacity: true)
    for index in 0..<count - 1 { addCandidate(at: index, merges) }
    while let candidate = popCandidate() {
      let position = Int(candidate.position)
      let right = Int(next[position])
      // A candidate has expired when its symbols have been merged with others since.
      guard symbols[position] != Self.removed, right < count,
        merges.merge(symbols[position], symbols[right]).token == candidate.merge.token,
        merges.merge(symbols[position], symbols[right]).rank != .max
      else { continue }
      symbols[position] = candidate.merge.token
      symbols[right] = Self.removed
      next[position] = next[right]
      if Int(next[right]) < count { previous[Int(next[right])] = candidate.position }
      if previous[position] >= 0 { addCandidate(at: Int(previous[position]), merges) }
      addCandidate(at: position, merges)
    }
  }

  /// Puts the pair of the symbol at `position` and the next one on the heap, when it has a rule.
  private mutating func addCandidate(at position: Int, _ merges: MergeTable) {
    let right = Int(next[position])
    guard right < symbols.count else { return }
    let merge = merges.merge(symbols[position], symbols[right])
    guard merge.rank != .max else { return }
    heap.append(Candidate(merge: merge, position: Int32(position)))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard Candidate.precedes(heap[child], heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func popCandidate() -> Candidate? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if heap.isEmpty { return first }
    heap[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { return first }
      if child + 1 < heap.count, Candidate.precedes(heap[child + 1], heap[child]) { child += 1 }
      guard Candidate.precedes(heap[child], heap[parent]) else { return first }
      heap.swapAt(child, parent)
      parent = child
    }
  }
}
