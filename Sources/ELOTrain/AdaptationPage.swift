import Figures
import Foundation

extension AdaptationReport {
  /// The report as one self-contained page: `report.html`.
  public func page() -> String {
    let measured = points.map(\.point)
    let names = points.first?.texts.map(\.name) ?? []
    var sections = [
      Page.Section(
        "What it brought",
        [
          .figure(
            DotChart(
              title: "Held-out text before, between and after", yLabel: "bits per byte (lower is better)",
              categories: measured.map(\.rawValue),
              series: names.map { name in
                DotChart.Series(name, measured.map { bitsPerByte(name, at: $0) })
              }),
            caption: "Every token of the held-out documents scored once, by the whole model at each point.")
        ])
    ]
    let training = [("Detached training", pretraining), ("Alignment", alignment)].filter { !$0.1.isEmpty }
    if !training.isEmpty {
      sections.append(Page.Section("Training", training.flatMap(curves)))
    }
    if !bridges.isEmpty {
      sections.append(Page.Section("Bridge", [.table(bridgeTable, caption: "How well the affine maps fit.")]))
    }
    sections.append(
      Page.Section(
        "Time",
        [
          .figure(
            StackedBarChart.durations(
              title: "Wall-clock time of each stage", stages: stages.map(\.stage.rawValue),
              runs: [.init(method.rawValue, values: stages.map(\.seconds))]),
            caption: "Tokenising is not counted.")
        ]))
    sections.append(
      Page.Section(
        "How it was made",
        [
          .command(command.map(Self.quoted).joined(separator: " ")),
          .facts([
            ("checkpoint", checkpoint), ("method", method.rawValue),
            ("layers", layers.isEmpty ? "all" : layers.map(String.init).joined(separator: ", ")),
            ("frozen scaffold", frozenLayers.isEmpty ? "none" : frozenLayers.map(String.init).joined(separator: ", ")),
            ("seed", String(seed)), ("target text", target), ("source text", source),
          ]),
        ]))
    return Page(
      title: "Adapting \(URL(filePath: checkpoint).lastPathComponent) to \(target)",
      subtitle: method == .elo ? "ELO: detached layers, then alignment" : "Training of the whole model",
      verdict: verdict, sections: sections
    ).html
  }

  /// What came out, in words: each text at the first and the last point.
  var verdict: String {
    let changes = (points.first?.texts.map(\.name) ?? []).compactMap { name -> String? in
      guard let before = bitsPerByte(name, at: .base), let after = bitsPerByte(name, at: .aligned) else { return nil }
      let percent = abs(after / before - 1) * 100
      let direction = after < before ? "better" : "worse"
      return String(format: "%@ %.3f to %.3f bits per byte (%.1f %% %@)", name, before, after, percent, direction)
    }
    return changes.joined(separator: "; ") + "."
  }

  private func curves(_ name: String, _ records: [StepRecord]) -> [Page.Block] {
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

  private var bridgeTable: Table {
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

  /// A word as a shell takes it.
  private static func quoted(_ word: String) -> String {
    let plain = word.allSatisfy { $0.isLetter || $0.isNumber || "-_./=:,@+%".contains($0) }
    return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
