import ArgumentParser

/// The command line: parses, calls a library, prints.
@main
struct EloSurgeon: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "elo-surgeon",
    abstract: "Teach a language model a language by training only the layers that matter.",
    discussion: """
      Results go to standard output, progress and warnings to standard error. Exit status: 0 done, 1 failed, 64 wrong \
      usage, 130 interrupted. Output directories appear complete or not at all.
      """,
    version: "0.1.0",
    groupedSubcommands: [
      CommandGroup(name: "The whole way", subcommands: [AdaptCommand.self]),
      CommandGroup(
        name: "Surgery",
        subcommands: [
          InspectCommand.self, VerifyCommand.self, ConvertCommand.self, DetachCommand.self, AttachCommand.self,
          ReplaceCommand.self, RestackCommand.self, DiffCommand.self,
        ]),
      CommandGroup(
        name: "Training",
        subcommands: [
          BridgeCommand.self, PretrainCommand.self, AlignCommand.self, ExportMixCommand.self, RecipeCommand.self,
        ]),
      CommandGroup(
        name: "Measuring",
        subcommands: [ProbeCommand.self, EvaluateCommand.self, GenerateCommand.self, TokenizeCommand.self]),
    ])

  /// Runs the command, and says of a failure what it is and what to do, without a stack of types.
  static func main() {
    do {
      let arguments = Array(CommandLine.arguments.dropFirst())
      var command =
        try arguments.first == AdaptCommand.configuration.commandName
        ? AdaptCommand.parseConfigured(arguments) : parseAsRoot(arguments)
      try command.run()
    } catch {
      Failure.report(error)
    }
  }
}
