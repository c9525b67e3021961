import Checkpoints
import Foundation
import JSONText
import Testing
import TestSupport

/// The elements of a safetensors file whose tensors are all F32.
func singles(_ url: URL) throws -> [String: [Float]] {
  try readTensors(url).mapValues { tensor in
    precondition(tensor.dtype == .f32, "\(url.lastPathComponent) holds \(tensor.dtype)")
    return tensor.withUnsafeBytes { buffer in
      (0..<tensor.elementCount).map { i in
        Float(bitPattern: UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self)))
      }
    }
  }
}

/// Converts a GGUF file into a temporary directory.
func withConverted(_ file: URL, dtype: DType = .bf16, _ body: (URL) throws -> Void) throws {
  try withTemporaryDirectory { directory in
    let output = directory.appending(path: "out")
    try GGUFConversion(file: file, dtype: dtype).execute(to: output)
    try body(output)
  }
}

/// Converts the bytes of a GGUF file into a temporary directory.
func withConverted(_ bytes: [UInt8], dtype: DType = .bf16, _ body: (URL) throws -> Void) throws {
  try withTemporaryDirectory { directory in
    let file = directory.appending(path: "sample.gguf")
    try Data(bytes).write(to: file)
    try withConverted(file, dtype: dtype, body)
  }
}

/// A JSON file of a directory.
func json(_ name: String, in directory: URL) throws -> JSONNode {
  try JSONText(bytes(of: name, in: directory)).root
}

/// A JSON value without white space and with sorted keys.
func canonical(_ node: JSONNode?) -> String {
  switch node?.kind {
  case nil: "absent"
  case .null: "null"
  case .bool(let value): "\(value)"
  case .number(let spelling): spelling
  case .string(let text): text.jsonSpelling
  case .array(let elements): "[\(elements.map { canonical($0) }.joined(separator: ","))]"
  case .object(let members):
    "{"
      + members.sorted { $0.key < $1.key }.map { "\($0.key.jsonSpelling):\(canonical($0.value))" }
      .joined(separator: ",") + "}"
  }
}

/// The ids of a vocabulary.
func ids(_ node: JSONNode?) throws -> [String: Int] {
  let members = try #require(node?.members)
  return try Dictionary(uniqueKeysWithValues: members.map { ($0.key, try #require($0.value.int)) })
}
