import LayerProbe
import Testing

@Suite struct ProbeTextTests {
  @Test(arguments: ["", ".", "..", "de/at"])
  func `a name that cannot stand in an archive is refused`(name: String) {
    #expect(throws: ProbeError.badTextName(name, .notAName)) { try probeText(name, [[1], [2]]) }
  }

  @Test func `one document is too few for an interval over documents`() {
    #expect(throws: ProbeError.tooFewDocuments(text: "de", found: 1, needed: 2)) { try probeText("de", [[1]]) }
  }
}
