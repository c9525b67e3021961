import LayerProbe
import Testing

@Suite struct DocumentPairingTests {
  private func text(_ name: String, _ ids: [String?], indices: [Int]? = nil) throws -> ProbeText {
    try ProbeText(
      name: name,
      documents: ids.enumerated().map {
        ProbeDocument(index: indices?[$0.offset] ?? $0.offset, id: $0.element, tokens: [1], byteCount: 1)
      })
  }

  @Test func `equal ids belong together, in any order, whatever one of the texts lacks`() throws {
    let pairing = DocumentPairing(
      target: try text("de", ["a", "b", "c", "d"]), source: try text("en", ["d", "x", "b", "a"]))
    #expect(pairing == DocumentPairing(basis: .id, target: [0, 1, 3], source: [3, 2, 0]))
    #expect(pairing.isParallel)
  }

  @Test func `an id that stands twice makes one pair`() throws {
    let pairing = DocumentPairing(target: try text("de", ["a", "a", "b"]), source: try text("en", ["a", "b", "b"]))
    #expect(pairing == DocumentPairing(basis: .id, target: [0, 2], source: [0, 1]))
  }

  @Test func `without ids documents are parallel only when that is said, and empty ones keep their place`() throws {
    let target = try text("de", [nil, nil, nil], indices: [0, 2, 3])
    let source = try text("en", [nil, nil], indices: [0, 3])
    #expect(DocumentPairing(target: target, source: source).isParallel == false)
    #expect(
      DocumentPairing(target: target, source: source, inOrder: true)
        == DocumentPairing(basis: .order, target: [0, 2], source: [0, 1]))
  }

  @Test func `texts of which one has no ids, or that share none, are not parallel`() throws {
    let target = try text("de", ["a", "b", "c"])
    for source in [try text("en", ["a", nil]), try text("en", ["x", "y"])] {
      #expect(
        DocumentPairing(target: target, source: source)
          == DocumentPairing(basis: .none, target: [0, 1], source: [0, 1]))
    }
  }
}
