/// Finds all pieces of a vocabulary that a text goes on with at a place.
///
/// The nodes lie level by level, the children of one side by side in ascending order of their bytes.
struct PieceTrie: Sendable {
  private var labels: [UInt8] = [0]
  /// For each node its first child; the children end where those of the next node begin.
  private var firstChild: [Int32] = []
  /// The number of the piece that ends at each node, -1 for none.
  private var values: [Int32] = []
  private var root = [Int32](repeating: -1, count: 256)

  /// - Parameter pieces: not empty; of equal ones the last holds.
  init(_ pieces: [(bytes: [UInt8], value: UInt32)]) {
    let order = pieces.indices.sorted {
      let (left, right) = (pieces[$0].bytes, pieces[$1].bytes)
      return left == right ? $0 < $1 : left.lexicographicallyPrecedes(right)
    }
    var level: [Range<Int>] = [0..<order.count]
    var depth = 0
    var count = 1
    while !level.isEmpty {
      var below: [Range<Int>] = []
      for range in level {
        var start = range.lowerBound
        var value: Int32 = -1
        while start < range.upperBound, pieces[order[start]].bytes.count == depth {
          if depth > 0 { value = Int32(pieces[order[start]].value) }
          start += 1
        }
        values.append(value)
        firstChild.append(Int32(count))
        while start < range.upperBound {
          let label = pieces[order[start]].bytes[depth]
          var end = start + 1
          while end < range.upperBound, pieces[order[end]].bytes[depth] == label { end += 1 }
          labels.append(label)
          if depth == 0 { root[Int(label)] = Int32(count) }
          count += 1
          below.append(start..<end)
          start = end
        }
      }
      level = below
      depth += 1
    }
    firstChild.append(Int32(count))
  }

  /// Calls `body` with each piece that `text` goes on with at `start`, the shortest first.
  @inline(__always)
  func forEachPrefix(of text: Span<UInt8>, at start: Int, _ body: (_ end: Int, _ value: Int) -> Void) {
    let (labels, firstChild, values) = (labels.span, firstChild.span, values.span)
    var node = Int(root[Int(text[start])])
    var position = start + 1
    while node >= 0 {
      let value = values[node]
      if value >= 0 { body(position, Int(value)) }
      guard position < text.count else { return }
      let byte = text[position]
      var low = Int(firstChild[node])
      var high = Int(firstChild[node + 1])
      while high - low > 4 {
        let middle = (low + high) / 2
        if labels[middle] <= byte { low = middle } else { high = middle }
      }
      while low < high, labels[low] != byte { low += 1 }
      node = low < high ? low : -1
      position += 1
    }
  }
}
