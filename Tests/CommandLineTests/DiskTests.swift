import Foundation
import TestSupport
import Testing

/// Disks that are full, run full, or must not be written: the error names the thing, and nothing is left or lost.
///
/// Each runs in a mount namespace of its own, on a memory file system; where the machine forbids those, as some containers
/// do, the tests are skipped.
@Suite(.enabled(if: PrivateDisk.isAllowed, "mount namespaces are not allowed here")) struct DiskTests {
  @Test func aFullDiskIsRefusedBeforeAnythingIsWritten() throws {
    try withOperands { model, trained in
      let disk = PrivateDisk(options: "size=64k")
      for command in [
        ["detach", model, "--layers", "first", "--output", "DISK/out"],
        ["attach", trained, "--to", model, "--output", "DISK/out"],
        ["restack", model, "--order", "0,1,1,2,3", "--output", "DISK/out"],
        ["replace", model, "--layers", "first", "--from", model, "--output", "DISK/out"],
      ] {
        let run = try disk.run(command)
        #expect(run.status == 1)
        #expect(run.errors.contains("free"), "\(run.errors)")
        #expect(run.left == [], "\(command[0]) left \(run.left)")
      }
    }
  }

  @Test func aDiskThatRunsFullLeavesNothing() throws {
    try withOperands { model, trained in
      // Room for the bytes, but not for the files: as if somebody else had filled the disk meanwhile.
      for inodes in 2...5 {
        let disk = PrivateDisk(options: "size=8m,nr_inodes=\(inodes)")
        for command in [
          ["detach", model, "--layers", "first", "--output", "DISK/out"],
          ["attach", trained, "--to", model, "--output", "DISK/out"],
        ] {
          let run = try disk.run(command)
          #expect(run.status == 1)
          #expect(run.errors.contains("no space left"), "\(run.errors)")
          #expect(run.left == [], "\(command[0]) with \(inodes) inodes left \(run.left)")
        }
      }
    }
  }

  @Test func aPatchWithoutRoomForItsJournalLeavesTheBase() throws {
    try withOperands { model, trained in
      let files = try FileManager.default.subpathsOfDirectory(atPath: model).map { "\(model)/\($0)" }
      let pages = try files.reduce(0) { try $0 + (Data(contentsOf: URL(filePath: $1)).count + 4095) / 4096 }
      let disk = PrivateDisk(options: "size=\(4 * pages + 16)k", holding: model)
      let run = try disk.run(["attach", trained, "--to", "DISK/model", "--in-place"])
      #expect(run.status == 1)
      #expect(run.errors.contains("free"), "\(run.errors)")
      #expect(run.left == ["model"])
      #expect(run.heldIsUnchanged)
    }
  }

  @Test func aReadOnlyDiskIsNamed() throws {
    try withOperands { model, trained in
      let disk = PrivateDisk(options: "size=8m", holding: model, isReadOnly: true)
      for command in [
        ["detach", model, "--layers", "first", "--output", "DISK/out"],
        ["attach", trained, "--to", "DISK/model", "--output", "DISK/out"],
        ["attach", trained, "--to", "DISK/model", "--in-place"],
      ] {
        let run = try disk.run(command)
        #expect(run.status == 1)
        #expect(run.errors.contains("Read-only file system"), "\(run.errors)")
        #expect(run.left == ["model"])
        #expect(run.heldIsUnchanged)
      }
    }
  }

  @Test func aDiskThatRunsFullDuringASaveKeepsTheSaveBefore() throws {
    try withOperands { model, _ in
      try withTemporaryDirectory { directory in
        let text = directory.appending(path: "de.jsonl")
        try writeTinyText(["der", "die", "Zeile", "Spalte"], to: text)
        // Room for the bytes of all saves, but not for their files.
        let disk = PrivateDisk(options: "size=64m,nr_inodes=12")
        let run = try disk.run([
          "align", model, "--text", "de=\(text.path)", "--steps", "50", "--sequence-length", "64", "--save-every", "2",
          "--keep", "9", "--output", "DISK/out",
        ])
        #expect(run.status == 1)
        #expect(run.errors.contains("step 6 could not be saved: no space left"), "\(run.errors)")
        #expect(run.errors.contains("step-000000004 is kept"), "\(run.errors)")
        #expect(run.left == ["out.partial"])
      }
    }
  }

  @Test func aTokenCacheWithoutRoomIsNamed() throws {
    try withOperands { model, _ in
      try withTemporaryDirectory { directory in
        let text = directory.appending(path: "de.jsonl")
        try writeTinyText(["der", "die", "Zeile", "Spalte"], to: text)
        let run = try PrivateDisk(options: "size=16k").run([
          "align", model, "--text", "de=\(text.path)", "--steps", "1", "--sequence-length", "64", "--token-cache",
          "DISK/cache", "--output", directory.appending(path: "out").path,
        ])
        #expect(run.status == 1)
        #expect(run.errors.contains("tokens.bin: No space left on device"), "\(run.errors)")
        #expect(run.errors.contains("--token-cache"), "\(run.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["de.jsonl"])
      }
    }
  }

  @Test func aRunThatCouldNotBeSavedIsRefusedBeforeItBegins() throws {
    try withOperands { model, _ in
      try withTemporaryDirectory { directory in
        let text = directory.appending(path: "de.jsonl")
        try writeTinyText(["der", "die", "Zeile", "Spalte"], to: text)
        let run = try PrivateDisk(options: "size=1m").run([
          "align", model, "--text", "de=\(text.path)", "--steps", "50", "--sequence-length", "64", "--save-every", "2",
          "--output", "DISK/out",
        ])
        #expect(run.status == 1)
        #expect(run.errors.contains("are needed"), "\(run.errors)")
        #expect(run.left == [])
      }
    }
  }

  private func withOperands(_ body: (_ model: String, _ trained: String) throws -> Void) throws {
    try withTemporaryDirectory { directory in
      let (model, detached) = (directory.appending(path: "model"), directory.appending(path: "detached"))
      try writeTinyCheckpoint(to: model, layers: 4, dtype: .f32)
      #expect(try Program.run("detach", model.path, "--layers", "first,last", "--output", detached.path).status == 0)
      let trained = directory.appending(path: "trained")
      try writeTrained(detached, to: trained)
      try body(model.path, trained.path)
    }
  }
}
