import Checkpoints
import Foundation
import TestSupport
import Testing

struct CheckpointTests {
  @Test func shardsOpenWithTheirIndexAndSideFiles() throws {
    try withTemporaryDirectory { directory in
      try makeShardedCheckpoint(in: directory)
      let checkpoint = try Checkpoint(directory: directory)
      #expect(Array(checkpoint.tensors.keys) == ["a", "b"])
      #expect(try checkpoint.tensor("b").withUnsafeBytes { Array($0) } == Array(8..<16))
      #expect(checkpoint.sideFiles == ["additional_chat_templates/tool.jinja", "config.json", "tokenizer.json"])
      #expect(checkpoint.config["model_type"]?.string == "llama")
      #expect(throws: CheckpointError.self) { try checkpoint.tensor("c") }
    }
  }

  @Test func aSingleFileGoesBeforeAnIndex() throws {
    try withTemporaryDirectory { directory in
      try makeShardedCheckpoint(in: directory)
      let header = #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
      try write(safetensorsBytes(header, data: [0, 0, 128, 63]), to: "model.safetensors", in: directory)
      let checkpoint = try Checkpoint(directory: directory)
      #expect(Array(checkpoint.tensors.keys) == ["x"])
      // The header is 54 bytes long, so the single is misaligned.
      #expect(try checkpoint.tensor("x").withUnsafeBytes { $0.loadUnaligned(as: Float.self) } == 1)
    }
  }

  @Test func whatIsNoCheckpointIsRefusedWithTheReason() throws {
    try withTemporaryDirectory { directory in
      let path = directory.path(percentEncoded: false)
      func expect(_ error: CheckpointError) {
        #expect(throws: error) { try Checkpoint(directory: directory) }
      }
      #expect(throws: CheckpointError.notFound(path: path + "/nowhere")) {
        try Checkpoint(directory: URL(filePath: path + "/nowhere"))
      }
      expect(.noConfig(directory: path))
      try write("{}".utf8, to: "config.json", in: directory)
      expect(.noWeights(directory: path, found: []))
      try write([0], to: "pytorch_model.bin", in: directory)
      expect(.noWeights(directory: path, found: ["pytorch_model.bin"]))
      #expect(throws: CheckpointError.notADirectory(path: path + "/config.json")) {
        try Checkpoint(directory: URL(filePath: path + "/config.json"))
      }
    }
  }

  @Test func anIndexThatContradictsTheShardsIsRefused() throws {
    func problem(_ index: String) throws -> CheckpointError.IndexProblem? {
      try withTemporaryDirectory { directory in
        try makeShardedCheckpoint(in: directory)
        try write(index.utf8, to: "model.safetensors.index.json", in: directory)
        do {
          _ = try Checkpoint(directory: directory)
          return nil
        } catch CheckpointError.invalidIndex(_, let problem) { return problem }
      }
    }
    let one = "model-00001-of-00002.safetensors"
    let two = "model-00002-of-00002.safetensors"
    #expect(try problem(#"{"weight_map": {}}"#) == .missingObject("metadata"))
    #expect(try problem(#"{"metadata": {}}"#) == .missingObject("weight_map"))
    #expect(
      try problem(#"{"metadata": {}, "weight_map": {"a": "\#(two)", "b": "\#(one)"}}"#)
        == .tensorNotInShard(tensor: "a", shard: two))
    #expect(
      try problem(#"{"metadata": {}, "weight_map": {"a": "\#(one)", "c": "\#(two)"}}"#)
        == .tensorNotInIndex(tensor: "b", shard: two))
    #expect(
      try problem(#"{"metadata": {}, "weight_map": {"a": "\#(one)", "b": "\#(two)", "c": "\#(one)"}}"#)
        == .tensorNotInShard(tensor: "c", shard: one))
    #expect(
      try problem(#"{"metadata": {}, "weight_map": {"a": "\#(one)", "b": "model-3.safetensors"}}"#)
        == .missingShard("model-3.safetensors"))
    #expect(
      try problem(#"{"metadata": {}, "weight_map": {"a": "../\#(one)"}}"#)
        == .invalidShardName(tensor: "a", shard: "\"../\(one)\""))
    #expect(
      try problem(#"{"metadata": {}, "weight_map": {"a": "\#(one)", "a": "\#(one)", "b": "\#(two)"}}"#)
        == .duplicateTensor("a"))
  }

  @Test func aTensorInTwoShardsIsRefused() throws {
    try withTemporaryDirectory { directory in
      try makeShardedCheckpoint(in: directory)
      let first = try bytes(of: "model-00001-of-00002.safetensors", in: directory)
      try write(first, to: "model-00002-of-00002.safetensors", in: directory)
      #expect(throws: CheckpointError.self) { try Checkpoint(directory: directory) }
    }
  }

  @Test func linksAreFollowedAndHiddenDirectoriesLeftOut() throws {
    try withTemporaryDirectory { directory in
      let blobs = directory.appending(path: "blobs")
      try makeShardedCheckpoint(in: blobs)
      let snapshot = directory.appending(path: "snapshot")
      try FileManager.default.createDirectory(at: snapshot, withIntermediateDirectories: true)
      for name in try FileManager.default.contentsOfDirectory(atPath: blobs.path(percentEncoded: false)) {
        try FileManager.default.createSymbolicLink(
          atPath: snapshot.appending(path: name).path(percentEncoded: false), withDestinationPath: "../blobs/\(name)")
      }
      try write([1], to: ".cache/huggingface/x", in: snapshot)
      try FileManager.default.createSymbolicLink(
        atPath: snapshot.appending(path: "loop").path(percentEncoded: false), withDestinationPath: ".")
      let checkpoint = try Checkpoint(directory: snapshot)
      #expect(checkpoint.sideFiles == ["additional_chat_templates/tool.jinja", "config.json", "tokenizer.json"])
    }
  }
}
