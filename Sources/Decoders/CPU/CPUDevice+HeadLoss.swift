import CKernels
import Foundation

// Legend: N tokens, D width, V vocabulary; l = x wᵀ logits, capped where there is a cap, whose derivative is a slope;
// p = softmax(l), m a row's running maximum.

extension CPUDevice {
  /// `Device.headLoss`, in one of two ways depending on whether the head is trained.
  public func headLoss(
    _ x: Tensor, _ w: Tensor, cap: Float?, logWeights: Tensor?, targets: Tensor, into losses: Tensor,
    gradientScale: Float, dx: Tensor?, dw: Tensor?
  ) {
    precondition(x.columns == w.columns && targets.count == x.rows && losses.count == x.rows, shapes("headLoss", x, w))
    precondition(logWeights == nil || logWeights!.count == w.rows && dw == nil, "headLoss: weights of words")
    if let dw {
      headLossWithTrainedHead(x, w, cap, targets, losses, gradientScale, dx, dw)
    } else {
      headLossWithFrozenHead(x, w, cap, logWeights, targets, losses, gradientScale, dx)
    }
  }

  /// `Device.addProbabilities`, the same bits for every number of threads.
  public func addProbabilities(_ logits: Tensor, to sums: Tensor) {
    let (N, V) = (logits.rows, logits.columns)
    precondition(sums.count == V, shapes("addProbabilities", logits, sums))
    let (p, total) = (logits.floats, sums.floats)
    workers.split(N, pieces: threads, grain: 1) { rows, _ in
      for row in rows {
        let line = p + row * V
        let normaliser = elo_exp_shifted(line, 1, elo_maximum(line, V), V)
        elo_scale(1 / normaliser, line, V)
      }
    }
    // Columns are shared out, so that every sum has the order of the rows.
    workers.split(V, pieces: threads, grain: 1) { columns, _ in
      for row in 0..<N { elo_add(p + row * V + columns.lowerBound, total + columns.lowerBound, columns.count) }
    }
  }

  /// Loss and input gradient in one pass over the vocabulary, panel by panel.
  ///
  /// The input gradient is `sum_v p_v w_v - w_target`, each w times its logit's slope. As in FlashAttention's online
  /// softmax, the sum is kept as `sum_v exp(l_v - m) w_v` with the running maximum m and rescaled when m grows; the
  /// normaliser is divided out at the end. So the logits are made once and used at once, and memory is a panel of logits
  /// for each worker. Making the logits first and the gradient afterwards would need either all of them in memory or a
  /// third product.
  private func headLossWithFrozenHead(
    _ x: Tensor, _ w: Tensor, _ cap: Float?, _ logWeights: Tensor?, _ targets: Tensor, _ losses: Tensor,
    _ gradientScale: Float, _ dx: Tensor?
  ) {
    let (N, D, V) = (x.rows, x.columns, w.rows)
    let panelRows = min(V, Self.headPanelRows)
    let tokensPerTask = min(Self.headTokens, max(16, (N + threads - 1) / threads))
    let (labels, loss) = (targets.integers, losses.floats)
    workers.split(N, pieces: (N + tokensPerTask - 1) / tokensPerTask) { tokens, worker in
      let B = tokens.count
      let logits = scratch(worker, count: B * panelRows + B * D + 4 * B + panelRows)
      let sums = logits + B * panelRows
      let maxima = sums + B * D
      let normalisers = maxima + B
      let targetLogits = normalisers + B
      let targetSlopes = targetLogits + B
      let slopes = cap == nil ? nil : targetSlopes + B
      maxima.update(repeating: -.infinity, count: B)
      normalisers.update(repeating: 0, count: 2 * B)
      sums.update(repeating: 0, count: B * D)
      for first in stride(from: 0, to: V, by: panelRows) {
        let rows = min(panelRows, V - first)
        product(
          m: B, n: rows, k: D, MatrixOperand(x, row: tokens.lowerBound), MatrixOperand(w, row: first, transposed: true),
          beta: 0, logits, stride: rows, worker: worker)
        for token in 0..<B {
          let line = logits + token * rows
          let label = Int(labels[tokens.lowerBound + token]) - first
          if let cap { elo_soft_cap(line, 1, cap, slopes, rows) }
          if label >= 0 && label < rows {
            targetLogits[token] = line[label]
            targetSlopes[token] = slopes?[label] ?? 1
          }
          if let logWeights { elo_add(logWeights.floats + first, line, rows) }
          let largest = elo_maximum(line, rows)
          if largest > maxima[token] {
            let shrink = expf(maxima[token] - largest)
            normalisers[token] *= shrink
            if dx != nil && first > 0 { elo_scale(shrink, sums + token * D, D) }
            maxima[token] = largest
          }
          normalisers[token] += elo_exp_shifted(line, 1, maxima[token], rows)
          if let slopes { elo_multiply(slopes, line, rows) }
        }
        if dx != nil {
          product(
            m: B, n: D, k: rows, MatrixOperand(logits, stride: rows), MatrixOperand(w, row: first), beta: 1, sums,
            stride: D, worker: worker)
        }
      }
      for token in 0..<B {
        let label = Int(labels[tokens.lowerBound + token])
        precondition(label < V, "target \(label) in a vocabulary of \(V)")
        loss[tokens.lowerBound + token] =
          label < 0 ? 0 : maxima[token] + logf(normalisers[token]) - targetLogits[token]
        guard let dx else { continue }
        let output = dx.floats + (tokens.lowerBound + token) * D
        output.update(repeating: 0, count: D)
        guard label >= 0 else { continue }
        elo_axpy(gradientScale / normalisers[token], sums + token * D, output, D)
        widen(w, from: label * D, count: D, to: sums + token * D)
        elo_axpy(-gradientScale * targetSlopes[token], sums + token * D, output, D)
      }
    }
  }

