import Checkpoints
import Corpora
import Decoders
import Foundation
import ModelSurgery

/// What fixes every bit of a run: the model, the texts, and the settings by the flags that give them.
///
/// `training.json` in the work directory and in the result. A run is gone on with only when it is the same in all of it.
public struct RunIdentity: Codable, Sendable, Hashable {
  /// A setting and the flag that gives it.
  struct Setting: Codable, Sendable, Hashable {
    var flag: String
    var value: String
  }

  /// A text that is trained on or scored.
  struct Text: Codable, Sendable, Hashable {
    var name: String
    /// Of a text that is trained on `TokenStore.fingerprint`, of one that is scored `TokenizedText.fingerprint`, in
    /// hexadecimal.
    var fingerprint: String
    /// The share of tokens, nil for a text that is scored only.
    var share: Double?
  }

  /// Version of this layout.
  var schemaVersion = 1
  /// `Checkpoint.sampledHash()` of what the run starts from.
  var checkpoint: String
  /// Settings in the order of the command's flags.
  var settings: [Setting]
  /// Texts to train on.
  var texts: [Text]
  /// Texts to score.
  var heldOut: [Text]

  enum CodingKeys: String, CodingKey {
    case checkpoint, settings, texts
    case schemaVersion = "schema_version"
    case heldOut = "held_out"
  }

  /// The file's name.
  static let fileName = "training.json"

  init(checkpoint: String, settings: [(flag: String, value: String?)], texts: TrainingTexts, heldOut: TextSet?) {
    self.checkpoint = checkpoint
    self.settings = settings.map { Setting(flag: $0.flag, value: $0.value ?? "none") }
    let sum = texts.weights.reduce(0, +)
    self.texts = zip(texts.pools, texts.weights).map { Text($0.name, $0.fingerprint, share: $1 / sum) }
    self.heldOut = heldOut?.texts.map { Text($0.name, $0.fingerprint, share: nil) } ?? []
  }

  /// Reads the identity of the run in a directory, nil when there is none.
  /// - Throws: `TrainingError.badSave` when the file is damaged.
  init?(in directory: URL) throws(TrainingError) {
    let file = directory.appending(path: Self.fileName)
    guard FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) else { return nil }
    do {
      self = try JSONDecoder().decode(RunIdentity.self, from: Data(contentsOf: file))
    } catch {
      throw .badSave(file, problem: "it is not what this version writes")
    }
  }

  /// The file's bytes.
  func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try Array(encoder.encode(self))
  }

  /// Checks that another run is the same.
  /// - Throws: `TrainingError.otherRun`, naming the flags that differ.
  func requireSame(as saved: RunIdentity, in directory: URL) throws(TrainingError) {
    var differences: [String] = []
    if saved.checkpoint != checkpoint { differences.append("the checkpoint is another one") }
    let savedValues = Dictionary(saved.settings.map { ($0.flag, $0.value) }, uniquingKeysWith: { first, _ in first })
    for setting in settings where savedValues[setting.flag] != setting.value {
      differences.append("\(setting.flag) was \(savedValues[setting.flag] ?? "not there"), now \(setting.value)")
    }
    differences += Self.differences("--text", saved.texts, texts)
    differences += Self.differences("--held-out", saved.heldOut, heldOut)
    guard differences.isEmpty else { throw .otherRun(directory, differences: differences) }
  }

  private static func differences(_ flag: String, _ saved: [Text], _ now: [Text]) -> [String] {
    guard saved.map(\.name) == now.map(\.name) else {
      return [
        "\(flag) was \(saved.map(\.name).joined(separator: ", ")), now \(now.map(\.name).joined(separator: ", "))"
      ]
    }
    return zip(saved, now).compactMap { old, new in
      if old.share != new.share {
        return "\(flag) \(new.name) had a share of \(old.share ?? 0), now \(new.share ?? 0)"
      }
      return old.fingerprint == new.fingerprint ? nil : "\(flag) \(new.name) holds other text or other tokens"
    }
  }
}

extension RunIdentity.Text {
  fileprivate init(_ name: String, _ fingerprint: UInt64, share: Double?) {
    self.init(name: name, fingerprint: String(fingerprint, radix: 16), share: share)
  }
}

extension TrainingOptions {
  /// The settings that change the run, by their flags.
  var settings: [(flag: String, value: String?)] {
    var (tokens, steps, minutes): (Int?, Int?, Double?)
    switch budget {
    case .tokens(let count): tokens = count
    case .steps(let count): steps = count
    case .minutes(let count): minutes = count
    }
    return [
      ("--tokens", tokens.map(String.init)), ("--steps", steps.map(String.init)),
      ("--minutes", minutes.map { String($0) }), ("--learning-rate", String(schedule.peak)),
      ("--schedule", schedule.shape.rawValue), ("--warmup", String(schedule.warmupSteps)),
      ("--warmup-from", String(schedule.start)), ("--final-rate", String(schedule.floor)),
      ("--decay-share", schedule.shape == .wsd ? String(schedule.decayShare) : nil),
      ("--cycles", String(schedule.cycles)), ("--train", trained?.description),
      ("--lora-rank", lowRank.map { String($0.rank) }), ("--lora-alpha", lowRank.map { String($0.alpha) }),
      ("--lora-targets", lowRank.map { $0.targets.isEmpty ? "all" : $0.targets.joined(separator: ",") }),
      ("--head-words", sampledWords.map(String.init)),
      ("--rounded-head", headApproximation == .rounding ? "true" : nil),
      ("--anchor", anchors.isEmpty ? nil : anchors.map(\.description).joined(separator: " ")),
      ("--learning-rate-of", Self.list(learningRates)),
      ("--batch-size", String(batchSize)), ("--sequence-length", String(sequenceLength)),
      ("--accumulate", String(accumulate)), ("--weight-decay", String(optimizer.weightDecay)),
      ("--weight-decay-of", Self.list(optimizer.weightDecays)), ("--moments", optimizer.moments.rawValue),
      ("--clip", String(optimizer.clip)), ("--seed", String(seed)),
      ("--shuffle-buffer", String(shuffleBuffer)), ("--cross-documents", String(crossesDocuments)),
      ("--evaluate-every", evaluateEvery.map(String.init)), ("--patience", patience.map(String.init)),
      ("--spike-threshold", spikes.threshold.map { String($0) }), ("--skip-limit", String(spikes.limit)),
    ]
  }

  /// How many words of the vocabulary a step scores, nil for all.
  var sampledWords: Int? {
    if case .words(let count) = headApproximation { count } else { nil }
  }

  private static func list(_ settings: [WeightSetting]) -> String? {
    settings.isEmpty ? nil : settings.map(\.description).joined(separator: " ")
  }
}
