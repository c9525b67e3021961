import Foundation
import TestSupport
import Testing

/// A small memory file system that exists for one run of the program only.
struct PrivateDisk {
  /// Options of tmpfs, such as `size=64k`.
  let options: String
  /// A directory whose copy stands on the disk as `model`.
  var holding: String?
  /// Whether nothing can be written once the copy is there.
  var isReadOnly = false

  struct Outcome {
    let status: Int32
    let errors: String
    /// What is on the disk afterwards.
    let left: [String]
    /// Whether the copy is still what was copied.
    let heldIsUnchanged: Bool
  }

  static let isAllowed = (try? unshared("mount -t tmpfs tmpfs /mnt", [])) == 0

  /// Runs the program; `DISK` in arguments stands for the disk's directory.
  func run(_ arguments: [String]) throws -> Outcome {
    try withTemporaryDirectory { directory in
      let disk = directory.appending(path: "disk").path
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      let script = """
        directory=$1 disk=$2 options=$3 held=$4 read_only=$5; shift 5
        mount -t tmpfs -o "$options" tmpfs "$disk" || exit 99
        if [ -n "$held" ]; then cp -r "$held" "$disk/model" || exit 99; fi
        if [ "$read_only" = true ]; then mount -o remount,ro "$disk" || exit 99; fi
        "$@" >"$directory/output" 2>"$directory/errors"
        echo $? >"$directory/status"
        ls -A "$disk" >"$directory/left"
        if [ -z "$held" ] || diff -r "$held" "$disk/model" >"$directory/diff"; then touch "$directory/unchanged"; fi
        """
      let command = [Program.executable.path] + arguments.map { $0.replacing("DISK", with: disk) }
      let status = try Self.unshared(script, [directory.path, disk, options, holding ?? "", "\(isReadOnly)"] + command)
      #expect(status == 0)
      func text(_ name: String) throws -> String {
        try String(contentsOf: directory.appending(path: name), encoding: .utf8)
      }
      return Outcome(
        status: Int32(try text("status").trimmingCharacters(in: .newlines)) ?? -1, errors: try text("errors"),
        left: try text("left").split(separator: "\n").map(String.init),
        heldIsUnchanged: FileManager.default.fileExists(atPath: directory.appending(path: "unchanged").path))
    }
  }

  /// Runs a shell script in a mount namespace of its own; gives its status.
  private static func unshared(_ script: String, _ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh"] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
