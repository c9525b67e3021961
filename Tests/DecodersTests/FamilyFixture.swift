import Checkpoints
import Decoders
import Foundation
import TestSupport
import Testing

/// A tiny model of a family and what `transformers` computed with it in float64, and how far it was off in float32.
struct FamilyFixture {
  /// Something that a pass gives.
  enum Quantity: Hashable {
    case logits, tokenNLL
    /// The gradient of the checkpoint's tensor of this index.
    case gradient(Int)
  }

  private let name: String
  let checkpoint: FamilyCheckpoint
  private let expected: [Quantity: [Double]]
  /// The greatest error and the norm of the error of each quantity.
  private let errors: [Quantity: (worst: Double, norm: Double)]

  init(_ name: String) throws {
    self.name = name
    checkpoint = try FamilyCheckpoint(name)
    let tensors = try readTensors(fixture("families/\(name)/expected.safetensors"))
    func floats(_ name: String) -> [Double] {
      tensors[name]!.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 4).map {
          Double(bytes.loadUnaligned(fromByteOffset: $0, as: Float.self))
        }
      }
    }
    var expected = [Quantity.logits: floats("logits"), .tokenNLL: floats("token_nll")]
    var gradients = floats("gradients")[...]
    for (index, entry) in checkpoint.entries.enumerated() {
      let count = entry.shape.reduce(1, *)
      expected[.gradient(index)] = Array(gradients.prefix(count))
      gradients = gradients.dropFirst(count)
    }
    self.expected = expected
    let pairs = tensors["f32_error"]!.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 16).map {
        (
          worst: bytes.loadUnaligned(fromByteOffset: $0, as: Double.self),
          norm: bytes.loadUnaligned(fromByteOffset: $0 + 8, as: Double.self)
        )
      }
    }
    let quantities = [.logits, .tokenNLL] + checkpoint.entries.indices.map(Quantity.gradient)
    errors = Dictionary(uniqueKeysWithValues: zip(quantities, pairs))
  }

  /// The model, perhaps with the channels of its residual stream in another order.
  func decoder(order: [Int]? = nil) throws -> Decoder {
    try withTemporaryDirectory { directory in
      let model = directory.appending(path: "model")
      try checkpoint.write(to: model, order: order)
      return try Decoder(Checkpoint(directory: model), device: CPUDevice(threads: 2))
    }
  }

  /// Lends what makes the model under other configs, perhaps with other tensor names.
  func withConfigs(
    rename: (String) -> String = { $0 }, _ body: (_ decoder: (Any) throws -> Decoder) throws -> Void
  ) throws {
    try withTemporaryDirectory { directory in
      let model = directory.appending(path: "model")
      try checkpoint.write(to: model, rename: rename)
      try body { config in
        try JSONSerialization.data(withJSONObject: config).write(to: model.appending(path: "config.json"))
        return try Decoder(Checkpoint(directory: model), device: CPUDevice(threads: 1))
      }
    }
  }

  /// The model's config.json.
  func config() throws -> [String: Any] {
    let data = try Data(contentsOf: fixture("families/\(name)/config.json"))
    return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
  }

  /// The batch that all models are given.
  static func batch(on device: any Device) throws -> TokenBatch {
    let bounds = try integers("spans").map(Int.init)
    return try batch(
      positions: integers("positions"),
      spans: stride(from: 0, to: bounds.count, by: 2).map { bounds[$0]..<bounds[$0 + 1] }, on: device)
  }

  /// The same tokens with each row for one document.
  static func unpackedBatch(on device: any Device) throws -> TokenBatch {
    let (count, length) = (try integers("ids").count, 16)
    return try batch(
      positions: (0..<count).map { Int32($0 % length) },
      spans: stride(from: 0, to: count, by: length).map { $0..<$0 + length }, on: device)
  }

  private static func batch(positions: [Int32], spans: [Range<Int>], on device: any Device) throws -> TokenBatch {
    TokenBatch(
      ids: try integers("ids"), targets: try integers("targets"), positions: positions, spans: spans, device: device)
  }

  /// How many of its tokens have a target.
  static func predictedCount() throws -> Int { try integers("targets").count { $0 >= 0 } }

  private static func integers(_ name: String) throws -> [Int32] {
    try readTensors(fixture("families/batch.safetensors"))[name]!.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self) }
    }
  }

  /// The gradients of the trained parameters; the decoder's parameters are the stored tensors, no more and no fewer.
  func gradients(of decoder: Decoder) -> [Quantity: [Float]] {
    let parameters = Dictionary(uniqueKeysWithValues: decoder.parameters.map { ($0.name, $0) })
    #expect(Set(parameters.keys) == Set(checkpoint.entries.map(\.name)), "\(name)")
    var values: [Quantity: [Float]] = [:]
    for (index, entry) in checkpoint.entries.enumerated() {
      values[.gradient(index)] = parameters[entry.name]?.gradient.map(decoder.device.download)
    }
    return values
  }

  /// Compares what `pass` gives, every element of it: the norm of the error is at most twice that of `transformers` in
  /// float32, and so is the worst element's error.
  ///
  /// The error of one run is a matter of luck, and of 1,800 quantities the worst element's in the worst of six runs all the
  /// more. So, of the norm as of each element, the root mean square over runs with the channels of the residual stream in
  /// another order is taken.
  func check(_ pass: (Decoder) throws -> [Quantity: [Float]]) throws {
    let orders = self.orders
    var squares: [Quantity: [Double]] = [:]
    for order in orders {
      for (quantity, values) in try pass(decoder(order: order)) {
        let reference = expected[quantity]!
        guard values.count == reference.count else {
          Issue.record("\(name), \(words(quantity)): \(values.count) values for \(reference.count)")
          return
        }
        // In the order of the channels as they are, so that an element meets itself.
        let errors = zip(values, inOrder(reference, of: quantity, order)).map { Double($0) - $1 }
        let places = inOrder(reference.indices.map(Double.init), of: quantity, order).map { Int($0) }
        var sums = squares[quantity] ?? Array(repeating: 0, count: reference.count)
        for (place, error) in zip(places, errors) { sums[place] += error * error / Double(orders.count) }
        squares[quantity] = sums
      }
    }
    for (quantity, squares) in squares {
      let allowed = errors[quantity]!
      let norm = squares.reduce(0, +).squareRoot()
      // Whatever is NaN makes the sum NaN, and no comparison with it holds; `max` would pass over it.
      let worst = squares.max()?.squareRoot() ?? .nan
      #expect(
        norm <= 2 * allowed.norm, "\(name), \(words(quantity)): error \(norm), transformers in f32 \(allowed.norm)")
      #expect(
        worst <= 2 * allowed.worst,
        "\(name), \(words(quantity)): worst element \(worst), transformers in f32 \(allowed.worst)")
    }
  }

  /// Whether logits are those of `transformers` but for ten times its rounding in float32.
  func isNear(_ logits: [Float]) -> Bool {
    zip(logits, expected[.logits]!).allSatisfy { abs(Double($0) - $1) <= 10 * errors[.logits]!.worst }
  }

  /// Orders of the channels: as they are, and five others, but for XGLM, whose added sines know their places.
  var orders: [[Int]] {
    let width = checkpoint.entries.lazy.compactMap { entry in entry.streamAxis.map { entry.shape[$0] } }.first!
    let identity = Array(0..<width)
    if name == "xglm" { return [identity] }
    var generator = SeededNumbers(seed: 5)
    return [identity] + (0..<5).map { _ in identity.shuffled(using: &generator) }
  }

  private func inOrder(_ values: [Double], of quantity: Quantity, _ order: [Int]) -> [Double] {
    guard case .gradient(let index) = quantity else { return values }
    return checkpoint.entries[index].reordered(values, order)
  }

  private func words(_ quantity: Quantity) -> String {
    switch quantity {
    case .logits: "logits"
    case .tokenNLL: "token_nll"
    case .gradient(let index): "gradient of " + checkpoint.entries[index].name
    }
  }
}
