// The first half of a layer: projections, norms on queries and keys, rotation, attention. Legend: N tokens, H·d and K·d
// widths of queries and keys.

extension DecoderLayer {
  /// From the projections' input `[N, D]` to `a.attended`; fills the parts of `a` on the way.
  func attend(_ input: Tensor, _ a: LayerActivations, cache: KeyValueRows?, _ context: LayerContext) {
    let device = context.device
    let rows = cache ?? KeyValueRows(newKeys: a.key, newValues: a.value, keys: a.key, values: a.value)
    let plainQuery = queryNorm == nil ? a.query : a.plainQuery
    let plainKey = keyNorm == nil ? rows.newKeys : a.plainKey
    switch attentionInput {
    case .separate(let query, let key, let value):
      query.forward(input, into: plainQuery, device: device)
      key.forward(input, into: plainKey, device: device)
      value.forward(input, into: rows.newValues, device: device)
    case .fused(let projection, let columns):
      let fused = context.shared(.fused)
      projection.forward(input, into: fused, device: device)
      device.copyColumns(columns.query, from: fused, to: plainQuery)
      device.copyColumns(columns.key, from: fused, to: plainKey)
      device.copyColumns(columns.value, from: fused, to: rows.newValues)
    }
    norm(queryNorm, .query, a) { norm, rowsOf, statistics in
      norm.forward(rowsOf(plainQuery), into: rowsOf(a.query), statistics, device: device)
    }
    norm(keyNorm, .key, a) { norm, rowsOf, statistics in
      norm.forward(rowsOf(plainKey), into: rowsOf(rows.newKeys), statistics, device: device)
    }
    context.rotate(a.query, layer: index, inverse: false)
    context.rotate(rows.newKeys, layer: index, inverse: false)
    device.attention(
      a.query, rows.keys, rows.values, spans: context.batch.spans, heads: context.heads(layer: index),
      into: a.attended, softmaxStatistics: a.softmaxStatistics)
  }

  /// Adds to the gradients of attention's weights from that of what attention gives.
  /// - Parameters:
  ///   - dy: `[N, D]`.
  ///   - input: the projections' input, made again when it is needed.
  /// - Returns: what writes the gradient of that input to a tensor, or adds it.
  func attendBackward(
    _ dy: Tensor, input: () -> Tensor, _ a: LayerActivations, _ context: LayerContext
  ) -> (_ dx: Tensor, _ accumulate: Bool) -> Void {
    let device = context.device
    let dAttended = context.shared(.attendedGradient)
    var (dQuery, dKey) = (context.shared(.queryGradient), context.shared(.keyGradient))
    let dValue = context.shared(.valueGradient)
    output.backwardWeight(dy, a.attended, device: device)
    output.backwardInput(dy, into: dAttended, accumulate: false, device: device)
    device.attentionBackward(
      dAttended, a.query, a.key, a.value, softmaxStatistics: a.softmaxStatistics, spans: context.batch.spans,
      heads: context.heads(layer: index), dq: dQuery, dk: dKey, dv: dValue)
    context.rotate(dQuery, layer: index, inverse: true)
    context.rotate(dKey, layer: index, inverse: true)
    norm(queryNorm, .query, a) { norm, rowsOf, statistics in
      let dPlain = context.shared(.plainQueryGradient)
      device.zero(dPlain)
      norm.backward(rowsOf(dQuery), rowsOf(a.plainQuery), statistics, dx: rowsOf(dPlain), device: device)
      dQuery = dPlain
    }
    norm(keyNorm, .key, a) { norm, rowsOf, statistics in
      let dPlain = context.shared(.plainKeyGradient)
      device.zero(dPlain)
      norm.backward(rowsOf(dKey), rowsOf(a.plainKey), statistics, dx: rowsOf(dPlain), device: device)
      dKey = dPlain
    }
    let source = attentionInput.isReached ? input() : nil
    switch attentionInput {
    case .separate(let query, let key, let value):
      query.backwardWeight(dQuery, source!, device: device)
      key.backwardWeight(dKey, source!, device: device)
      value.backwardWeight(dValue, source!, device: device)
      return { [dQuery, dKey] dx, accumulate in
        query.backwardInput(dQuery, into: dx, accumulate: accumulate, device: device)
        key.backwardInput(dKey, into: dx, accumulate: true, device: device)
        value.backwardInput(dValue, into: dx, accumulate: true, device: device)
      }
    case .fused(let projection, let columns):
      let dFused = context.shared(.fused)
      device.copyColumns(columns.query.map(\.reversed), from: dQuery, to: dFused)
      device.copyColumns(columns.key.map(\.reversed), from: dKey, to: dFused)
      device.copyColumns(columns.value.map(\.reversed), from: dValue, to: dFused)
      projection.backwardWeight(dFused, source!, device: device)
      return { dx, accumulate in
        projection.backwardInput(dFused, into: dx, accumulate: accumulate, device: device)
      }
    }
  }

  /// Lends a norm on queries or keys, how it sees their rows, and its statistics.
  private func norm(
    _ norm: Norm?, _ place: Workspace.LayerNorm, _ a: LayerActivations,
    _ body: (_ norm: Norm, _ rowsOf: (Tensor) -> Tensor, _ statistics: NormStatistics) -> Void
  ) {
    guard let norm else { return }
    let width = norm.rowWidth
    let columns = place == .query ? a.query.columns : a.key.columns
    body(
      norm, { $0.reshaped(rows: $0.count / width, columns: width) }, a.statistics(place, perToken: columns / width))
  }
}
