import Dispatch
import Synchronization

/// The one place where the CPU device starts threads: runs numbered tasks on a fixed number of workers.
///
/// OpenBLAS is set to one thread, so a task may call it; the two never multiply. Which worker takes a task depends on
/// timing, so a task's result must not: each writes its own part of the output and uses its worker's scratch only as
/// memory.
struct Workers: Sendable {
  let count: Int

  /// Runs `body(task, worker)` for every task below `taskCount`, and returns when all are done.
  func run(_ taskCount: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    guard taskCount > 1, count > 1 else {
      for task in 0..<taskCount { body(task, 0) }
      return
    }
    let next = Atomic(0)
    withoutActuallyEscaping(body) { body in
      // Safe to share: tasks write disjoint memory, and concurrentPerform returns only when all have finished.
      nonisolated(unsafe) let body = body
      DispatchQueue.concurrentPerform(iterations: min(count, taskCount)) { worker in
        while true {
          let task = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard task < taskCount else { return }
          body(task, worker)
        }
      }
    }
  }

  /// Splits `0..<length` into about `pieces` ranges whose bounds are multiples of `grain`, and runs one task for each.
  func split(
    _ length: Int, pieces: Int, grain: Int = 16, _ body: (_ range: Range<Int>, _ worker: Int) -> Void
  ) {
    let grains = (length + grain - 1) / grain
    let step = max(1, (grains + pieces - 1) / pieces) * grain
    run((length + step - 1) / step) { task, worker in
      body(task * step..<min(length, (task + 1) * step), worker)
    }
  }

  /// Splits elementwise work on `length` elements, in pieces large enough to be worth a thread.
  func elements(_ length: Int, _ body: (_ range: Range<Int>) -> Void) {
    split(length, pieces: min(count * 4, max(1, length / 16_384)), grain: 64) { range, _ in body(range) }
  }
}
