import Decoders
import Tokenizers

extension Evaluator {
  /// Scores a task: the log-likelihood of each answer behind its context and a space.
  ///
  /// Context and answer are tokenised together and cut where the context alone ends, white space at its end going to the
  /// answer, as lm-evaluation-harness does. The prefix token stands only where there is no context. What exceeds
  /// the evaluator's context is cut off at the front.
  /// - Parameter progress: called with questions done; returning false stops with `interrupted`.
  /// - Throws: `TrainingError.notFinite` naming the question, `.emptyChoice` for an answer that the tokenizer merges into its
  ///   context, `.interrupted`.
  public func score(
    _ task: ChoiceTask, tokenizer: Tokenizer, with decoder: Decoders.Decoder, progress: (Int) -> Bool = { _ in true }
  ) throws(TrainingError) -> ChoiceScore {
    var logLikelihoods = task.questions.map { [Double](repeating: 0, count: $0.choices.count) }
    var pending: [(window: Window, choice: Int)] = []
    func flush() throws(TrainingError) {
      guard !pending.isEmpty else { return }
      for (item, nll) in zip(pending, scores(of: pending.map(\.window), with: decoder)) {
        guard nll.isFinite else { throw .notFinite("the score of question \(item.window.document) of \(task.name)") }
        logLikelihoods[item.window.document][item.choice] = -nll
      }
      let last = pending.last?.window.document ?? 0
      pending.removeAll(keepingCapacity: true)
      guard progress(last + 1) else { throw .interrupted }
    }
    for (index, question) in task.questions.enumerated() {
      for (place, choice) in question.choices.enumerated() {
        let (context, continuation) = encode(question.context, " " + choice, tokenizer)
        guard !continuation.isEmpty else { throw .emptyChoice(task: task.name, question: index, choice: place) }
        let all = (context + continuation).suffix(self.context + 1).map { Int32(bitPattern: $0) }
        let targets = all.indices.dropFirst().map { $0 >= all.count - continuation.count ? all[$0] : -1 }
        pending.append((Window(document: index, ids: all.dropLast(), targets: targets), place))
        if pending.reduce(0, { $0 + $1.window.ids.count }) >= Self.tokensPerPass { try flush() }
      }
    }
    try flush()
    return ChoiceScore(task, logLikelihoods: logLikelihoods)
  }

  private func encode(
    _ context: String, _ continuation: String, _ tokenizer: Tokenizer
  ) -> (context: [UInt32], continuation: [UInt32]) {
    guard !context.isEmpty else { return ([prefix], tokenizer.encode(continuation)) }
    var (before, behind) = (context[...], continuation)
    while let last = before.last, last.isWhitespace {
      before.removeLast()
      behind = String(last) + behind
    }
    let whole = tokenizer.encode(before + behind)
    let start = tokenizer.encode(String(before))
    return (start, Array(whole.dropFirst(start.count)))
  }
}
