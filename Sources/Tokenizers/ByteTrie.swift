/// Finds which of many byte strings begins at a place, the longest of them.
struct ByteTrie: Sendable {
  private struct Node: Sendable {
    var children: [(byte: UInt8, node: Int32)] = []
    var value: UInt32?
  }

  private var nodes = [Node()]
  /// The child of the root for each byte, -1 for none: most bytes of a text begin nothing.
  private var first = [Int32](repeating: -1, count: 256)

  /// Adds a string and says whether it is new; a known one keeps its value.
  mutating func insert(_ key: Span<UInt8>, value: UInt32) -> Bool {
    var node = 0
    for index in key.indices {
      let byte = key[index]
      if let child = child(of: node, byte) {
        node = child
      } else {
        nodes.append(Node())
        nodes[node].children.append((byte, Int32(nodes.count - 1)))
        if node == 0 { first[Int(byte)] = Int32(nodes.count - 1) }
        node = nodes.count - 1
      }
    }
    if nodes[node].value != nil { return false }
    nodes[node].value = value
    return true
  }

  private func child(of node: Int, _ byte: UInt8) -> Int? {
    nodes[node].children.first { $0.byte == byte }.map { Int($0.node) }
  }

  /// How long the longest string is that the text goes on with at `start`, nil when there is none.
  func longestMatch(in text: Span<UInt8>, at start: Int) -> Int? {
    var node = Int(first[Int(text[start])])
    if node < 0 { return nil }
    var position = start + 1
    var found: Int?
    while true {
      if nodes[node].value != nil { found = position - start }
      guard position < text.count, let child = child(of: node, text[position]) else { return found }
      node = child
      position += 1
    }
  }

  /// The leftmost match at or behind `start`, the longest of those that begin there.
  func firstMatch(in text: Span<UInt8>, from start: Int) -> (range: Range<Int>, value: UInt32)? {
    guard nodes.count > 1 else { return nil }
    let first = first.span
    for begin in start..<text.count {
      var node = Int(first[unchecked: Int(text[unchecked: begin])])
      if node < 0 { continue }
      var position = begin + 1
      var found: (Range<Int>, UInt32)?
      while true {
        if let value = nodes[node].value { found = (begin..<position, value) }
        guard position < text.count, let child = child(of: node, text[position]) else { break }
        node = child
        position += 1
      }
      if let found { return found }
    }
    return nil
  }
}
