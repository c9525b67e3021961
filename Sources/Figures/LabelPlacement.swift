/// Moves label positions apart, as little as it takes, in the order they have.
///
/// Neighbours that are too close form a block around the mean of what they want; blocks that meet merge.
/// - Parameters:
///   - wanted: Where each label should stand; any order.
///   - gap: The least distance between two labels.
///   - bounds: Where labels may stand; when they do not all fit, the distance suffers.
/// - Returns: A place for each label, in the order of `wanted`.
package func spreadLabels(_ wanted: [Double], gap: Double, within bounds: ClosedRange<Double>) -> [Double] {
  guard wanted.count > 1 else { return wanted.map { min(max($0, bounds.lowerBound), bounds.upperBound) } }
  let gap = min(gap, (bounds.upperBound - bounds.lowerBound) / Double(wanted.count - 1))
  let order = wanted.indices.sorted { (wanted[$0], $0) < (wanted[$1], $1) }
  struct Block {
    var members: [Int]
    var start: Double
    var end: Double
  }
  func block(_ members: [Int]) -> Block {
    let extent = gap * Double(members.count - 1)
    let center = members.reduce(0) { $0 + wanted[$1] } / Double(members.count)
    let start = min(max(center - extent / 2, bounds.lowerBound), bounds.upperBound - extent)
    return Block(members: members, start: start, end: start + extent)
  }
  var blocks: [Block] = []
  for label in order {
    var new = block([label])
    while let last = blocks.last, new.start - last.end < gap - 1e-9 {
      new = block(blocks.removeLast().members + new.members)
    }
    blocks.append(new)
  }
  var places = wanted
  for block in blocks {
    for (i, label) in block.members.enumerated() { places[label] = block.start + gap * Double(i) }
  }
  return places
}
