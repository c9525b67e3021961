import CKernels

// Legend: one task is one span and one key-value head with the G = H / K query heads it serves, so that the sums into
// dk and dv have one writer and one order. Within a task, blocks of B queries at a time: S is [B, T'] with T' the keys
// from the first that the block's first query sees to the last that its last query sees.

extension CPUDevice {
  /// Queries in one block.
  ///
  /// At 128 and a head width of 64 OpenBLAS is near its peak, and of the square around the diagonal only half is
  /// computed in vain.
  private static let queryBlock = 128

  /// `Device.attention`: a task for each span and key-value head, on all threads.
  public func attention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, spans: [AttentionSpan], heads: AttentionHeads, into o: Tensor,
    softmaxStatistics: Tensor
  ) {
    let shape = AttentionShape(q, k, heads)
    precondition(v.columns == k.columns && o.count == q.count, shapes("attention", q, k, v, o))
    let statistics = SoftmaxStatistics(softmaxStatistics, heads, queries: q.rows)
    let order = longestFirst(spans)
    workers.run(spans.count * heads.keyValueHeads) { task, worker in
      let span = spans[order[task / heads.keyValueHeads]]
      let kvHead = task % heads.keyValueHeads
      let scores = scratch(worker, count: Self.queryBlock * span.keys.count)
      for head in kvHead * shape.group..<(kvHead + 1) * shape.group {
        let (maxima, sums) = statistics.rows(head: head)
        let rule = ScoreRule(heads, head: head, keys: span.keys.count)
        forEachBlock(of: span, window: heads.window) { block in
          let firstKey = span.keys.lowerBound + block.firstKey
          let queries = shape.rows(q, block.firstQuery, head: head)
          product(
            m: block.queries, n: block.keys, k: shape.d, MatrixOperand(queries, stride: shape.queryStride),
            MatrixOperand(shape.rows(k, firstKey, head: kvHead), stride: shape.keyStride, transposed: true), beta: 0,
            scores, stride: block.keys, worker: worker)
          for row in 0..<block.queries {
            let visible = block.visibleKeys(row)
            let line = scores + row * block.keys + visible.lowerBound
            let scale = rule.apply(to: line, firstKey: block.firstKey + visible.lowerBound, visible.count, slopes: nil)
            let shift = elo_maximum(line, visible.count) * scale
            let sum = elo_exp_shifted(line, scale, shift, visible.count)
            elo_scale(1 / sum, line, visible.count)
            block.clear(scores, row)
            maxima[block.firstQuery + row] = shift
            sums[block.firstQuery + row] = sum
          }
          product(
            m: block.queries, n: shape.d, k: block.keys, MatrixOperand(scores, stride: block.keys),
            MatrixOperand(shape.rows(v, firstKey, head: kvHead), stride: shape.keyStride), beta: 0,
            shape.rows(o, block.firstQuery, head: head), stride: shape.queryStride, worker: worker)
        }
      }
    }
  }

  /// `Device.attentionBackward`, split like the forward pass.
  public func attentionBackward(
    _ dO: Tensor, _ q: Tensor, _ k: Tensor, _ v: Tensor, softmaxStatistics: Tensor, spans: [AttentionSpan],
    heads: AttentionHeads, dq: Tensor, dk: Tensor, dv: Tensor
  ) {
    let shape = AttentionShape(q, k, heads)
    let statistics = SoftmaxStatistics(softmaxStatistics, heads, queries: q.rows)
    precondition(
      dO.count == q.count && dq.count == q.count && dk.count == k.count && dv.count == v.count,
      shapes("attentionBackward", dO, q, k, v, dq, dk, dv))
    let order = longestFirst(spans)
    workers.run(spans.count * heads.keyValueHeads) { task, worker in
      let span = spans[order[task / heads.keyValueHeads]]
      precondition(span.queries == span.keys, "the backward pass needs queries and keys of the same tokens")
      let kvHead = task % heads.keyValueHeads
      let blockSize = Self.queryBlock * span.keys.count
      let probabilities = scratch(worker, count: 2 * blockSize + span.keys.count)
      let gradients = probabilities + blockSize
      let slopes = heads.cap == nil ? nil : gradients + blockSize
      for row in span.keys {
        shape.rows(dk, row, head: kvHead).update(repeating: 0, count: shape.d)
        shape.rows(dv, row, head: kvHead).update(repeating: 0, count: shape.d)
      }
      for head in kvHead * shape.group..<(kvHead + 1) * shape.group {
        let (maxima, sums) = statistics.rows(head: head)
        let rule = ScoreRule(heads, head: head, keys: span.keys.count)
        forEachBlock(of: span, window: heads.window) { block in
          let firstKey = span.keys.lowerBound + block.firstKey
          let keys = shape.rows(k, firstKey, head: kvHead)
          let queries = shape.rows(q, block.firstQuery, head: head)
          let dOutputs = shape.rows(dO, block.firstQuery, head: head)
          product(
            m: block.queries, n: block.keys, k: shape.d, MatrixOperand(queries, stride: shape.queryStride),
            MatrixOperand(keys, stride: shape.keyStride, transposed: true), beta: 0, probabilities, stride: block.keys,
            worker: worker)
          product(
            m: block.queries, n: block.keys, k: shape.d, MatrixOperand(dOutputs, stride: shape.queryStride),
            MatrixOperand(shape.rows(v, firstKey, head: kvHead), stride: shape.keyStride, transposed: true), beta: 0,
            gradients, stride: block.keys, worker: worker)
          for row in 0..<block.queries {
            let visible = block.visibleKeys(row)
            let start = row * block.keys + visible.lowerBound
            let (p, dp) = (probabilities + start, gradients + start)
            let scale = rule.apply(to: p, firstKey: block.firstKey + visible.lowerBound, visible.count, slopes: slopes)
            // The maximum and the sum apart, not their log-sum-exp: with scores of some tens its rounding alone would
            // put more error into p than all the rest.
            _ = elo_exp_shifted(p, scale, maxima[block.firstQuery + row], visible.count)
            elo_scale(1 / sums[block.firstQuery + row], p, visible.count)
            // sum(p dp) equals o . dO, but with its own rounding: taken from p, a row of dS sums to zero as it should.
            let delta = elo_dot_f32(p, dp, visible.count)
            elo_softmax_backward(p, dp, delta, heads.scale, dp, visible.count)
            if let slopes { elo_multiply(slopes, dp, visible.count) }
            block.clear(probabilities, row)
            block.clear(gradients, row)
          }
          product(
            m: block.queries, n: shape.d, k: block.keys, MatrixOperand(gradients, stride: block.keys),
            MatrixOperand(keys, stride: shape.keyStride), beta: 0, shape.rows(dq, block.firstQuery, head: head),
            stride: shape.queryStride, worker: worker)
          product(
            m: block.keys, n: shape.d, k: block.queries, MatrixOperand(gradients, stride: block.keys, transposed: true),
            MatrixOperand(queries, stride: shape.queryStride), beta: 1, shape.rows(dk, firstKey, head: kvHead),
            stride: shape.keyStride, worker: worker)
          product(
            m: block.keys, n: shape.d, k: block.queries,
            MatrixOperand(probabilities, stride: block.keys, transposed: true),
            MatrixOperand(dOutputs, stride: shape.queryStride), beta: 1, shape.rows(dv, firstKey, head: kvHead),
            stride: shape.keyStride, worker: worker)
        }
      }
    }
  }

  /// Long spans first, so that no worker starts the longest one last.
  private func longestFirst(_ spans: [AttentionSpan]) -> [Int] {
    spans.indices.sorted { (spans[$1].queries.count, $0) < (spans[$0].queries.count, $1) }
  }

  private func forEachBlock(of span: AttentionSpan, window: Int?, _ body: (QueryBlock) -> Void) {
    let unseen = span.keys.count - span.queries.count
    for start in stride(from: 0, to: span.queries.count, by: Self.queryBlock) {
      let queries = min(Self.queryBlock, span.queries.count - start)
      let firstKey = window.map { max(0, unseen + start + 1 - $0) } ?? 0
      body(
        QueryBlock(
          firstQuery: span.queries.lowerBound + start, queries: queries, firstKey: firstKey,
          keys: unseen + start + queries - firstKey, keysBefore: unseen + start - firstKey, window: window))
    }
  }
}

