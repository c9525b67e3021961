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
              categories: measured.map { method.label($0) },
              series: names.map { name in
                DotChart.Series(name, measured.map { bitsPerByte(name, at: $0) })
              }),
            caption: "Every token of the held-out documents scored once, by the whole model at each point."),
          .figure(
            changes,
            caption:
              "Left of the line is better. Of the target text that is the gain, of the source text what was not forgotten; "
              + "95 % intervals over the documents, taken in pairs."),
        ])
    ]
    if !samples.isEmpty { sections.append(Page.Section("In the model's words", sampleBlocks)) }
    let training = [("Detached training", pretraining), (method == .elo ? "Alignment" : "Training", alignment)].filter {
      !$0.1.isEmpty
    }
    if !training.isEmpty {
      sections.append(Page.Section("Training", training.flatMap(curves)))
    }
    if !bridges.isEmpty {
      sections.append(Page.Section("Bridge", [.table(bridgeTable, caption: "How well the affine maps fit.")]))
    }
    sections.append(
      Page.Section(
        "Cost",
        [
          .table(
            costTable,
            caption:
              "Operations are those of products; the share is of the rate that products alone reach on this machine. Memory "
              + "was counted before the start."),
          .figure(
            StackedBarChart.durations(
              title: "Wall-clock time of each stage", stages: stages.map { method.label($0.stage) },
              runs: [.init(method.rawValue, values: stages.map(\.seconds))]),
            caption: "Tokenising is not counted."),
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
      subtitle: [
        .elo: "ELO: detached layers, then alignment", .full: "Training of all weights",
        .lora: "Training of low-rank adapters, merged",
      ][method]!,
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

  /// A word as a shell takes it.
  private static func quoted(_ word: String) -> String {
    let plain = word.allSatisfy { $0.isLetter || $0.isNumber || "-_./=:,@+%".contains($0) }
    return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
