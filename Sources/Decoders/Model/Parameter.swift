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

  init(name: String, shape: [Int], value: Tensor) {
    self.name = name
    self.shape = shape
    self.value = value
  }

  /// Whether backward passes make this parameter's gradient.
  public var isTrained: Bool { gradient != nil }

  /// Whether weight decay applies: matrices yes, norms and biases no.
  public var isDecayed: Bool { shape.count > 1 }

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

/// The weights of one layer.
public struct DecoderLayer {
  /// RMS norm before attention.
  public let attentionNorm: Parameter
  /// `[H·d, D]`.
  public let query: Parameter
  /// `[K·d, D]`.
  public let key: Parameter
  /// `[K·d, D]`.
  public let value: Parameter
  /// `[D, H·d]`.
  public let output: Parameter
  /// RMS norm before the MLP.
  public let mlpNorm: Parameter
  /// `[I, D]`.
  public let gate: Parameter
  /// `[I, D]`.
  public let up: Parameter
  /// `[D, I]`.
  public let down: Parameter

  /// All of them.
  public var parameters: [Parameter] { attentionParameters + mlpParameters }

  /// Those of attention, its norm first.
  public var attentionParameters: [Parameter] { [attentionNorm, query, key, value, output] }

  /// Those of the MLP, its norm first.
  public var mlpParameters: [Parameter] { [mlpNorm, gate, up, down] }
}
