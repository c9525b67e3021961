import Figures
import Testing

@Suite struct ScaleTests {
  @Test func `Values map to coordinates in proportion`() {
    let scale = Scale(over: [0, 10], from: 100, to: 300, padding: 0)
    #expect(scale.position(0) == 100)
    #expect(scale.position(5) == 200)
    #expect(scale.position(10) == 300)
    #expect(scale.position(.nan) == nil && scale.position(.infinity) == nil)
    let upwards = Scale(over: [1, 3], from: 200, to: 0, padding: 0)
    #expect(upwards.position(1.5) == 150)
  }

  @Test func `Ratios map to coordinates in proportion on a logarithmic scale`() throws {
    let scale = Scale(over: [1, 10_000], from: 0, to: 400, kind: .logarithmic, padding: 0)
    for (value, x) in [(1.0, 0.0), (10, 100), (1000, 300), (10_000, 400)] {
      #expect(abs(try #require(scale.position(value)) - x) < 1e-9)
    }
    #expect(scale.position(0) == nil && scale.position(-1) == nil)
  }

  @Test(arguments: [
    ([0.0, 1], ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ([0.9, 1.7], ["1.0", "1.2", "1.4", "1.6"]),
    ([0, 380_000], ["0", "100k", "200k", "300k"]),
    ([-3, 3], ["−2", "0", "2"]),
    ([0, 4.5e6], ["0", "1M", "2M", "3M", "4M"]),
    ([2e-5, 9e-5], ["0.00002", "0.00004", "0.00006", "0.00008"]),
    ([1999, 2003], ["1,999", "2,000", "2,001", "2,002", "2,003"]),
  ])
  func `Ticks are round numbers, written with the digits that tell them apart`(values: [Double], labels: [String]) {
    let scale = Scale(over: values, from: 0, to: 1, padding: 0)
    #expect(scale.ticks(limit: 6).map(\.label) == labels)
  }

  @Test(arguments: [
    ([1.0, 1e6], ["1", "10", "100", "1,000", "10k", "100k", "1M"]),
    ([1, 50], ["1", "2", "5", "10", "20", "50"]),
    ([0.6, 5.2], ["1", "2", "5"]),
    ([1e-12, 1], ["1e−12", "1e−10", "1e−08", "0.000001", "0.0001", "0.01", "1"]),
  ])
  func `Ticks of a logarithmic scale are powers of ten or steps between them`(values: [Double], labels: [String]) {
    let scale = Scale(over: values, from: 0, to: 1, kind: .logarithmic, padding: 0)
    #expect(scale.ticks(limit: 7).map(\.label) == labels)
  }

  /// The exponents and mantissas walk through domains of every size and place.
  @Test(arguments: -12...12)
  func `There are always two ticks or more, within the domain, ascending and differently written`(exponent: Int) {
    var power = 1.0
    for _ in 0..<abs(exponent) { power = exponent < 0 ? power / 10 : power * 10 }
    for low in [0, 1, -7.3, 12.7, 0.999] {
      for extent in [1, 1.7, 3.3, 9.99] {
        for limit in 3...9 {
          let scale = Scale(over: [low * power, (low + extent) * power], from: 0, to: 1)
          let ticks = scale.ticks(limit: limit)
          #expect(ticks.count >= 1 && ticks.count <= limit, "\(scale.domain), limit \(limit)")
          #expect(limit < 5 || ticks.count >= 2, "\(scale.domain), limit \(limit)")
          let room = (scale.domain.upperBound - scale.domain.lowerBound) * 1e-6
          #expect(
            ticks.allSatisfy {
              scale.domain.lowerBound - room <= $0.value && $0.value <= scale.domain.upperBound + room
            })
          #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0.value < $1.value })
          #expect(Set(ticks.map(\.label)).count == ticks.count, "\(ticks.map(\.label)) of \(scale.domain)")
        }
      }
    }
  }

  @Test func `Values that are equal, missing or none still make a scale`() {
    for values in [[3.0], [3, 3], [0], [], [.nan], [.nan, 2, .infinity]] {
      for kind in [ScaleKind.linear, .logarithmic] {
        let scale = Scale(over: values, from: 0, to: 100, kind: kind)
        #expect(scale.domain.lowerBound < scale.domain.upperBound)
        #expect(scale.ticks(limit: 6).count >= 2, "\(values) \(kind)")
      }
    }
    #expect(Scale(over: [3.0], from: 0, to: 100).position(3) == 50)
  }

  @Test func `A bar's zero is the end of its scale`() {
    #expect(Scale(over: [4.0, 9], from: 0, to: 90, including: [0], padding: 0).domain == 0...9)
  }
}

@Suite struct LabelPlacementTests {
  @Test func `Labels that fit stay where they are`() {
    #expect(spreadLabels([10, 50, 90], gap: 20, within: 0...100) == [10, 50, 90])
    #expect(spreadLabels([50], gap: 20, within: 0...100) == [50])
    #expect(spreadLabels([], gap: 20, within: 0...100) == [])
  }

  @Test func `Labels that meet move apart around their mean, in order`() {
    #expect(spreadLabels([50, 50], gap: 20, within: 0...100) == [40, 60])
    #expect(spreadLabels([52, 48, 50], gap: 20, within: 0...100) == [70, 30, 50])
    #expect(spreadLabels([5, 6], gap: 20, within: 0...100) == [0, 20])
    #expect(spreadLabels([99, 98], gap: 20, within: 0...100) == [100, 80])
  }

  @Test func `More labels than fit share the room`() {
    #expect(spreadLabels([1, 2, 3, 4, 5], gap: 40, within: 0...100) == [0, 25, 50, 75, 100])
  }
}
