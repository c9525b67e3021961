import Corpora
import Foundation

/// What an adaptation did and what came of it: `report.json`.
public struct AdaptationReport: Codable, Sendable {
  /// A moment at which the whole model is scored.
  public enum Point: String, Codable, Sendable, CaseIterable {
    /// As it came.
    case base
    /// With its trained layers back, before alignment.
    case reattached = "re-attached"
    /// At the end.
    case aligned
  }

  /// The scores at one of the points.
  public struct Measurement: Codable, Sendable {
    /// When.
    public var point: Point
    /// One score for each held-out text.
    public var texts: [TextScore]
  }

  /// The time of one stage.
  public struct StageTime: Codable, Sendable {
    /// Which.
    public var stage: Adaptation.Stage
    /// Wall-clock seconds.
    public var seconds: Double
  }

  /// How a model went on with the beginning of a held-out document.
  public struct Sample: Codable, Sendable {
    /// The held-out text's name.
    public var text: String
    /// When.
    public var point: Point
    /// The document's beginning.
    public var prompt: String
    /// What the model added, the likeliest token each time.
    public var continuation: String
  }

  /// Memory of one stage, counted before the start.
  public struct Need: Codable, Sendable {
    /// Which.
    public var stage: Adaptation.Stage
    /// Bytes, the stored weights that it reads included.
    public var bytes: Int
  }

  /// Version of this layout.
  public var schemaVersion = 2
  /// The command that was given.
  public var command: [String]
  /// The checkpoint that was adapted.
  public var checkpoint: String
  /// How the budget was spent.
  public var method: Adaptation.Method
  /// The target text's name.
  public var target: String
  /// The source text's name.
  public var source: String
  /// The seed of the training runs.
  public var seed: UInt64
  /// The detached layers, 0-based; empty for the method `full`.
  public var layers: [Int] = []
  /// Layers that stayed in the detached model, frozen.
  public var frozenLayers: [Int] = []
  /// The bridges' fits; empty without bridges.
  public var bridges: [FittedBridge.Report] = []
  /// How much of the detached training was taken at attach.
  public var blend = 1.0
  /// The scores by which that was chosen; empty where it was given.
  public var blends: [BlendSearch.Point] = []
  /// Base, re-attached, aligned; the method `full` has no re-attached model.
  public var points: [Measurement] = []
  /// The detached training, step by step.
  public var pretraining: [StepRecord] = []
  /// The alignment, step by step.
  public var alignment: [StepRecord] = []
  /// What the detached training saw of each text.
  public var pretrainingTexts: [TextReport] = []
  /// What the alignment saw of each text.
  public var alignmentTexts: [TextReport] = []
  /// All stages in order.
  public var stages: [StageTime] = []
  /// What the steps of training stages compute.
  public var arithmetic: [Adaptation.Stage: Arithmetic] = [:]
  /// The memory that stages were counted to need.
  public var needs: [Need] = []
  /// Continuations of held-out documents by the base and by the result.
  public var samples: [Sample] = []

  enum CodingKeys: String, CodingKey {
    case schemaVersion = "schema_version"
    case frozenLayers = "frozen_layers"
    case pretrainingTexts = "pretraining_texts"
    case alignmentTexts = "alignment_texts"
    case command, checkpoint, method, target, source, seed, layers, bridges, blend, blends, points, pretraining,
      alignment, stages, arithmetic, needs, samples
  }

  init(_ adaptation: Adaptation, target: TextSource, source: TextSource) {
    command = adaptation.command
    checkpoint = adaptation.checkpoint.path
    method = adaptation.method
    seed = adaptation.pretraining.seed
    self.target = target.name
    self.source = source.name
  }

  /// The file's name in the result.
  static let fileName = "report.json"

  /// Reads a report.
  /// - Throws: `TrainingError.badSave` when the file is damaged.
  init(contentsOf file: URL) throws(TrainingError) {
    do {
      self = try JSONDecoder().decode(AdaptationReport.self, from: Data(contentsOf: file))
    } catch {
      throw .badSave(file, problem: "it is missing or not what this version writes")
    }
  }

  /// The report as JSON, numbers with all their digits.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  /// Bits per byte of a text at a point, nil where there was no such point or text.
  public func bitsPerByte(_ text: String, at point: Point) -> Double? {
    points.first { $0.point == point }?.texts.first { $0.name == text }?.bitsPerByte
  }

  /// The three points as rows of text: a column for each held-out text, in bits per byte.
  public var table: String {
    let names = points.first?.texts.map(\.name) ?? []
    func row(_ label: String, _ cells: [String]) -> String {
      label.padding(toLength: 14, withPad: " ", startingAt: 0)
        + cells.map { String(repeating: " ", count: max(1, 10 - $0.count)) + $0 }.joined()
    }
    let rows = points.map { measurement in
      row(method.label(measurement.point), measurement.texts.map { String(format: "%.3f", $0.bitsPerByte) })
    }
    return ([row("bits per byte", names)] + rows + changeRows(names, row)).joined(separator: "\n")
  }

  /// What the last point differs from the first by, and the half widths of the differences' 95 % intervals.
  private func changeRows(_ names: [String], _ row: (String, [String]) -> String) -> [String] {
    guard points.count > 1, let first = points.first?.texts, let last = points.last?.texts else { return [] }
    let changes = names.map { name in
      first.first { $0.name == name }.flatMap { before in
        last.first { $0.name == name }.flatMap { before.change(to: $0) }
      }
    }
    let reaches = changes.map { $0?.interval?.reach }
    var rows = [row("change", changes.map { $0.map { String(format: "%+.3f", $0.difference) } ?? "" })]
    if reaches.contains(where: { $0 != nil }) {
      rows.append(row("95 %", reaches.map { $0.map { String(format: "±%.3f", $0) } ?? "" }))
    }
    return rows
  }
}
