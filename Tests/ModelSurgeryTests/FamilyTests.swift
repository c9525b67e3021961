import Checkpoints
import Foundation
import JSONText
import ModelSurgery
import TestSupport
import Testing

/// Every family of the fixtures; what is expected was checked against transformers by check_oracle.py.
struct FamilyTests {
  static let expected = try? ConfigText(contentsOf: fixture("checkpoints/expected_edits.json"))

  @Test(arguments: allFamilies)
  func detachEditsTheConfigAsTheOracleAcceptedOrRefuses(family: String) throws {
    let expected = try #require(Self.expected)
    let selections = try #require(expected[family]?.members)
    #expect(selections.count == 4)
    for selection in selections {
      if let words = selection.value["refused"]?.string {
        let error = #expect(throws: SurgeryError.self) {
          try DetachPlan(checkpoint: sample(family), layers: LayerSelection(selection.key))
        }
        #expect(error?.description == words, "\(family) \(selection.key)")
        continue
      }
      let wanted = Dictionary(
        uniqueKeysWithValues: (selection.value.members ?? []).map {
          ($0.key, expected.spelling(of: $0.value).filter { !$0.isWhitespace })
        })
      #expect(try configEdits(sample(family), selection.key) == wanted, "\(family) \(selection.key)")
    }
  }

  @Test(arguments: families)
  func untrainedLayersGoBackByteForByte(family: String) throws {
    try withTemporaryDirectory { directory in
      try expectRoundTrip(sample(family), in: directory)
    }
  }

  @Test(arguments: families)
  func detachedTensorsAreTheBasesUnderNewNumbers(family: String) throws {
    try withTemporaryDirectory { directory in
      let base = try sample(family)
      let plan = try DetachPlan(checkpoint: base, layers: LayerSelection("1...3"))
      let output = directory.appending(path: "detached")
      try plan.execute(to: output)
      let detached = try Checkpoint(directory: output)
      #expect(try DecoderLayout(detached).layerCount == 3)
      #expect(detached.tensors.count == plan.moves.count)
      for move in plan.moves {
        let tensor = try detached.tensor(move.name)
        #expect(tensor.kind == move.source.kind)
        #expect(tensor.withUnsafeBytes { Array($0) } == move.source.withUnsafeBytes { Array($0) })
      }
      // Every tensor of the chosen layers came along, whatever it is called.
      let layout = plan.layout
      for (name, role) in layout.roles {
        if case .layer(let index, _) = role, !(1...3).contains(index) { continue }
        #expect(plan.moves.contains { $0.source.name == name }, "\(name)")
      }
    }
  }

  @Test(arguments: allFamilies)
  func theFamilyAndItsPartsAreFound(family: String) throws {
    let layout = try DecoderLayout(sample(family))
    #expect(layout.layerCount == 6)
    #expect(layout.names(of: .embedding).count == 1)
    // One family's norms have no parameters.
    #expect((family == "olmo" ? 0...0 : 1...2).contains(layout.names(of: .finalNorm).count))
    #expect(layout.names(of: .head).count <= 1)
    #expect(try CheckpointSummary(sample(family)).isKnownFamily)
  }

  @Test(arguments: uncuttableFamilies)
  func aFamilyOfOnePieceIsRefusedWithTheReason(family: String) throws {
    let error = #expect(throws: SurgeryError.self) {
      try RestackPlan(checkpoint: sample(family), order: LayerSelection("0,0...5"))
    }
    guard case .configRefused(key: "model_type", .onePiece(let reason)) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains(family.hasPrefix("zamba") ? "one block of attention" : "keys and values"))
  }

  @Test func whatTheSelectionCannotKeepIsRefused() throws {
    #expect(throws: SurgeryError.configRefused(key: "expert_layer_period", .notPeriodic(layers: [2, 3]))) {
      try DetachPlan(checkpoint: sample("jamba"), layers: LayerSelection("0,2,3,5"))
    }
  }
}
