import Checkpoints
import Foundation

/// A safetensors file spelled by hand: the header as given, then the data.
func safetensorsBytes(_ header: String, data: [UInt8] = []) -> [UInt8] {
  let text = Array(header.utf8)
  return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text + data
}

/// Parses bytes as a safetensors file named `weights`.
func parsedHeader(_ bytes: [UInt8]) throws(CheckpointError) -> SafetensorsHeader {
  let result = bytes.withUnsafeBytes { buffer in
    Result { () throws(CheckpointError) in try SafetensorsHeader(file: buffer, path: "weights") }
  }
  return try result.get()
}

/// Writes text or bytes to a file below a directory, making folders on the way.
func write(_ bytes: some Sequence<UInt8>, to path: String, in directory: URL) throws {
  let url = directory.appending(path: path)
  try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(bytes).write(to: url)
}

/// All bytes of a file.
func bytes(of path: String, in directory: URL) throws -> [UInt8] {
  Array(try Data(contentsOf: directory.appending(path: path)))
}

/// A checkpoint of two shards with a tensor each and a few side files.
func makeShardedCheckpoint(in directory: URL) throws {
  let header = { (name: String) in #"{"\#(name)":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"# }
  try write(safetensorsBytes(header("a"), data: Array(0..<8)), to: "model-00001-of-00002.safetensors", in: directory)
  try write(safetensorsBytes(header("b"), data: Array(8..<16)), to: "model-00002-of-00002.safetensors", in: directory)
  let index = """
    {"metadata": {"total_size": 16}, "weight_map": {
      "a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    """
  try write(index.utf8, to: "model.safetensors.index.json", in: directory)
  try write("{\"model_type\": \"llama\"}\r\n".utf8, to: "config.json", in: directory)
  try write("{}".utf8, to: "tokenizer.json", in: directory)
  try write("x".utf8, to: "additional_chat_templates/tool.jinja", in: directory)
}
