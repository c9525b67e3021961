import Checkpoints
import Decoders
import Foundation
import TestSupport
import Testing

/// Low-rank adapters on tiny models: against PEFT in float64 for each way in which families store their matrices, losses
/// and the gradient of every adapter within twice PEFT's error in float32; for every family against the gradient of the
/// matrices themselves, which is tested against `transformers`.
@Suite struct LowRankAdapterTests {
  static let names: [String] =
    (try? FileManager.default.contentsOfDirectory(atPath: fixture("lora").path))?
    .filter { $0.hasSuffix(".safetensors") }.map { String($0.dropLast(".safetensors".count)) }.sorted() ?? []

  @Test(arguments: names)
  func lossesAndGradientsMatchPEFT(_ name: String) throws {
    let expected = try readTensors(fixture("lora/\(name).safetensors"))
    func floats(_ key: String) -> [Double] {
      expected[key]!.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 4).map {
          Double(bytes.loadUnaligned(fromByteOffset: $0, as: Float.self))
        }
      }
    }
    let errors = expected["f32_error"]!.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 8).map { bytes.loadUnaligned(fromByteOffset: $0, as: Double.self) }
    }
    let keys = ["token_nll"] + expected.keys.filter { $0.contains(".lora_") }.sorted()
    let family = try FamilyFixture(name)
    let orders = family.orders
    var squares: [String: Double] = [:]
    for order in orders {
      let decoder = try family.decoder(order: order)
      let channels = try adapt(decoder, family.checkpoint, order: order)
      var values = [
        "token_nll": decoder.accumulateGradients(
          try FamilyFixture.batch(on: decoder.device), gradientScale: 1 / Float(try FamilyFixture.predictedCount()))
      ]
      for matrix in decoder.trainedParameters { values[matrix.name] = decoder.device.download(matrix.gradient!) }
      #expect(Set(values.keys) == Set(keys), "\(name)")
      for (key, values) in values {
        let reference = channels[key]?.reordered(floats(key), order) ?? floats(key)
        squares[key, default: 0] +=
          zip(values, reference).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
          / Double(orders.count)
      }
    }
    for (index, key) in keys.enumerated() {
      let (error, allowed) = (squares[key]!.squareRoot(), errors[2 * index + 1])
      #expect(error <= 2 * allowed, "\(name), \(key): error \(error), PEFT in f32 \(allowed)")
    }
  }

  /// With G the gradient of `W + s B A`, that of A is `s Bᵀ G` and that of B `s G Aᵀ`.
  @Test(arguments: FamilyCheckpoint.names)
  func gradientsAreThoseOfTheMatrices(_ name: String) throws {
    let batch = { (decoder: Decoder) in try FamilyFixture.batch(on: decoder.device) }
    let (adapted, plain) = (try FamilyFixture(name).decoder(), try FamilyFixture(name).decoder())
    try adapt(adapted, FamilyCheckpoint(name), order: nil)
    let device = plain.device
    for (matrix, adapter) in zip(plain.parameters, adapted.parameters.map(\.adapter)) {
      guard let adapter else { continue }
      let (a, b) = (device.download(adapter.a.value), device.download(adapter.b.value))
      let (I, O) = plain.adapterWidths(matrix)
      var values = device.download(matrix.value)
      for o in 0..<O {
        for i in 0..<I {
          let change = 1.5 * (0..<2).reduce(Float(0)) { $0 + b[o * 2 + $1] * a[$1 * I + i] }
          values[plain.storesMatricesTransposed ? i * O + o : o * I + i] += change
        }
      }
      matrix.replaceValue(with: values, on: device)
    }
    plain.trainEverything()
    let losses = try plain.accumulateGradients(batch(plain), gradientScale: 1)
    let adaptedLosses = try adapted.accumulateGradients(batch(adapted), gradientScale: 1)
    #expect(distance(adaptedLosses, losses) < 1e-4, "\(name)")
    for (matrix, adapter) in zip(plain.parameters, adapted.parameters.map(\.adapter)) {
      guard let adapter else { continue }
      let (a, b) = (device.download(adapter.a.value), device.download(adapter.b.value))
      let (I, O) = plain.adapterWidths(matrix)
      let G = device.download(matrix.gradient!)
      func g(_ o: Int, _ i: Int) -> Float { G[plain.storesMatricesTransposed ? i * O + o : o * I + i] }
      let dA = (0..<2 * I).map { index in
        1.5 * (0..<O).reduce(Float(0)) { $0 + b[$1 * 2 + index / I] * g($1, index % I) }
      }
      let dB = (0..<O * 2).map { index in
        1.5 * (0..<I).reduce(Float(0)) { $0 + g(index / 2, $1) * a[index % 2 * I + $1] }
      }
      #expect(distance(device.download(adapter.a.gradient!), dA) < 1e-3, "\(name), \(adapter.a.name)")
      #expect(distance(device.download(adapter.b.gradient!), dB) < 1e-3, "\(name), \(adapter.b.name)")
    }
  }

  @Test(arguments: FamilyCheckpoint.names)
  func aMergedCheckpointIsTheAdaptedModel(_ name: String) throws {
    try withTemporaryDirectory { directory in
      let (model, merged) = (directory.appending(path: "model"), directory.appending(path: "merged"))
      let checkpoint = try FamilyCheckpoint(name)
      try checkpoint.write(to: model)
      let source = try Checkpoint(directory: model)
      let decoder = try Decoder(source, device: CPUDevice(threads: 2))
      let batch = try FamilyFixture.batch(on: decoder.device)
      let before = decoder.logits(batch)
      _ = try adapt(decoder, checkpoint, order: nil)
      let adapted = decoder.logits(batch)
      try FileManager.default.createDirectory(at: merged, withIntermediateDirectories: true)
      try rewriteCheckpoint(source: source, replacing: decoder.trainedContent(for: source), into: merged)
      let loaded = try Decoder(Checkpoint(directory: merged), device: decoder.device)
      #expect(loaded.parameters.map(\.name) == decoder.parameters.map(\.name))
      // Weights stored in halves are rounded once more.
      let dtypes = Set(source.tensors.values.map(\.dtype))
      let rounding: Float = dtypes.contains(.bf16) ? 5e-2 : dtypes.contains(.f16) ? 5e-3 : 1e-4
      #expect(distance(before, adapted) > 10 * rounding)
      #expect(distance(loaded.logits(batch), adapted) < rounding, "\(name)")
    }
  }

  /// Nothing below the lowest adapter is computed.
  @Test func adaptersOfTheUpperLayerHaveTheSameGradientAlone() throws {
    func upperGradients(withLower: Bool) throws -> [[Float]] {
      let decoder = try FamilyFixture("phi3").decoder()
      try adapt(decoder, FamilyCheckpoint("phi3"), order: nil, layers: [1])
      if withLower {
        for matrix in decoder.adaptableMatrices(layer: 0) {
          let a = Array(repeating: Float(1), count: 2 * decoder.adapterWidths(matrix).inputs)
          decoder.adapt(matrix, rank: 2, a: a, scale: 1)
        }
      }
      _ = decoder.accumulateGradients(try FamilyFixture.batch(on: decoder.device), gradientScale: 1)
      let all = decoder.trainedParameters.map { decoder.device.download($0.gradient!) }
      return all.suffix(2 * decoder.adaptableMatrices(layer: 1).count)
    }
    let alone = try upperGradients(withLower: false)
    #expect(try alone == upperGradients(withLower: true))
    #expect(alone.allSatisfy { gradient in gradient.contains { $0 != 0 } })
  }

  /// The norm of the difference over that of the second.
  private func distance(_ a: [Float], _ b: [Float]) -> Float {
    (zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / b.reduce(0) { $0 + $1 * $1 }).squareRoot()
  }

  /// Adapters on all matrices of some layers, with the generator's values.
  /// - Returns: for each adapter's matrix how it is put in another order of the residual stream's channels.
  @discardableResult
  private func adapt(
    _ decoder: Decoder, _ checkpoint: FamilyCheckpoint, order: [Int]?, layers: [Int]? = nil
  ) throws -> [String: FamilyCheckpoint.Entry] {
    let stored = Dictionary(uniqueKeysWithValues: checkpoint.entries.map { ($0.name, $0) })
    var channels: [String: FamilyCheckpoint.Entry] = [:]
    for matrix in (layers ?? Array(decoder.layers.indices)).flatMap(decoder.adaptableMatrices) {
      let (inputs, outputs) = decoder.adapterWidths(matrix)
      let isOfInputs = (stored[matrix.name]!.streamAxis == 1) != decoder.storesMatricesTransposed
      func values(_ part: String, _ shape: [Int], _ axis: Int?, divisor: Float) -> [Float] {
        let name = "base_model.model.\(decoder.moduleName(matrix)).lora_\(part).weight"
        channels[name] = FamilyCheckpoint.Entry(name: name, shape: shape, streamAxis: axis)
        let plain = FamilyCheckpoint.noise(name, count: shape[0] * shape[1]).map { Float($0) / divisor }
        return order.map { channels[name]!.reordered(plain, $0) } ?? plain
      }
      let a = values("A", [2, inputs], isOfInputs ? 1 : nil, divisor: 128)
      let b = values("B", [outputs, 2], isOfInputs ? nil : 0, divisor: 256)
      decoder.adapt(matrix, rank: 2, a: a, b: b, scale: 1.5)
    }
    return channels
  }
}
