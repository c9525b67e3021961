import ArgumentParser
import Checkpoints
import Foundation
import JSONText
import ModelSurgery

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check that a checkpoint is sound.",
    discussion: """
      Headers, shards and index, layers and config, tied aliases, NaN and infinities, surgery.json. Prints a line per \
      problem and exits with 1 when there is one.
      """)

  @Argument(help: "A checkpoint directory in Hugging Face layout.")
  var checkpoint: String
  @Option(help: "text or json.")
  var format = OutputFormat.text

  func run() throws {
    Interruption.listen()
    let transfer = Transfer("verify")
    let verification = try CheckpointVerification(directory: directory(checkpoint), progress: transfer.show)
    transfer.finish()
    switch format {
    case .json:
      let json: JSONValue = [
        "sound": .bool(verification.problems.isEmpty), "problems": .strings(verification.problems),
        "notes": .strings(verification.notes),
      ]
      print(json.text)
    case .text:
      for note in verification.notes { Transfer.warn(note) }
      print(verification.problems.isEmpty ? "sound" : verification.problems.joined(separator: "\n"))
    }
    if !verification.problems.isEmpty { throw ExitCode(1) }
  }
}
