import ArgumentParser
import BenchmarkModels
import Figures
import Foundation

/// Measures how a detached step's speed and memory grow along each axis of its shape, and draws both beside a model of
/// them.
///
/// Every point is a fresh process of `step-benchmark`, which must be built beside this program; points are visited in
/// `--rounds` turns and the median is taken. Writes `growth.json`, and for every axis `AXIS-speed.svg` and
/// `AXIS-memory.svg`, into FOLDER.
@main
struct GrowthBenchmark: ParsableCommand {
  @Argument(help: "Where the figures and growth.json go.") var folder: String
  @Option(help: "Turns over all points.") var rounds = 2
  @Option(help: "Steps that are timed at each point.") var steps = 3
  @Option(help: "Draw again from a growth.json, without measuring.") var from: String?

  func run() throws {
    let points: [MeasuredPoint]
    if let from {
      points = try JSONDecoder().decode([MeasuredPoint].self, from: Data(contentsOf: URL(filePath: from)))
    } else {
      points = try measure()
    }
    let folder = URL(filePath: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(points).write(to: folder.appending(path: "growth.json"))
    let model = CostModel(fitting: points)
    print(model.summary)
    for axis in GrowthAxis.allCases {
      let chosen = points.filter { $0.axis == axis }
      for (name, figure) in [
        ("speed", GrowthFigures.speed(chosen, along: axis, model)),
        ("memory", GrowthFigures.memory(chosen, along: axis)),
      ] {
        try Data(figure.svgFile.utf8).write(to: folder.appending(path: "\(axis.rawValue)-\(name).svg"))
        print(figure.summary)
      }
    }
  }

  private func measure() throws -> [MeasuredPoint] {
    let shapes = GrowthAxis.allCases.flatMap { axis in axis.places.map { (axis, $0) } }
    var measured = shapes.map { _ in [StepLine]() }
    for round in 0..<rounds {
      for (place, (axis, value)) in shapes.enumerated() {
        let line = "round \(round + 1) of \(rounds): \(axis.rawValue) \(value)\n"
        FileHandle.standardError.write(Data(line.utf8))
        measured[place].append(try StepLine(running: axis.stepShape(at: value).arguments(steps: steps)))
      }
    }
    return zip(shapes, measured).map { shape, lines in
      MeasuredPoint(
        axis: shape.0, value: shape.1, shape: shape.0.stepShape(at: shape.1),
        tokensPerSecond: lines.map(\.tokens_per_second).sorted()[rounds / 2],
        peakBytes: lines.map(\.peak_bytes).max() ?? 0, flops: lines[0].flops)
    }
  }
}

/// The line that `step-benchmark` prints, by its keys.
struct StepLine: Decodable {
  let tokens_per_second: Double
  let peak_bytes: Double
  let flops: Double

  /// Runs the benchmark that was built beside this program.
  init(running arguments: [String]) throws {
    let process = Process()
    let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "step-benchmark")
    process.executableURL = program
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let line = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ValidationError("\(program.path) \(arguments.joined(separator: " ")) failed")
    }
    self = try JSONDecoder().decode(StepLine.self, from: line)
  }
}
