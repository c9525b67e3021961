import ELOTrain
import Foundation

extension TrainingRecipe {
  /// What the recipe's page is called.
  public static let pageName = "README.md"

  /// The recipe's page: what to run, how the result comes back, and what is not as in `pretrain`.
  /// - Parameters:
  ///   - model: what is trained.
  ///   - directory: where the recipe is.
  public func page(_ model: DetachedModel, directory: URL) -> String {
    let path = directory.absoluteURL.standardizedFileURL.path
    let layers = model.trained.map(String.init).joined(separator: ", ")
    let frozen = model.frozenModules.map { "`\($0)`" }.joined(separator: ", ")
    let copied = ["surgery.json"] + (BridgeFile.exists(in: model.directory) ? ["elo"] : [])
    let sources = copied.map { quoted(model.directory.appending(path: $0).path) }.joined(separator: " ")
    let copying = resultHasManifest ? [] : ["cp -r \(sources) \(result)/"]
    return """
      # Training a detached checkpoint with \(trainer.title)

      Written by `elo-surgeon recipe --for \(trainer.rawValue)`. Trained are the layers \(layers) of `\(model.layerList)` in
      `\(model.directory.path)`; \(frozen) stay as they are. \(bridgeSentence(model))

      ```
      \(installation)
      cd \(quoted(path))
      \(commands.joined(separator: "\n"))
      ```

      ## Bringing the result back
      BASE is the checkpoint that the layers were detached from; `attach` refuses another one. The trained weights are rounded to its types.

      ```
      \((copying + ["elo-surgeon attach \(result) --to BASE --cast --output adapted"]).joined(separator: "\n"))
      ```

      ## What is not as in `elo-surgeon pretrain`
      \(differences.map { "- \($0)" }.joined(separator: "\n"))

      """
  }

  private func bridgeSentence(_ model: DetachedModel) -> String {
    if model.bridgesAfter.isEmpty { return "The detached checkpoint has no bridges." }
    let places = model.bridgesAfter.map { $0 < 0 ? "the embedding" : "layer \($0)" }.joined(separator: ", ")
    return hasBridges
      ? "Bridges behind \(places) stand in for the missing layers (`\(bridgeHooks.name)`)."
      : "The bridges behind \(places) are left out."
  }

  private var hasBridges: Bool { files.contains(bridgeHooks) }

  /// A path as a shell takes it.
  private func quoted(_ path: String) -> String {
    let plain = path.allSatisfy { $0.isLetter || $0.isNumber || "/._-+".contains($0) }
    return plain ? path : "'" + path.replacing("'", with: #"'\''"#) + "'"
  }
}
