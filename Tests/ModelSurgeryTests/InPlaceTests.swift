import Checkpoints
import Foundation
import ModelSurgery
import TestSupport
import Testing

struct InPlaceTests {
  /// A base, its trained layers, and what attaching makes of the base.
  private func withAttachment(
    _ body: (_ directory: URL, _ base: URL, _ trained: Checkpoint, _ expected: [String: Data]) throws -> Void
  ) throws {
    try withTemporaryDirectory { directory in
      let base = directory.appending(path: "base")
      try reshard(fixture("checkpoints/llama"), to: base, shardCount: 3)
      let detached = directory.appending(path: "detached")
      try DetachPlan(checkpoint: Checkpoint(directory: base), layers: .firstAndLast).execute(to: detached)
      let trainedDirectory = directory.appending(path: "trained")
      try reshard(detached, to: trainedDirectory, shardCount: 1) { tensor in
        (tensor.name, tensor.name.contains("mlp") ? singles(tensor.shape) { Float($0) } : .mapped(tensor))
      }
      let trained = try Checkpoint(directory: trainedDirectory)
      let whole = directory.appending(path: "whole")
      try AttachPlan(trained: trained, base: Checkpoint(directory: base)).execute(to: whole)
      try body(directory, base, trained, contents(of: whole))
    }
  }

  @Test func aPatchLeavesWhatAWrittenCheckpointHolds() throws {
    try withAttachment { _, base, trained, expected in
      let outcome = try AttachPlan(trained: trained, base: Checkpoint(directory: base)).executeInPlace()
      #expect(outcome?.changed.count == 6)
      #expect(try contents(of: base) == expected)
      let again = try AttachPlan(trained: trained, base: Checkpoint(directory: base)).executeInPlace()
      #expect(again == nil)
      #expect(try contents(of: base) == expected)
    }
  }

  @Test func anInterruptionAtAnyPieceIsRolledBackAndAKilledRunIsCompletedByTheNext() throws {
    try withAttachment { directory, base, trained, expected in
      let before = try contents(of: base)
      struct Stop: Error {}
      var reports = 0
      let plan = try AttachPlan(trained: trained, base: Checkpoint(directory: base))
      for stop in 1... {
        var count = 0
        let crashed = directory.appending(path: "crashed")
        try? FileManager.default.removeItem(at: crashed)
        do {
          let outcome = try plan.executeInPlace { _ in
            count += 1
            if count == stop {
              // What a killed process leaves at this moment.
              try FileManager.default.copyItem(at: base, to: crashed)
              throw Stop()
            }
          }
          #expect(outcome != nil)
          break
        } catch is Stop {
          #expect(try contents(of: base) == before)
        }
        let wasPatching = InPlacePatch.isUnfinished(in: crashed)
        if wasPatching {
          reports += 1
          #expect(throws: CheckpointError.unfinishedPatch(directory: crashed.path(percentEncoded: false))) {
            try Checkpoint(directory: crashed)
          }
          #expect(try CheckpointVerification(directory: crashed).problems.count == 1)
        }
        #expect(try InPlacePatch.rollBack(in: crashed) == wasPatching)
        #expect(try contents(of: crashed) == before)
      }
      #expect(reports == 6, "one crash per tensor")
      #expect(try contents(of: base) == expected)
    }
  }

  @Test func linksAreNotPatched() throws {
    try withAttachment { directory, base, trained, _ in
      let shard = base.appending(path: "model-00001-of-00003.safetensors")
      let other = directory.appending(path: "other")
      try FileManager.default.linkItem(at: shard, to: other)
      let before = try contents(of: base)
      let path = shard.path(percentEncoded: false)
      let plan = try AttachPlan(trained: trained, base: Checkpoint(directory: base))
      #expect(throws: CheckpointError.notPatchable(path: path, .hardLinks(2))) { try plan.executeInPlace() }
      try FileManager.default.removeItem(at: shard)
      try FileManager.default.createSymbolicLink(at: shard, withDestinationURL: other)
      let linked = try AttachPlan(trained: trained, base: Checkpoint(directory: base))
      #expect(throws: CheckpointError.notPatchable(path: path, .symbolicLink)) { try linked.executeInPlace() }
      #expect(try contents(of: base) == before)
    }
  }
}
