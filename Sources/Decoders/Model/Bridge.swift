/// An affine map that stands in for layers that are not there: `h + h Wᵀ + b` on the residual stream.
///
/// Linear short-cuts between layers: arXiv 2303.09435; as a replacement of pruned blocks: arXiv 2505.02819. Here it is
/// frozen while the layers around it are trained, and dropped when they return to the whole model.
public struct Bridge: Sendable {
  /// `[D, D]`, f32.
  public let weight: Tensor
  /// One row of D, f32.
  public let bias: Tensor

  /// A bridge from row-major values: `weight` holds D·D of them, `bias` D.
  public init(weight: [Float], bias: [Float], device: any Device) {
    precondition(weight.count == bias.count * bias.count, "\(weight.count) weights for a width of \(bias.count)")
    self.weight = device.makeTensor(rows: bias.count, columns: bias.count)
    self.bias = device.makeTensor(rows: 1, columns: bias.count)
    device.upload(weight, to: self.weight)
    device.upload(bias, to: self.bias)
  }

  /// Applies the map in place; `scratch` is as large as `x`.
  func forward(_ x: Tensor, scratch: Tensor, device: any Device) {
    device.copy(x, to: scratch)
    device.linear(scratch, weight, into: x, accumulate: true)
    device.addBias(bias, to: x)
  }

  /// Turns the gradient of the output into that of the input, in place.
  func backward(_ dx: Tensor, scratch: Tensor, device: any Device) {
    device.copy(dx, to: scratch)
    device.linearBackwardInput(scratch, weight, into: dx, accumulate: true)
  }
}
