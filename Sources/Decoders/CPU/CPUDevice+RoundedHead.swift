import CKernels
import Foundation

// Legend: N tokens, D width, V vocabulary, B tokens of a task; x the tokens' inputs, w the head's rows (words), l = x wᵀ
// logits; e = exp(l - m) with a token's running maximum m, Z the sum of its e so far.

extension CPUDevice {
  /// `Device.roundedHeadLoss`, in one pass over the vocabulary as in `headLoss` with a frozen head, with products of 16-bit
  /// integers: processors make two of them in the time of one f32 product, or nearly so.
  ///
  /// Of each panel of words:
  /// 1. Logits are products of rounded x and w.
  /// 2. Words with more than about `threshold` of the probability, and the target, are scored again in f32, and their part of
  ///    the gradient is added in f32.
  /// 3. The other e are rounded, and their part of the gradient is a product with rounded w.
  ///
  /// All rounding is up or down at random, so that it is right on average, and that of x is drawn anew for each panel. What is
  /// rounded away is little of a softmax: the errors of many words with little probability cancel, those of few words with
  /// much are not made.
  public func roundedHeadLoss(
    _ x: Tensor, _ w: Tensor, cap: Float?, targets: Tensor, into losses: Tensor, gradientScale: Float, dx: Tensor,
    rounding: HeadRounding
  ) -> HeadRoundingError {
    precondition(
      x.columns == w.columns && dx.columns == w.columns && dx.rows == x.rows, shapes("roundedHeadLoss", x, w, dx))
    precondition(targets.count == x.rows && losses.count == x.rows, shapes("roundedHeadLoss", x, targets, losses))
    let call = RoundedHeadCall(
      x: x, w: w, cap: cap, targets: targets, losses: losses, gradientScale: gradientScale, dx: dx, rounding: rounding,
      channels: ChannelScales(x))
    let tokensPerTask = min(Self.headTokens, max(16, (x.rows + threads - 1) / threads))
    let tasks = (x.rows + tokensPerTask - 1) / tokensPerTask
    let errors = UnsafeMutableBufferPointer<HeadRoundingError>.allocate(capacity: tasks)
    defer { errors.deallocate() }
    // Safe to share: each task writes its own element.
    nonisolated(unsafe) let shared = errors
    workers.run(tasks) { task, worker in
      let tokens = task * tokensPerTask..<min(x.rows, (task + 1) * tokensPerTask)
      shared.initializeElement(at: task, to: roundedHeadLoss(call, tokens, worker: worker))
    }
    return errors.reduce(HeadRoundingError(), +)
  }

  private func roundedHeadLoss(_ call: RoundedHeadCall, _ tokens: Range<Int>, worker: Int) -> HeadRoundingError {
    let (w, B, D, V) = (call.w, tokens.count, call.w.columns, call.w.rows)
    var memory = RoundedHeadMemory(tokens: B, width: D, words: min(V, Self.roundedPanelWords), call.channels) {
      scratch(worker, count: $0)
    }
    var states = tokens.map { memory.take(call.input($0), at: $0 - tokens.lowerBound, isMeasured: $0 % 16 == 0) }
    var error = HeadRoundingError()
    error.words = B * V
    for first in stride(from: 0, to: V, by: memory.words) {
      let words = first..<min(V, first + memory.words)
      memory.roundWords(words, call.rounding) { widen(w, from: $0 * D, count: D, to: $1) }
      for (row, token) in tokens.enumerated() {
        memory.roundInput(row, scale: states[row].scale, seed: call.rounding.seed(.inputs, token, panel: first))
      }
      pairProduct(
        m: B, n: words.count, k: memory.rowPairs, PairOperand(values: memory.inputs, stride: memory.rowPairs),
        PairOperand(values: memory.wordRows, stride: memory.rowPairs, transposed: true), memory.integers,
        stride: words.count, worker: worker)
      for (row, token) in tokens.enumerated() {
        error.exactWords += score(&states[row], row, words, call, token, memory)
        memory.roundProbabilities(
          row, words.count, factor: states[row].factor,
          seed: call.rounding.seed(.probabilities, token, panel: first))
      }
      pairProduct(
        m: B, n: D, k: (words.count + 1) / 2, PairOperand(values: memory.probabilities, stride: memory.words / 2),
        PairOperand(values: memory.wordPairs, stride: D), memory.integers, stride: D, worker: worker)
      for row in 0..<B { memory.addIntegers(row, scale: 1 / states[row].factor) }
    }
    for (row, token) in tokens.enumerated() { error = error + finish(states[row], memory.sums + row * D, call, token) }
    return error
  }

