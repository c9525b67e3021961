import CKernels

extension CPUDevice {
  /// `Device.rotate`, split by tokens.
  public func rotate(_ x: Tensor, positions: Tensor, angles: RotaryTable, inverse: Bool) {
    let (d, width, rotated) = (angles.headWidth, x.columns, angles.rotatedWidth)
    let kernel = angles.pairing == .halves ? elo_rotate_half : elo_rotate_pairs
    precondition(positions.count == x.rows && width % d == 0, shapes("rotate", x, positions, angles.cosines))
    let (input, rows) = (x.floats, positions.integers)
    workers.split(x.rows, pieces: rowPieces(x.rows, width: width)) { tokens, _ in
      for token in tokens {
        let position = Int(rows[token])
        precondition(position < angles.cosines.rows, "position \(position) beyond \(angles.cosines.rows)")
        kernel(
          input + token * width, angles.cosines.floats + position * rotated / 2,
          angles.sines.floats + position * rotated / 2, inverse ? -1 : 1, width / d, d, rotated)
      }
    }
  }

  /// `Device.activate`, split by elements.
  public func activate(_ gate: Tensor, up: Tensor?, _ activation: Activation, into a: Tensor) {
    precondition(gate.count == (up ?? gate).count && a.count == gate.count, shapes("activate", gate, up ?? gate, a))
    let (g, output) = (gate.floats, a.floats)
    guard let up = up?.floats else {
      let kernel =
        switch activation {
        case .silu: elo_silu_plain
        case .gelu: elo_gelu_plain
        case .geluTanh: elo_gelu_tanh_plain
        case .relu: elo_relu_plain
        }
      return workers.elements(gate.count) { kernel(g + $0.lowerBound, output + $0.lowerBound, $0.count) }
    }
    let kernel =
      switch activation {
      case .silu: elo_silu_gate
      case .gelu: elo_gelu_gate
      case .geluTanh: elo_gelu_tanh_gate
      case .relu: elo_relu_gate
      }
    workers.elements(gate.count) { kernel(g + $0.lowerBound, up + $0.lowerBound, output + $0.lowerBound, $0.count) }
  }

  /// `Device.activateBackward`, split by elements.
  public func activateBackward(_ da: Tensor, gate: Tensor, up: Tensor?, _ activation: Activation) {
    precondition(
      gate.count == (up ?? gate).count && da.count == gate.count, shapes("activateBackward", da, gate, up ?? gate))
    let (d, g) = (da.floats, gate.floats)
    guard let up = up?.floats else {
      let kernel =
        switch activation {
        case .silu: elo_silu_plain_backward
        case .gelu: elo_gelu_plain_backward
        case .geluTanh: elo_gelu_tanh_plain_backward
        case .relu: elo_relu_plain_backward
        }
      return workers.elements(gate.count) { kernel(d + $0.lowerBound, g + $0.lowerBound, $0.count) }
    }
    let kernel =
      switch activation {
      case .silu: elo_silu_gate_backward
      case .gelu: elo_gelu_gate_backward
      case .geluTanh: elo_gelu_tanh_gate_backward
      case .relu: elo_relu_gate_backward
      }
    workers.elements(gate.count) { kernel(d + $0.lowerBound, g + $0.lowerBound, up + $0.lowerBound, $0.count) }
  }

  /// `Device.softCap`, split by elements.
  public func softCap(_ x: Tensor, _ cap: Float) {
    let elements = x.floats
    workers.elements(x.count) { elo_soft_cap(elements + $0.lowerBound, 1, cap, nil, $0.count) }
  }
}
