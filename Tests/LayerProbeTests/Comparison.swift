import LayerProbe
import Testing

/// Holds a score's numbers for each document of each text against a reference: every number, relative to the greatest of
/// its document.
/// - Parameter wanted: `[texts][documents][places]`.
func compare(
  _ scores: [Score], _ name: String, _ wanted: [[[Double]]], tolerance: Double = 3e-5,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let score = try #require(scores.first { $0.description.name == name }, "\(name)", sourceLocation: sourceLocation)
  #expect(score.values.count == wanted.count, "\(name)", sourceLocation: sourceLocation)
  for (values, wanted) in zip(score.values, wanted) {
    let found = try #require(values, "\(name)", sourceLocation: sourceLocation).perDocument
    #expect(found.map(\.count) == wanted.map(\.count), "\(name)", sourceLocation: sourceLocation)
    for (document, (found, wanted)) in zip(found, wanted).enumerated() {
      let scale = wanted.map(abs).max()!
      for (place, (x, y)) in zip(found, wanted).enumerated() {
        #expect(
          abs(x - y) <= tolerance * scale, "\(name), document \(document), place \(place): \(x) for \(y)",
          sourceLocation: sourceLocation)
      }
    }
  }
}
