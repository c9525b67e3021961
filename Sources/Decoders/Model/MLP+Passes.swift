// Legend: N tokens, D width, I inner width.

extension MLP {
  /// From the input `[N, D]` to the inner activation `[N, I]`, which `down` takes on; fills `a.gate` and `a.up`.
  func forward(_ input: Tensor, _ a: LayerActivations, _ context: LayerContext) -> Tensor {
    let device = context.device
    gate?.forward(input, into: a.gate, device: device)
    up.forward(input, into: a.up, device: device)
    return activated(a, context)
  }

  /// Adds to the gradients of the weights from that of the output, and turns `a.gate` and `a.up` into their gradients.
  /// - Parameter input: made again when it is needed.
  func backward(_ dy: Tensor, input: () -> Tensor, _ a: LayerActivations, _ context: LayerContext) {
    let (device, dActivated) = (context.device, context.shared(.activatedGradient))
    down.backwardWeight(dy, activated(a, context), device: device)
    down.backwardInput(dy, into: dActivated, accumulate: false, device: device)
    if gate == nil {
      device.activateBackward(dActivated, gate: a.up, up: nil, activation)
    } else {
      device.activateBackward(dActivated, gate: a.gate, up: a.up, activation)
    }
    guard up.isReached || gate?.isReached == true else { return }
    let source = input()
    gate?.backwardWeight(a.gate, source, device: device)
    up.backwardWeight(a.up, source, device: device)
  }

  /// The gradient of the input, from what `backward` made of `a`: written to `dx`, or added.
  func backwardInput(_ a: LayerActivations, into dx: Tensor, accumulate: Bool, device: any Device) {
    gate?.backwardInput(a.gate, into: dx, accumulate: accumulate, device: device)
    up.backwardInput(a.up, into: dx, accumulate: accumulate || gate != nil, device: device)
  }

  private func activated(_ a: LayerActivations, _ context: LayerContext) -> Tensor {
    let activated = context.shared(.activated)
    if gate == nil {
      context.device.activate(a.up, up: nil, activation, into: activated)
    } else {
      context.device.activate(a.gate, up: a.up, activation, into: activated)
    }
    return activated
  }
}
