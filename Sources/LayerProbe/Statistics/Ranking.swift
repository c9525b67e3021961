/// The indices of the `count` greatest values, in ascending order; of equal values the first.
package func highest(_ count: Int, of values: [Double]) -> [Int] {
  let ranked = values.indices.sorted { (values[$0], $1) > (values[$1], $0) }
  return ranked.prefix(count).sorted()
}

/// The rank of each value from 1 for the lowest; equal values share the mean of their ranks.
package func meanRanks(_ values: [Double]) -> [Double] {
  let order = values.indices.sorted { values[$0] < values[$1] }
  var ranks = Array(repeating: 0.0, count: values.count)
  var first = 0
  while first < order.count {
    let equal = order[first...].prefix { values[$0] == values[order[first]] }
    let rank = Double(first + 1 + equal.endIndex) / 2
    for index in equal { ranks[index] = rank }
    first = equal.endIndex
  }
  return ranks
}

/// How much of two sets is in both: `|A ∩ B| / |A ∪ B|`, 1 for equal sets (Jaccard, 1912).
package func jaccardIndex(_ first: some Sequence<Int>, _ second: some Sequence<Int>) -> Double {
  let (a, b) = (Set(first), Set(second))
  let union = a.union(b).count
  return union == 0 ? 1 : Double(a.intersection(b).count) / Double(union)
}
