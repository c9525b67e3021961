/// A normalisation of rows, with its weights.
public struct Norm {
  /// Its weights: one tensor, or one for each head.
  public let weights: [Parameter]
  /// What is added behind it.
  public let bias: Parameter?
  let kind: NormKind
  let epsilon: Float

  /// All of them.
  public var parameters: [Parameter] { weights + (bias.map { [$0] } ?? []) }
  /// Whether backward passes make a gradient of any of them.
  var isTrained: Bool { parameters.contains(where: \.isTrained) }

  /// Columns of the rows that are normed: all heads of a token, or one.
  let rowWidth: Int

  private var offset: Float { kind == .rmsPlusOne ? 1 : 0 }

  /// `y = norm(x)`; `x` and `y` are `[N, D]`, or views of that whose rows are heads.
  func forward(_ x: Tensor, into y: Tensor, _ statistics: NormStatistics, device: any Device) {
    switch kind {
    case .rms, .rmsPlusOne:
      device.rmsNorm(
        x, weight(device), offset: offset, epsilon: epsilon, into: y, inverseRMS: statistics.inverse)
    case .layer, .layerWithBias:
      device.layerNorm(
        x, weight(device), bias: bias?.value, epsilon: epsilon, into: y, mean: statistics.mean,
        inverseDeviation: statistics.inverse)
    }
  }

  /// Makes `y` again from what `forward` left in `statistics`.
  func apply(_ x: Tensor, into y: Tensor, _ statistics: NormStatistics, device: any Device) {
    switch kind {
    case .rms, .rmsPlusOne:
      device.rmsNormApply(x, weight(device), offset: offset, inverseRMS: statistics.inverse, into: y)
    case .layer, .layerWithBias:
      device.layerNormApply(
        x, weight(device), bias: bias?.value, mean: statistics.mean, inverseDeviation: statistics.inverse, into: y)
    }
  }

  /// Adds to `dx` and to the gradients of trained weights.
  func backward(_ dy: Tensor, _ x: Tensor, _ statistics: NormStatistics, dx: Tensor?, device: any Device) {
    let gradient = weightGradient(device)
    switch kind {
    case .rms, .rmsPlusOne:
      device.rmsNormBackward(
        dy, x, weight(device), offset: offset, inverseRMS: statistics.inverse, dx: dx, dw: gradient)
    case .layer, .layerWithBias:
      device.layerNormBackward(
        dy, x, weight(device), mean: statistics.mean, inverseDeviation: statistics.inverse, dx: dx, dw: gradient,
        db: bias?.gradient)
    }
    guard weights.count > 1, let gradient else { return }
    for (head, weight) in weights.enumerated() {
      if let sum = weight.gradient { device.add(gradient.rows(head..<head + 1), to: sum) }
    }
  }

  /// The weight as one tensor: a head's weights are gathered, which costs nothing beside the rows they act on.
  private func weight(_ device: any Device) -> Tensor {
    guard weights.count > 1 else { return weights[0].value }
    let gathered = device.makeTensor(rows: weights.count, columns: weights[0].value.count)
    for (head, weight) in weights.enumerated() { device.copy(weight.value, to: gathered.rows(head..<head + 1)) }
    return gathered
  }

  private func weightGradient(_ device: any Device) -> Tensor? {
    guard weights.count > 1 else { return weights[0].gradient }
    guard weights.contains(where: \.isTrained) else { return nil }
    return device.makeTensor(rows: weights.count, columns: weights[0].value.count)
  }
}

/// What a norm's backward pass needs of its forward pass, for each row.
struct NormStatistics {
  private let workspace: Workspace
  private let place: Workspace.Slot
  private let rows: Int
  private let perToken: Int

  /// - Parameters:
  ///   - rows: rows that are normed.
  ///   - perToken: how many rows a token has.
  init(_ workspace: Workspace, _ place: Workspace.Slot, rows: Int, perToken: Int = 1) {
    self.workspace = workspace
    self.place = place
    self.rows = rows
    self.perToken = perToken
  }

  /// One over the root mean square, or over the deviation: one row.
  var inverse: Tensor { workspace.row(.statistic(place, isMean: false), rows, perToken: perToken) }
  /// The mean: one row.
  var mean: Tensor { workspace.row(.statistic(place, isMean: true), rows, perToken: perToken) }
}