/// A block of queries and the keys that they see.
private struct QueryBlock {
  let firstQuery: Int
  let queries: Int
  /// The first key that a query of the block sees, counted in the span; the numbers below count from it.
  let firstKey: Int
  let keys: Int
  /// Keys before the first query's own.
  let keysBefore: Int
  let window: Int?

  func visibleKeys(_ row: Int) -> Range<Int> {
    let end = keysBefore + row + 1
    return max(0, end - (window ?? end))..<end
  }

  /// Zeroes what a row of `[queries, keys]` holds for keys that its query does not see.
  func clear(_ matrix: UnsafeMutablePointer<Float>, _ row: Int) {
    let (line, visible) = (matrix + row * keys, visibleKeys(row))
    line.update(repeating: 0, count: visible.lowerBound)
    (line + visible.upperBound).update(repeating: 0, count: keys - visible.upperBound)
  }
}

/// What becomes of one head's products of queries and keys before the softmax.
private struct ScoreRule {
  private let scale: Float
  private let cap: Float?
  private let keyBias: UnsafePointer<Float>?

  init(_ heads: AttentionHeads, head: Int, keys: Int) {
    scale = heads.scale
    cap = heads.cap
    keyBias = heads.keyBias.map { bias in
      precondition(
        bias.rows == heads.queryHeads && bias.columns >= keys,
        "key biases of \(bias.rows) x \(bias.columns) for \(heads.queryHeads) heads and \(keys) keys")
      return UnsafePointer(bias.floats + head * bias.columns)
    }
  }

