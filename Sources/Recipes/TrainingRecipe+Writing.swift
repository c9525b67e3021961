import Checkpoints
import ELOTrain
import Foundation

extension TrainingRecipe {
  /// Writes the recipe as a directory that appears complete or not at all: its files, its page, and the mixture.
  /// - Parameters:
  ///   - destination: must not exist, or be an empty directory.
  ///   - mix: writes the mixture of texts to a file that does not exist.
  /// - Returns: what was written of the mixture.
  /// - Throws: `CheckpointError` when writing fails, and what `mix` throws.
  public func write(to destination: URL, model: DetachedModel, mix: (URL) throws -> MixExport) throws -> MixExport {
    let staged = try StagedDirectory(for: destination)
    for file in files + [File(name: Self.pageName, text: page(model, directory: destination))] {
      try writeFile(Array(file.text.utf8), to: staged.url.appending(path: file.name))
    }
    let mixURL = staged.url.appending(path: mixName)
    try FileManager.default.createDirectory(
      at: mixURL.deletingLastPathComponent(), withIntermediateDirectories: true)
    let export = try mix(mixURL)
    try staged.commit()
    return export
  }
}
