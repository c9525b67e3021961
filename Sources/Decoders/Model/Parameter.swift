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

  /// The matrices that it holds: itself, or of a tensor of three axes one for each index of the first.
  public var matrices: [Tensor] {
    guard shape.count == 3 else { return [value] }
    let stacked = value.reshaped(rows: shape[0] * shape[1], columns: shape[2])
    return (0..<shape[0]).map { stacked.rows($0 * shape[1]..<($0 + 1) * shape[1]) }
  }

  /// The low-rank change that is trained in this matrix's place, if there is one.
  public internal(set) var adapter: LowRankAdapter?

  /// What all elements are before training: those of norms and biases; nil for matrices, which start at random.
  public let constantStart: Float?
  /// Whether weight decay applies: matrices yes, norms and biases no.
  public var isDecayed: Bool { constantStart == nil }

  init(name: String, shape: [Int], value: Tensor, constantStart: Float?) {
    self.name = name
    self.shape = shape
    self.value = value
    self.constantStart = constantStart
  }

  /// Whether backward passes make this parameter's gradient.
  public var isTrained: Bool { gradient != nil }
  /// Whether backward passes have to reach it: for its own gradient or for its adapter's.
  var isReached: Bool { isTrained || adapter != nil }

  /// Makes this parameter trainable: an f32 copy of its values and a zeroed gradient.
  func startTraining(on device: any Device) {
    guard gradient == nil else { return }
    let master = device.makeTensor(rows: value.rows, columns: value.columns)
    device.copy(value, to: master)
    value = master
    gradient = device.makeTensor(rows: value.rows, columns: value.columns)
  }

  /// Lets backward passes make this parameter's gradient, without the f32 copy that training needs.
  public func trackGradient(on device: any Device) {
    guard gradient == nil else { return }
    gradient = device.makeTensor(rows: value.rows, columns: value.columns)
  }

  /// Gives the gradient's memory back; passes make no more of it.
  public func dropGradient() { gradient = nil }

  /// Replaces the values, row-major and as many as there are, by others in f32.
  public func replaceValue(with values: [Float], on device: any Device) {
    let replacement = device.makeTensor(rows: value.rows, columns: value.columns)
    device.upload(values, to: replacement)
    value = replacement
  }
}