  /// Loss and both gradients: the weight gradient needs normalised probabilities, so the logits of a chunk of tokens
  /// are held while three products use them.
  private func headLossWithTrainedHead(
    _ x: Tensor, _ w: Tensor, _ cap: Float?, _ targets: Tensor, _ losses: Tensor, _ gradientScale: Float,
    _ dx: Tensor?, _ dw: Tensor
  ) {
    let (N, V) = (x.rows, w.rows)
    let chunk = min(N, Self.trainedHeadTokens)
    let logits = makeTensor(rows: chunk, columns: V)
    let slopes = cap.map { _ in makeTensor(rows: chunk, columns: V) }
    let (labels, loss, p) = (targets.integers, losses.floats, logits.floats)
    for first in stride(from: 0, to: N, by: chunk) {
      let tokens = min(chunk, N - first)
      let input = x.rows(first..<first + tokens)
      let chunkLogits = logits.rows(0..<tokens)
      linear(input, w, into: chunkLogits, accumulate: false)
      workers.split(tokens, pieces: threads * 4, grain: 1) { rows, _ in
        for row in rows {
          let line = p + row * V
          let label = Int(labels[first + row])
          precondition(label < V, "target \(label) in a vocabulary of \(V)")
          guard label >= 0 else {
            loss[first + row] = 0
            line.update(repeating: 0, count: V)
            continue
          }
          let slope = slopes.map { $0.floats + row * V }
          if let cap { elo_soft_cap(line, 1, cap, slope, V) }
          let targetLogit = line[label]
          let largest = elo_maximum(line, V)
          let sum = elo_exp_shifted(line, 1, largest, V)
          loss[first + row] = largest + logf(sum) - targetLogit
          elo_scale(gradientScale / sum, line, V)
          line[label] -= gradientScale
          if let slope { elo_multiply(slope, line, V) }
        }
      }
      linearBackwardWeight(chunkLogits, input, into: dw)
      if let dx { linearBackwardInput(chunkLogits, w, into: dx.rows(first..<first + tokens), accumulate: false) }
    }
  }

  /// Vocabulary rows in one panel of a frozen head.
  private static let headPanelRows = 2048
  /// Tokens that share one packing of a panel.
  static let headTokens = 1024
  /// Tokens whose logits are held at once when the head is trained.
  private static let trainedHeadTokens = 512
}
