import Checkpoints
import Decoders
import Foundation
import TestSupport
import Testing

/// A frozen head in integers against the same head in f32.
@Suite struct RoundedHeadTests {
  /// Words with Zipf's frequencies and a few channels that are far larger than the others, as trained models have.
  struct Example {
    let (x, w, targets): (Tensor, Tensor, Tensor)
    let device: CPUDevice

    init(
      _ device: CPUDevice, tokens: Int = 160, width: Int = 96, vocabulary: Int = 5_003, element: ElementType = .bf16
    ) {
      var generator = SeededNumbers(seed: 5)
      func normal() -> Float {
        (0..<12).reduce(-6) { sum, _ in sum + Float.random(in: 0..<1, using: &generator) }
      }
      let words = (0..<vocabulary).map { _ in (0..<width).map { channel in normal() * (channel == 3 ? 0.2 : 1) } }
      self.device = device
      w = device.makeTensor(rows: vocabulary, columns: width, elementType: element)
      device.upload(words.flatMap { $0 }, to: w)
      x = device.makeTensor(rows: tokens, columns: width)
      // Near a frequent word, so that a few words have much of the probability and very many have little.
      let rows = (0..<tokens).map { token in
        let near = words[Int(pow(Double(vocabulary), Double(token) / Double(tokens)))]
        return (0..<width).map { near[$0] * 0.05 + normal() * 0.25 + ($0 == 3 ? 6 : 0) }
      }
      device.upload(rows.flatMap { $0 }, to: x)
      targets = device.makeIndices((0..<tokens).map { $0 % 10 == 9 ? -1 : Int32($0 * 7919 % vocabulary) })
    }

    func exact(cap: Float?) -> (losses: [Float], gradient: [Float]) {
      let (losses, dx) = outputs()
      device.headLoss(
        x, w, cap: cap, logWeights: nil, targets: targets, into: losses, gradientScale: 0.5, dx: dx, dw: nil)
      return (device.download(losses), device.download(dx))
    }

    func rounded(cap: Float?, _ rounding: HeadRounding) -> (losses: [Float], gradient: [Float], HeadRoundingError) {
      let (losses, dx) = outputs()
      let error = device.roundedHeadLoss(
        x, w, cap: cap, targets: targets, into: losses, gradientScale: 0.5, dx: dx, rounding: rounding)
      return (device.download(losses), device.download(dx), error)
    }

    private func outputs() -> (Tensor, Tensor) {
      (device.makeTensor(rows: 1, columns: x.rows), device.makeTensor(rows: x.rows, columns: x.columns))
    }
  }

  @Test(arguments: [nil, 8] as [Float?], [ElementType.bf16, .f32])
  func theErrorIsSmallAndWithinItsBound(_ cap: Float?, _ element: ElementType) throws {
    let example = Example(CPUDevice(threads: 2), element: element)
    let (losses, gradient) = example.exact(cap: cap)
    var (bounds, shares): ([Double], [Double]) = ([], [])
    for threshold in [1e-4, 1e-3, 1e-2] as [Float] {
      let rounding = HeadRounding(threshold: threshold, seed: 7)
      let (roundedLosses, roundedGradient, error) = example.rounded(cap: cap, rounding)
      for (rounded, exact) in zip(roundedLosses, losses) { #expect(abs(rounded - exact) < 2e-3) }
      let relative = relativeError(roundedGradient, gradient)
      let bound = try #require(error.bound)
      // Of the gradients' errors the bound is an expected size, of one token in sixteen.
      #expect(relative < 1.2 * bound && relative > bound / 100, "\(threshold): \(relative) of \(bound)")
      bounds.append(bound)
      shares.append(error.roundedShare)
    }
    #expect(bounds == bounds.sorted() && bounds[0] < 1e-4 && bounds[2] < 1e-3, "\(bounds)")
    #expect(shares == shares.sorted() && shares[1] > 0.9 && shares[2] < 1, "\(shares)")
  }

  /// What is off in one pass is off otherwise in the next: the mean over seeds comes far closer.
  @Test func errorsOfSeveralSeedsCancel() {
    let example = Example(CPUDevice(threads: 2), tokens: 64)
    let gradient = example.exact(cap: nil).gradient
    var mean = [Float](repeating: 0, count: gradient.count)
    var single = 0.0
    let draws = 36
    for seed in 0..<draws {
      let rounding = HeadRounding(threshold: 1e-2, seed: UInt32(seed) &* 2_654_435_761)
      let rounded = example.rounded(cap: nil, rounding).gradient
      single += relativeError(rounded, gradient) / Double(draws)
      for (index, value) in rounded.enumerated() { mean[index] += value / Float(draws) }
    }
    // The square root of 36, but for the rounding of words, which is to nearest.
    #expect(relativeError(mean, gradient) < single / 3)
  }

  @Test func everyProductAndNumberOfThreadsGivesTheSameBits() {
    let expected = Example(CPUDevice(threads: 1)).rounded(cap: nil, HeadRounding(seed: 3))
    for products in MatrixProducts.supported {
      for threads in [1, 2, 3] {
        let result = Example(CPUDevice(threads: threads, products: products)).rounded(cap: nil, HeadRounding(seed: 3))
        #expect(result.losses == expected.losses && result.gradient == expected.gradient, "\(products), \(threads)")
        #expect(result.2.exactWords == expected.2.exactWords)
      }
    }
    #expect(
      Example(CPUDevice(threads: 1)).rounded(cap: nil, HeadRounding(seed: 4)).gradient != expected.gradient)
  }

