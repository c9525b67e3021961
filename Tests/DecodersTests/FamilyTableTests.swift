import Decoders
import Foundation
import TestSupport
import Testing

/// docs/families.md names every family that is computed and every tiny model that one is checked by.
@Suite struct FamilyTableTests {
  @Test func theTableIsComplete() throws {
    let page = fixture("../../docs/families.md").standardizedFileURL
    let rows = try String(contentsOf: page, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("|") }
    let named = Set(
      rows.flatMap { $0.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) } })
    #expect(Set(Architecture.known.keys).subtracting(named).isEmpty)
    #expect(Set(FamilyCheckpoint.names).subtracting(named).isEmpty)
  }
}
