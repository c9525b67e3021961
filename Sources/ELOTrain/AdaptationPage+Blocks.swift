import Figures
import Foundation

extension AdaptationReport {
  /// By how much each text changed from the base to the later points, and how sure that is.
  var changes: ForestChart {
    let base = points.first { $0.point == .base }?.texts ?? []
    let rows = points.filter { $0.point != .base }.flatMap { measurement in
      measurement.texts.compactMap { text -> ForestChart.Row? in
        guard let change = base.first(where: { $0.name == text.name })?.change(to: text) else { return nil }
        let role = text.name == target ? "learnt" : text.name == source ? "kept" : "beside"
        return ForestChart.Row(
          "\(text.name) (\(role)), \(method.label(measurement.point))",
          values: [.init(change.difference, interval: change.interval.map { $0.low...$0.high })],
          isHighlighted: measurement.point == .aligned)
      }
    }
    return ForestChart(
      title: "Gain and forgetting: change against the base", xLabel: "bits per byte", series: ["change"], rows: rows,
      reference: 0)
  }

  /// How base and result go on with held-out documents.
  var sampleBlocks: [Page.Block] {
    var blocks: [Page.Block] = [
      .paragraph(
        "How the base and the result go on with the beginning of the longest held-out document of each text, taking the likeliest "
          + "token each time. A single sample shows style, not quality.")
    ]
    for sample in samples where sample.point == .base {
      blocks.append(.quote(Self.onOneLine(sample.prompt), source: "\(sample.text): the document's beginning"))
      for answer in samples where answer.text == sample.text {
        blocks.append(
          .quote(Self.onOneLine(answer.continuation), source: "\(sample.text): \(method.label(answer.point))"))
      }
    }
    return blocks
  }

  /// A text with its line breaks shown: a model may write nothing else.
  private static func onOneLine(_ text: String) -> String { text.replacing("\n", with: " ⏎ ") }

  /// Time, tokens, arithmetic and memory of each stage.
  var costTable: Table {
    let trainings: [Adaptation.Stage: [StepRecord]] = [.pretrain: pretraining, .align: alignment]
    let rows = stages.map { stage -> [Table.Cell] in
      let steps = trainings[stage.stage] ?? []
      let (tokens, seconds) = (steps.last?.tokens ?? 0, steps.reduce(0) { $0 + ($1.seconds ?? 0) })
      let rate = tokens > 0 ? Double(tokens) / max(seconds, 1e-9) : nil
      let use = rate.flatMap { rate in
        arithmetic[stage.stage].map { ($0.flopsPerToken * rate, $0.utilization(tokensPerSecond: rate)) }
      }
      let memory = needs.first { $0.stage == stage.stage }?.bytes
      return [
        .text(method.label(stage.stage)), .number(stage.seconds), tokens > 0 ? .number(Double(tokens)) : .missing,
        rate.map { .number($0) } ?? .missing, use.map { .number($0.0 / 1e9) } ?? .missing,
        use.map { .number(100 * $0.1) } ?? .missing, memory.map { .number(Double($0) / 1e9) } ?? .missing,
      ]
    }
    return Table(
      columns: [
        .init("stage"), .init("seconds", decimals: 1), .init("tokens", decimals: 0), .init("tokens/s", decimals: 0),
        .init("GFLOP/s", decimals: 0), .init("of products, %", decimals: 0), .init("memory, GB", decimals: 1),
      ], rows: rows)
  }

  /// Loss, and held-out texts where they were scored, over the tokens of a training.
  func curves(_ name: String, _ records: [StepRecord]) -> [Page.Block] {
    let steps = records.filter { $0.loss != nil }
    let seconds = steps.reduce(0) { $0 + ($1.seconds ?? 0) }
    let tokens = steps.last?.tokens ?? 0
    var blocks: [Page.Block] = [
      .figure(
        LineChart(
          title: name, xLabel: "tokens", yLabel: "loss (nats per token)",
          series: [
            .init(
              "training loss", x: steps.map { Double($0.tokens) }, y: steps.map { $0.loss! },
              smoothing: max(1, steps.count / 20))
          ]),
        caption:
          "\(steps.count) steps, \(tokens) tokens, \(Int(Double(tokens) / max(seconds, 1e-9))) tokens per second.")
    ]
    let evaluated = records.filter { $0.texts != nil }
    if let first = evaluated.first?.texts {
      blocks.append(
        .figure(
          LineChart(
            title: "\(name): held-out text", xLabel: "tokens", yLabel: "bits per byte",
            series: first.map(\.name).map { text in
              .init(
                text, x: evaluated.map { Double($0.tokens) },
                y: evaluated.map { $0.texts!.first { $0.name == text }?.bitsPerByte ?? .nan })
            }),
          caption: "The model that is being trained, as it stands."))
    }
    return blocks
  }

  /// How well the bridges fit.
  var bridgeTable: Table {
    func percent(_ value: Double?) -> Table.Cell { value.map { .number(100 * $0) } ?? .missing }
    return Table(
      columns: [
        .init("after layer"), .init("tokens"), .init("massive tokens left out"),
        .init("variance explained, %", decimals: 1), .init("held out, %", decimals: 1),
      ],
      rows: bridges.map {
        [
          .number(Double($0.after)), .number(Double($0.tokens)), .number(Double($0.massiveTokens)),
          percent($0.explainedVarianceOfChange), percent($0.heldOutExplainedVarianceOfChange),
        ]
      })
  }
}
