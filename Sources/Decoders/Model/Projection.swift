/// A product with a weight: all of a stored tensor, or some of its rows, and perhaps a bias.
///
/// Several projections may share a stored tensor; each reads its rows in place and adds to their gradient.
public struct Projection {
  /// The stored tensor.
  public let weight: Parameter
  /// The stored bias.
  public let bias: Parameter?
  /// Width of the input.
  let inputs: Int
  /// The rows, among those of all inputs' width that the tensor holds; nil when stored `[inputs, outputs]`.
  let rows: Range<Int>?

  /// Width of the output.
  var outputs: Int { rows?.count ?? weight.value.count / inputs }

  /// Weight and bias.
  public var parameters: [Parameter] { [weight] + (bias.map { [$0] } ?? []) }
  /// Whether backward passes need the input: for a gradient of these or of an adapter.
  var isReached: Bool { weight.isReached || bias?.isTrained == true }

  /// `y = op(w) x + b`, or `y += op(w) x + b`; op(w) has the weight's adapter added to it.
  func forward(_ x: Tensor, into y: Tensor, accumulate: Bool = false, device: any Device) {
    if rows == nil {
      device.linearBackwardInput(x, weight.value, into: y, accumulate: accumulate)
    } else {
      device.linear(x, part(weight.value), into: y, accumulate: accumulate)
    }
    weight.adapter?.forward(x, into: y, rows: rows, device: device)
    if let bias { device.addBias(part(ofBias: bias.value), to: y) }
  }

  /// `dx = dy op(w)`, or `dx += dy op(w)`.
  func backwardInput(_ dy: Tensor, into dx: Tensor, accumulate: Bool, device: any Device) {
    if rows == nil {
      device.linear(dy, weight.value, into: dx, accumulate: accumulate)
    } else {
      device.linearBackwardInput(dy, part(weight.value), into: dx, accumulate: accumulate)
    }
    weight.adapter?.backwardInput(dy, into: dx, rows: rows, device: device)
  }

  /// Adds to the gradients of a trained weight and bias and of an adapter; `x` is made only if it is needed.
  func backwardWeight(_ dy: Tensor, _ x: @autoclosure () -> Tensor, device: any Device) {
    if let gradient = weight.gradient {
      if rows == nil {
        device.linearBackwardWeight(x(), dy, into: gradient)
      } else {
        device.linearBackwardWeight(dy, x(), into: part(gradient))
      }
    }
    weight.adapter?.backwardWeight(dy, x(), rows: rows, device: device)
    if let gradient = bias?.gradient { device.biasBackward(dy, into: part(ofBias: gradient)) }
  }

  private func part(_ tensor: Tensor) -> Tensor {
    tensor.reshaped(rows: tensor.count / inputs, columns: inputs).rows(rows!)
  }

  private func part(ofBias tensor: Tensor) -> Tensor {
    guard let rows, rows.count < tensor.count else { return tensor }
    return tensor.reshaped(rows: tensor.count, columns: 1).rows(rows).reshaped(rows: 1, columns: rows.count)
  }
}
