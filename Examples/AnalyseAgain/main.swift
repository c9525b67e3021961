// Makes the report of a probe anew from its archive, without any pass through the model: with another budget, another
// seed, other draws.
//
//     swift run -c release example-analyse-again PROBE-DIRECTORY LAYERS OUTPUT.html
import Foundation
import LayerProbe

let arguments = CommandLine.arguments.dropFirst()
guard arguments.count == 3, let layers = Int(arguments[2]) else {
  print("usage: example-analyse-again PROBE-DIRECTORY LAYERS OUTPUT.html")
  exit(64)
}
let directory = URL(filePath: arguments[1])
let scores = try ProbeScores(archive: directory.appending(path: "report.h5"))
let before = try ProbeReport(json: Data(contentsOf: directory.appending(path: "report.json")))

var report = try ProbeAnalysis(budget: .layers(layers), seed: before.seed).report(
  scores, model: before.checkpoint, maximumTokens: before.settings.maximumTokens, trials: before.trials,
  command: before.command)
try Data(report.page.html.utf8).write(to: URL(filePath: arguments[3]))
print(report.verdict)