  /// Caps or biases a row of products; `slopes` becomes the cap's derivative.
  /// - Returns: what the row is still to be multiplied by.
  func apply(
    to line: UnsafeMutablePointer<Float>, firstKey: Int, _ count: Int, slopes: UnsafeMutablePointer<Float>?
  ) -> Float {
    if let cap {
      elo_soft_cap(line, scale, cap, slopes, count)
      return 1
    }
    guard let keyBias else { return scale }
    elo_add_scaled_bias(line, scale, keyBias + firstKey, count)
    return 1
  }
}

/// The `[2H, N]` layout of maxima and sums.
private struct SoftmaxStatistics {
  private let tensor: Tensor
  private let heads: Int

  init(_ tensor: Tensor, _ heads: AttentionHeads, queries: Int) {
    precondition(
      tensor.rows == 2 * heads.queryHeads && tensor.columns >= queries,
      "statistics of \(tensor.rows) x \(tensor.columns) for \(heads.queryHeads) heads and \(queries) queries")
    self.tensor = tensor
    self.heads = heads.queryHeads
  }

  func rows(head: Int) -> (maxima: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>) {
    (tensor.floats + head * tensor.columns, tensor.floats + (heads + head) * tensor.columns)
  }
}

/// Strides of the `[N, heads·d]` layouts.
private struct AttentionShape {
  let d: Int
  let group: Int
  let queryStride: Int
  let keyStride: Int

  init(_ q: Tensor, _ k: Tensor, _ heads: AttentionHeads) {
    precondition(
      q.columns == heads.queryHeads * heads.width && k.columns == heads.keyValueHeads * heads.width
        && heads.queryHeads % heads.keyValueHeads == 0,
      "\(heads) do not fit widths \(q.columns) and \(k.columns)")
    d = heads.width
    group = heads.queryHeads / heads.keyValueHeads
    queryStride = q.columns
    keyStride = k.columns
  }

  /// The part of a row that belongs to a head.
  func rows(_ tensor: Tensor, _ row: Int, head: Int) -> UnsafeMutablePointer<Float> {
    tensor.floats + row * tensor.columns + head * d
  }
}
