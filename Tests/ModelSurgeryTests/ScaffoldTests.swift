import Checkpoints
import Foundation
import ModelSurgery
import TestSupport
import Testing

/// Layers that come along frozen, between those that are trained.
struct ScaffoldTests {
  @Test func frozenLayersAreCarriedMarkedAndBroughtBackUntouched() throws {
    try withTemporaryDirectory { directory in
      let base = try Checkpoint(directory: fixture("checkpoints/llama"))
      let plan = try DetachPlan(checkpoint: base, layers: .firstAndLast, keepFrozen: LayerSelection("2,4"))
      #expect(plan.layers == [0, 2, 4, 5])
      #expect(plan.frozenLayers == [2, 4])
      let (detached, whole) = (directory.appending(path: "detached"), directory.appending(path: "whole"))
      try plan.execute(to: detached)
      let layers = try DetachedLayers(directory: detached)
      #expect(layers.baseIndices == [0, 2, 4, 5])
      #expect(layers.frozen == [1, 2])
      #expect(layers.trained == [0, 3])
      try AttachPlan(trained: Checkpoint(directory: detached), base: base).execute(to: whole)
      #expect(try contents(of: whole) == contents(of: base.directory))
    }
  }

  @Test func aLayerIsTrainedOrFrozenNotBoth() throws {
    let base = try Checkpoint(directory: fixture("checkpoints/llama"))
    let error = #expect(throws: SurgeryError.self) {
      try DetachPlan(checkpoint: base, layers: .firstAndLast, keepFrozen: LayerSelection("2,5"))
    }
    #expect("\(error!)".contains("layer 5 is to be trained and to be kept frozen"))
  }
}
