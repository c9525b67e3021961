/// One weight of a decoder: frozen as it lies on disk, or trained with an f32 master and a gradient.
public final class Parameter {
  /// The tensor's name in the checkpoint.
  public let name: String
  /// The tensor's shape in the checkpoint.
  public let shape: [Int]
  /// The values: in the checkpoint's element type while frozen, f32 once trained.
  public private(set) var value: Tensor
  /// The gradient, there while the parameter is trained.
  ///
  /// Backward passes add to it.
  public private(set) var gradient: Tensor?

  /// Whether weight decay applies: matrices yes, norms and biases no.
  public let isDecayed: Bool

  init(name: String, shape: [Int], value: Tensor, isDecayed: Bool) {
    self.name = name
    self.shape = shape
    self.value = value
    self.isDecayed = isDecayed
  }

  /// Whether backward passes make this parameter's gradient.
  public var isTrained: Bool { gradient != nil }

  /// Makes this parameter trainable: an f32 copy of its values and a zeroed gradient.
  func startTraining(on device: any Device) {
    guard gradient == nil else { return }
    let master = device.makeTensor(rows: value.rows, columns: value.columns)
    device.copy(value, to: master)
    value = master
    gradient = device.makeTensor(rows: value.rows, columns: value.columns)
  }
}
