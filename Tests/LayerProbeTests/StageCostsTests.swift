import Decoders
import Foundation
import LayerProbe
import Testing

@Suite struct StageCostsTests {
  private func decoder() throws -> Decoder { try Expected.load().model("tied-grouped-f32").decoder }

  private func count(_ parameters: [Parameter]) -> Double { Double(parameters.reduce(0) { $0 + $1.value.count }) }

  /// Elements of the matrices: norms are no products.
  private func products(_ parameters: [Parameter]) -> Double { count(parameters.filter(\.isDecayed)) }

  @Test func `operations are those of the weights that a token meets`() throws {
    let decoder = try decoder()
    let last = decoder.layers.count - 1
    let layers = decoder.layers.map { products($0.parameters) }
    let (head, width) = (Double(decoder.head.value.count), Double(decoder.configuration.width))
    var budget = StageCosts.Budget()
    budget.tokens = 1000
    budget.alignmentShare = 0.2
    budget.bridgeTokens = 50
    let costs = StageCosts(decoder, layers: [0, last], budget: budget, rate: 1e9)
    #expect(costs.stages.map(\.name) == ["bridge", "detached training", "alignment", "plain training of all layers"])
    #expect(costs.stages.map(\.tokens) == [50, 800, 200, 1000])
    let all = 6 * layers.reduce(0, +) + 6 * head
    let perToken = [2 * layers.reduce(0, +), 6 * (layers[0] + layers[last]) + 4 * head + 4 * width * width, all, all]
    for (stage, flops) in zip(costs.stages, perToken) {
      #expect(stage.flops == flops * Double(stage.tokens), "\(stage.name)")
      #expect(stage.seconds == stage.flops / 1e9)
    }
  }

  @Test func `trained weights take 16 bytes, frozen ones what is stored, and more tokens in a pass more memory`() throws
  {
    let decoder = try decoder()
    func detached(_ layers: [Int], tokens: Int) -> Double {
      var budget = StageCosts.Budget()
      budget.detachedTokensPerPass = tokens
      return StageCosts(decoder, layers: layers, budget: budget, rate: nil).stages[1].bytes
    }
    let last = decoder.layers.count - 1
    let perToken = detached([0, last], tokens: 101) - detached([0, last], tokens: 100)
    let outside = 4 * (count(decoder.parameters) - count(decoder.layers.flatMap(\.parameters)))
    let trained = 16 * (count(decoder.layers[0].parameters) + count(decoder.layers[last].parameters))
    let bridge = 4 * Double(decoder.configuration.width * decoder.configuration.width)
    #expect(perToken > 0 && abs(detached([0, last], tokens: 0) - outside - trained - bridge) < 1)
    #expect(StageCosts(decoder, layers: [0], rate: nil).stages.allSatisfy { $0.seconds == nil })
  }

  @Test func `a run of missing layers needs a bridge, neighbours none`() throws {
    let decoder = try decoder()
    let all = Array(decoder.layers.indices)
    let costs = StageCosts(decoder, layers: all, rate: nil)
    let weights = products(decoder.layers.flatMap(\.parameters))
    let perToken = costs.stages[1].flops / Double(costs.stages[1].tokens)
    #expect(abs(perToken - 6 * weights - 4 * Double(decoder.head.value.count)) < 1)
  }

  @Test func `a stopwatch notes operations a second and changes no score`() throws {
    let expected = try Expected.load()
    let name = "tied-grouped-f32"
    let (texts, model) = (try expected.texts(name), try expected.model(name))
    let timed = TimedCriterion(Gradients())
    #expect(timed.rate == nil)
    let scores = try Probe(criteria: [timed]).run(texts, on: model)
    #expect(scores == (try Probe(criteria: [Gradients()]).run(texts, on: model)))
    #expect(try #require(timed.rate) > 0)
  }

  @Test func `the page has the costs of the chosen layers`() throws {
    var report = try ProbeAnalysis(resamples: 100, flips: 100, seed: 1).report(
      ReportSamples.scores([[1, 5, 2, 9, 3], [10, 50, 20, 60, 30]]),
      model: ReportSamples.model(Array(repeating: 10, count: 5)), maximumTokens: 512)
    #expect(!report.page.html.contains("What it will cost"))
    report.costs = StageCosts(try decoder(), layers: [0, 1], rate: 2e9)
    for part in ["What it will cost", "detached training", "2 GFLOP/s"] {
      #expect(report.page.html.contains(part), "\(part)")
    }
    #expect(try ProbeReport(json: report.json()) == report)
  }
}
