import Foundation
import ModelSurgery
import TestSupport
import Testing

struct LayerSelectionTests {
  @Test(arguments: [
    ("first,last", [0, 9]), ("last,first", [0, 9]), ("first:2, last:3", [0, 1, 7, 8, 9]), ("7", [7]),
    ("4..<6,8", [4, 5, 8]), ("4...6", [4, 5, 6]), ("first:10", Array(0..<10)),
  ])
  func aSetIsAscending(text: String, layers: [Int]) throws {
    #expect(try LayerSelection(text).set(layerCount: 10) == layers)
  }

  @Test func aSequenceKeepsOrderAndRepeats() throws {
    #expect(try LayerSelection("last,0...2,1").sequence(layerCount: 4) == [3, 0, 1, 2, 1])
  }

  @Test(arguments: [
    ("", "", SurgeryError.SelectionProblem.empty), ("1,,2", "", .empty), ("one", "one", .malformed),
    ("-1", "-1", .malformed), ("1.5", "1.5", .malformed), ("first:", "first:", .malformed),
    ("2..4", "2..4", .malformed),
    ("10", "10", .outOfRange(layerCount: 10)), ("first:11", "first:11", .outOfRange(layerCount: 10)),
    ("8...10", "8...10", .outOfRange(layerCount: 10)),
    ("99999999999999999999", "99999999999999999999", .outOfRange(layerCount: 10)),
    ("4..<4", "4..<4", .empty), ("5...4", "5...4", .empty), ("first:0", "first:0", .empty),
    ("0,first", "first", .repeated(layer: 0)), ("0...4,3", "3", .repeated(layer: 3)),
  ])
  func aBadPartIsNamed(text: String, part: String, problem: SurgeryError.SelectionProblem) throws {
    #expect(throws: SurgeryError.selection(part: part, problem)) {
      try LayerSelection(text).set(layerCount: 10)
    }
  }

  @Test func aReportsChoiceIsRead() throws {
    try withTemporaryDirectory { directory in
      let report = directory.appending(path: "report.json")
      try Data(#"{"selected_layers": [5, 1]}"#.utf8).write(to: report)
      let path = report.path(percentEncoded: false)
      #expect(try LayerSelection("@\(path)").set(layerCount: 10) == [1, 5])
      try Data(#"{"selected_layers": ["x"]}"#.utf8).write(to: report)
      for part in ["@\(path)", "@\(path).missing"] {
        let error = #expect(throws: SurgeryError.self) { try LayerSelection(part) }
        guard case .selection(part, .report) = error else {
          Issue.record("\(String(describing: error))")
          return
        }
      }
    }
  }
}