  /// Odd widths and vocabularies, one token, words that are zeros, inputs that are no numbers.
  @Test func edgesAreAsInF32() {
    let device = CPUDevice(threads: 2)
    for (tokens, width, vocabulary) in [(1, 1, 3), (2, 7, 9), (17, 33, 1_025), (40, 16, 2_047)] {
      let example = Example(device, tokens: tokens, width: max(width, 4), vocabulary: vocabulary)
      let (losses, gradient) = example.exact(cap: nil)
      let rounded = example.rounded(cap: nil, HeadRounding(seed: 1))
      for (rounded, exact) in zip(rounded.losses, losses) { #expect(abs(rounded - exact) < 2e-3) }
      #expect(relativeError(rounded.gradient, gradient) < 1e-3)
    }
    let zeros = Example(device, tokens: 3, vocabulary: 2_050)
    device.zero(zeros.x)
    #expect(zeros.rounded(cap: nil, HeadRounding(seed: 1)).losses[0] == zeros.exact(cap: nil).losses[0])
    let words = device.makeTensor(rows: 2_050, columns: 96)
    let (losses, dx) = (device.makeTensor(rows: 1, columns: 3), device.makeTensor(rows: 3, columns: 96))
    _ = device.roundedHeadLoss(
      zeros.x, words, cap: nil, targets: zeros.targets, into: losses, gradientScale: 1, dx: dx,
      rounding: HeadRounding(seed: 1))
    #expect(device.download(losses).allSatisfy { abs($0 - log(Float(2_050))) < 1e-5 })
    #expect(device.download(dx).allSatisfy { $0 == 0 })
    let broken = Example(device, tokens: 3)
    var values = device.download(broken.x)
    values[96 + 5] = .nan
    device.upload(values, to: broken.x)
    let result = broken.rounded(cap: nil, HeadRounding(seed: 1))
    #expect(result.losses[1].isNaN && !result.losses[0].isNaN)
  }

  /// In whole models: with a cap, with a multiplier of the logits, and plain.
  @Test(arguments: ["gemma2", "granite", "llama-linear"])
  func gradientsOfFamiliesAreNearThoseInF32(_ name: String) throws {
    func gradients(_ scoring: HeadScoring) throws -> (losses: [Float], [Float]) {
      let decoder = try FamilyFixture(name).decoder()
      decoder.train(layers: decoder.layers.indices)
      let losses = decoder.accumulateGradients(
        try FamilyFixture.batch(on: decoder.device), gradientScale: 1, scoring: scoring)
      return (losses, decoder.trainedParameters.flatMap { decoder.device.download($0.gradient!) })
    }
    let (losses, exact) = try gradients(.all)
    let (roundedLosses, rounded) = try gradients(.rounded(HeadRounding(seed: 1)))
    for (rounded, exact) in zip(roundedLosses, losses) { #expect(abs(rounded - exact) < 1e-4) }
    #expect(relativeError(rounded, exact) < 1e-4)
    #expect(rounded != exact)
  }

  private func relativeError(_ values: [Float], _ exact: [Float]) -> Double {
    let (error, norm) = zip(values, exact).reduce(into: (0.0, 0.0)) { sums, pair in
      sums.0 += Double(pair.0 - pair.1) * Double(pair.0 - pair.1)
      sums.1 += Double(pair.1) * Double(pair.1)
    }
    return (error / norm).squareRoot()
  }
}
