import Checkpoints
import Foundation

/// The saves of a run, `saves/step-000000040` and so on, each of which appears whole or not at all.
struct SaveFolder {
  let url: URL

  /// The saves of the run that works in a directory.
  init(in work: URL) { url = work.appending(path: "saves") }

  /// The steps that saves were made after, ascending.
  var steps: [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path(percentEncoded: false))) ?? []
    return names.compactMap { $0.hasPrefix(Self.prefix) ? Int($0.dropFirst(Self.prefix.count)) : nil }.sorted()
  }

  /// Opens the save of a step.
  /// - Throws: `TrainingError.badSave`.
  func open(step: Int) throws(TrainingError) -> SavedRun { try SavedRun(directory: place(of: step)) }

  /// Writes a save, flushed to the disk before it gets its name.
  /// - Throws: `TrainingError.cannotSave`, naming the save that is there.
  func write(_ snapshot: TrainingSnapshot, metricsBytes: Int) throws(TrainingError) {
    let step = snapshot.progress.step
    do {
      let staged = try StagedDirectory(for: place(of: step), byteCount: snapshot.byteCount)
      try SavedRun.write(snapshot, metricsBytes: metricsBytes, into: staged.url)
      try staged.commit()
    } catch {
      throw .cannotSave(step: step, problem: "\(error)", lastSave: steps.last.map(place(of:)))
    }
  }

  /// Removes all but the newest saves and one more.
  func prune(keeping count: Int, and best: Int?) {
    for step in steps.dropLast(count) where step != best {
      // Under a hidden name first: a save that is there is whole even when its removal is cut short.
      let hidden = url.appending(path: ".removed-\(step)")
      guard rename(place(of: step).path(percentEncoded: false), hidden.path(percentEncoded: false)) == 0 else {
        continue
      }
      try? FileManager.default.removeItem(at: hidden)
    }
  }

  /// Removes what a writer left that died before its save was whole.
  func removeRemains() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path(percentEncoded: false))) ?? []
    for name in names where name.hasPrefix(".") { try? FileManager.default.removeItem(at: url.appending(path: name)) }
  }

  private static let prefix = "step-"

  private func place(of step: Int) -> URL {
    url.appending(path: Self.prefix + String(repeating: "0", count: max(0, 9 - String(step).count)) + String(step))
  }
}
