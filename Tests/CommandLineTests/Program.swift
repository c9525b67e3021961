import Foundation

/// The built program, run as a user runs it.
struct Program {
  /// What a run printed and how it ended.
  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  static let executable = URL(filePath: CommandLine.arguments[0])
    .deletingLastPathComponent().appending(path: "elo-surgeon")

  static func run(_ arguments: String...) throws -> Outcome { try run(arguments) }

  static func run(_ arguments: [String]) throws -> Outcome {
    let running = try start(arguments)
    return try running.wait()
  }

  /// A run that goes on, to be sent a signal.
  static func start(_ arguments: [String]) throws -> Running {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    // Files, not pipes: nobody has to drain them while the program runs.
    let files = ["out", "err"].map {
      FileManager.default.temporaryDirectory.appending(path: "program-\(UUID().uuidString).\($0)")
    }
    for file in files { FileManager.default.createFile(atPath: file.path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    return Running(process: process, files: files)
  }

  struct Running {
    let process: Process
    let files: [URL]

    /// Waits for the end; a run that does not end within `seconds` is killed, with status 9.
    func wait(atMost seconds: Double = 120) throws -> Outcome {
      let deadline = Date.now + seconds
      while process.isRunning, Date.now < deadline { usleep(5_000) }
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
      defer { for file in files { try? FileManager.default.removeItem(at: file) } }
      let texts = try files.map { try String(contentsOf: $0, encoding: .utf8) }
      return Outcome(status: process.terminationStatus, output: texts[0], errors: texts[1])
    }
  }
}
