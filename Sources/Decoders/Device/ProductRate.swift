extension Device {
  /// Floating-point operations a second that products reach here, in f32 on all threads: what a training step's rate is
  /// compared with.
  ///
  /// The best of a few products of 1,024² numbers each, for what else the machine does takes from the others; some tens of
  /// milliseconds.
  public func measuredProductRate() -> Double {
    let side = 1024
    let (x, w, y) = (
      makeTensor(rows: side, columns: side), makeTensor(rows: side, columns: side),
      makeTensor(rows: side, columns: side)
    )
    let numbers = (0..<side * side).map { Float($0 % 61) / 61 - 0.5 }
    upload(numbers, to: x)
    upload(numbers, to: w)
    var best = Duration.seconds(60)
    let begin = ContinuousClock.now
    for _ in 0..<6 where ContinuousClock.now - begin < .milliseconds(200) {
      let start = ContinuousClock.now
      linear(x, w, into: y, accumulate: false)
      best = min(best, ContinuousClock.now - start)
    }
    let seconds = Double(best.components.seconds) + Double(best.components.attoseconds) * 1e-18
    return 2 * Double(side * side * side) / seconds
  }
}
