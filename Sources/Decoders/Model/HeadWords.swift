/// The words of the vocabulary that a step scores in place of all of them: an approximation of the loss and its gradient.
///
/// A softmax over all words needs a product with the whole head, most of a detached model's arithmetic. Over certain
/// words and a random sample of the others, each of which stands for as many as one over its chance to be drawn, the sum
/// under the softmax has the right expectation (importance sampling as in Bengio and Senécal, 2008, and Jean et al.,
/// arXiv 1412.2007).
public struct HeadWords: Sendable {
  /// Ids of the n words, ascending.
  public let ids: [Int32]
  /// Of each the logarithm of the words that it stands for, 0 for itself alone.
  public let logWeights: [Float]
  /// Of each token of the batch the place of its target in `ids`, -1 where nothing is predicted.
  public let targets: [Int32]

  /// Words and where the targets are among them.
  public init(ids: [Int32], logWeights: [Float], targets: [Int32]) {
    precondition(ids.count == logWeights.count, "\(ids.count) words with \(logWeights.count) weights")
    self.ids = ids
    self.logWeights = logWeights
    self.targets = targets
  }
}

/// Which words of the vocabulary a step scores, and in what arithmetic.
public enum HeadScoring: Sendable {
  /// All words in f32.
  case all
  /// Some words in f32, each for several: an estimate of loss and gradient. The head must be frozen.
  case sample(HeadWords)
  /// All words, most of them in small integers. The head must be frozen.
  case rounded(HeadRounding)
}

extension Decoder {
  /// What `Device.headLoss` takes for all words or for some: rows of the head, their weights, targets among them.
  func scoredHead(
    _ scoring: HeadScoring, _ batch: TokenBatch
  ) -> (rows: Tensor, logWeights: Tensor?, targets: Tensor) {
    guard case .sample(let words) = scoring else { return (head.value, nil, batch.targets) }
    precondition(words.targets.count == batch.count, "\(words.targets.count) targets for \(batch.count) tokens")
    precondition(head.gradient == nil, "a sample of the words of a head that is trained")
    let rows = device.makeTensor(rows: words.ids.count, columns: configuration.width)
    device.embed(device.makeIndices(words.ids), head.value, into: rows)
    let logWeights = device.makeTensor(rows: 1, columns: words.ids.count)
    device.upload(words.logWeights, to: logWeights)
    return (rows, logWeights, device.makeIndices(words.targets))
  }

  /// The probability of every word of the vocabulary, `[V]`, summed over the tokens of a batch.
  ///
  /// The logits of 256 tokens exist at once.
  public func summedProbabilities(_ batch: TokenBatch) -> [Float] {
    let context = makeContext(batch)
    let normed = finalNormed(forward(context, keepingFrom: nil, Observation()), context)
    let sums = device.makeTensor(rows: 1, columns: configuration.vocabularySize)
    for first in stride(from: 0, to: batch.count, by: 256) {
      let logits = logits(ofNormed: normed.rows(first..<min(first + 256, batch.count)))
      device.addProbabilities(logits, to: sums)
    }
    return device.download(sums)
  }
}