  /// Words of the vocabulary in a panel: 1.5 % faster than 1,024 and than 2,048.
  private static let roundedPanelWords = 1536

  /// Takes a token over a panel of words: what of its gradient is in f32 into the token's sums; leaves the e of the other
  /// words, times the slopes of their logits, in `memory.line`.
  /// - Returns: how many words were scored in f32.
  private func score(
    _ state: inout RoundedHeadToken, _ row: Int, _ words: Range<Int>, _ call: RoundedHeadCall, _ token: Int,
    _ memory: RoundedHeadMemory
  ) -> Int {
    let (D, count, line) = (memory.width, words.count, memory.line)
    let sums = memory.sums + row * D
    var largest = elo_scale_integers(memory.integers + row * count, state.scale, memory.steps, line, count)
    if let cap = call.cap {
      elo_soft_cap(line, 1, cap, memory.slopes, count)
      largest = elo_maximum(line, count)
    }
    if largest > state.maximum { state.raiseMaximum(to: largest) { elo_scale($0, sums, D) } }
    state.normaliser += elo_exp_shifted(line, 1, state.maximum, count)
    // Z at the end, guessed: words with high ids are rarer than those before them.
    let expected = state.normaliser * (Float(call.w.rows) / Float(words.upperBound)).squareRoot()
    // What is rounded is e times the word's step, so that products need no scales of words.
    let limit = call.rounding.threshold * expected * memory.meanStep
    let label = call.label(token)
    let exact = memory.largeWords(count, above: limit, and: label - words.lowerBound)
    for place in 0..<exact {
      let word = Int(memory.large[place])
      var logit = dot(call.w, words.lowerBound + word, call.input(token))
      var slope: Float = 1
      if let cap = call.cap { elo_soft_cap(&logit, 1, cap, &slope, 1) }
      let e = expf(logit - state.maximum)
      state.normaliser += e - line[word]
      line[word] = 0
      addRow(call.w, words.lowerBound + word, times: e * slope, to: sums)
      if words.lowerBound + word == label { (state.targetLogit, state.targetSlope) = (logit, slope) }
    }
    if call.cap != nil { elo_multiply(memory.slopes, line, count) }
    state.factor = memory.factor(limit: limit, sum: elo_dot_f32(line, memory.steps, count))
    if state.isMeasured { state.note(memory, count) }
    return exact
  }

  /// A token's loss and gradient from its sums over all words.
  /// - Returns: what rounding did to the gradient, if the token is one that is measured.
  private func finish(
    _ state: RoundedHeadToken, _ sums: UnsafeMutablePointer<Float>, _ call: RoundedHeadCall, _ token: Int
  ) -> HeadRoundingError {
    let (D, label) = (call.w.columns, call.label(token))
    let output = call.dx.floats + token * D
    call.losses.floats[token] = label < 0 ? 0 : state.maximum + logf(state.normaliser) - state.targetLogit
    output.update(repeating: 0, count: D)
    var error = HeadRoundingError()
    guard label >= 0 else { return error }
    elo_axpy(call.gradientScale / state.normaliser, sums, output, D)
    addRow(call.w, label, times: -call.gradientScale * state.targetSlope, to: output)
    guard state.isMeasured else { return error }
    let mean = elo_sum_of_squares(sums, D) / (Double(state.normaliser) * Double(state.normaliser))
    error.squaredBound = state.squaredError(mean: mean, width: D) * Double(call.gradientScale * call.gradientScale)
    error.squaredNorm = elo_sum_of_squares(output, D)
    return error
  }
}

/// What all tasks of one `roundedHeadLoss` share.
private struct RoundedHeadCall {
  let x: Tensor
  let w: Tensor
  let cap: Float?
  let targets: Tensor
  let losses: Tensor
  let gradientScale: Float
  let dx: Tensor
  let rounding: HeadRounding
  let channels: ChannelScales

  func input(_ token: Int) -> UnsafePointer<Float> { UnsafePointer(x.floats + token * x.columns) }

  func label(_ token: Int) -> Int {
    let label = Int(targets.integers[token])
    precondition(label < w.rows, "target \(label) in a vocabulary of \(w.rows)")
    return label
  }
}
