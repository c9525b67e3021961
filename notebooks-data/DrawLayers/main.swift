// Draws what leaving a layer out costs, by layer and language, from an archive of `elo-surgeon probe`.
//
//     swift run -c release draw-layers notebooks-data/smollm2-135m-de-en.h5 figure.html
import Figures
import Foundation
import LayerProbe

let arguments = CommandLine.arguments.dropFirst()
guard arguments.count == 2, let output = arguments.last else {
  print("usage: draw-layers ARCHIVE.h5 OUTPUT.html")
  exit(64)
}
let scores = try ProbeScores(archive: URL(filePath: arguments[1]))
guard let score = scores["ablation_nats_per_byte"] else {
  print("the archive has no ablations")
  exit(1)
}
let bootstrap = Bootstrap(seed: 1)
let series = try scores.texts.indices.map { text in
  let values = score.values(ofText: text)
  return ProfileChart.Series(
    "\(scores.texts[text].name), \(values.perDocument.count) documents", values: values.estimate,
    intervals: try bootstrap.intervals(of: values.perDocument))
}
let chart = ProfileChart(
  title: "Loss without the layer", xLabel: "layer", yLabel: score.description.unit, series: series)
let page = Page(
  title: "What layers are worth", verdict: chart.summary,
  sections: [.init("Layers", [.figure(chart, caption: "Bands: 95 % intervals over documents.")])])
try Data(page.html.utf8).write(to: URL(filePath: output))
