/// A low-rank change of a frozen matrix that is trained in its place (LoRA, arXiv 2106.09685): `y += s B A x`.
///
/// Legend: N tokens, I and O input and output width, r the rank. Names are those of the Python package PEFT.
public final class LowRankAdapter {
  /// `A`, `[r, I]`.
  public let a: Parameter
  /// `B`, `[O, r]`.
  public let b: Parameter
  /// s: PEFT's `lora_alpha` over the rank.
  public let scale: Float
  private let scratch: AdapterScratch

  init(name: String, a: Tensor, b: Tensor, scale: Float, scratch: AdapterScratch) {
    self.a = Parameter(name: name + ".lora_A.weight", shape: [a.rows, a.columns], value: a, constantStart: nil)
    self.b = Parameter(name: name + ".lora_B.weight", shape: [b.rows, b.columns], value: b, constantStart: nil)
    self.scale = scale
    self.scratch = scratch
  }

  /// `y += s B A x`, of some rows of B.
  func forward(_ x: Tensor, into y: Tensor, rows: Range<Int>?, device: any Device) {
    device.linear(reduced(x, device), part(b.value, rows), into: y, accumulate: true)
  }

  /// `dx += s Aᵀ Bᵀ dy`, of some rows of B.
  func backwardInput(_ dy: Tensor, into dx: Tensor, rows: Range<Int>?, device: any Device) {
    device.linearBackwardInput(reducedGradient(dy, rows, device), a.value, into: dx, accumulate: true)
  }

  /// `dB += s dy (A x)ᵀ` and `dA += s (Bᵀ dy) xᵀ`, summed over tokens.
  func backwardWeight(_ dy: Tensor, _ x: Tensor, rows: Range<Int>?, device: any Device) {
    device.linearBackwardWeight(dy, reduced(x, device), into: part(b.gradient!, rows))
    device.linearBackwardWeight(reducedGradient(dy, rows, device), x, into: a.gradient!)
  }

  /// `s A x`, `[N, r]`.
  private func reduced(_ x: Tensor, _ device: any Device) -> Tensor {
    let reduced = scratch.tensor(rows: x.rows, columns: a.value.rows, device)
    device.linear(x, a.value, into: reduced, accumulate: false)
    device.scale(reduced, by: scale)
    return reduced
  }

  /// `s Bᵀ dy`, `[N, r]`.
  private func reducedGradient(_ dy: Tensor, _ rows: Range<Int>?, _ device: any Device) -> Tensor {
    let reduced = scratch.tensor(rows: dy.rows, columns: a.value.rows, device)
    device.linearBackwardInput(dy, part(b.value, rows), into: reduced, accumulate: false)
    device.scale(reduced, by: scale)
    return reduced
  }

  private func part(_ tensor: Tensor, _ rows: Range<Int>?) -> Tensor { rows.map(tensor.rows) ?? tensor }
}

/// Memory for what is `[N, r]` within one product, which all adapters of a decoder use in turn.
final class AdapterScratch {
  private var memory: Tensor?

  func tensor(rows: Int, columns: Int, _ device: any Device) -> Tensor {
    if let memory, memory.columns == columns, memory.rows >= rows { return memory.rows(0..<rows) }
    let tensor = device.makeTensor(rows: rows, columns: columns)
    memory = tensor
    return tensor
  }
}

/// A matrix and the low-rank change that is to be added to it.
struct LowRankSum: Sendable {
  private let weight: Tensor
  private let a: Tensor
  private let b: Tensor
  private let scale: Float
  private let isTransposed: Bool

  /// - Parameter isTransposed: whether the matrix is stored `[I, O]`.
  init(_ weight: Parameter, _ adapter: LowRankAdapter, isTransposed: Bool) {
    self.weight = weight.value
    (a, b, scale) = (adapter.a.value, adapter.b.value, adapter.scale)
    self.isTransposed = isTransposed
  }

  /// `W + s B A`, or `W + s (B A)ᵀ`, in f32.
  func sum(on device: any Device) -> Tensor {
    let sum = device.makeTensor(rows: weight.rows, columns: weight.columns)
    device.copy(weight, to: sum)
    let scaled = device.makeTensor(rows: b.rows, columns: b.columns)
    device.copy(b, to: scaled)
    device.scale(scaled, by: scale)
    if isTransposed {
      let (values, r, I) = (device.download(a), a.rows, a.columns)
      let transposed = device.makeTensor(rows: I, columns: r)
      device.upload((0..<I * r).map { values[$0 % r * I + $0 / r] }, to: transposed)
      device.linear(transposed, scaled, into: sum, accumulate: true)
    } else {
      device.linearBackwardInput(scaled, a, into: sum, accumulate: true)
    }
    return sum
  }
}

extension Decoder {
  /// The matrices of a layer that can be adapted, each once, in the order of computation.
  public func adaptableMatrices(layer index: Int) -> [Parameter] {
    layers[index].adaptableProjections.map(\.weight).uniqued()
  }

  /// Groups of a layer's adaptable matrices that PEFT and `transformers` hold in one tensor, so that all of a group are
  /// adapted or none.
  public func jointlyAdapted(layer index: Int) -> [[Parameter]] {
    guard case .experts(let experts) = layers[index].mlp, !experts.areFused else { return [] }
    return [
      experts.experts.flatMap { [$0.gate, $0.up].compactMap(\.self) }.map(\.weight), experts.experts.map(\.down.weight),
    ]
  }

  /// The adapters there are, in the order of the parameters.
  public var adapters: [LowRankAdapter] { parameters.compactMap(\.adapter) }

  /// Trains a low-rank change of a matrix instead of the matrix.
  /// - Parameters:
  ///   - parameter: one of `adaptableMatrices`, not trained itself.
  ///   - a: A, `rank` rows of the product's input width, row-major.
  ///   - b: B, a row of `rank` for each channel of the product's output; zeros when nil, so that nothing changes yet.
  ///   - scale: what B A is multiplied by.
  public func adapt(_ parameter: Parameter, rank: Int, a: [Float], b: [Float]? = nil, scale: Float) {
    precondition(!parameter.isTrained, "\(parameter.name) is trained itself")
    let (inputs, outputs) = adapterWidths(parameter)
    let (aTensor, bTensor) = (
      device.makeTensor(rows: rank, columns: inputs), device.makeTensor(rows: outputs, columns: rank)
    )
    device.upload(a, to: aTensor)
    if let b { device.upload(b, to: bTensor) }
    let adapter = LowRankAdapter(
      name: adapterName(parameter), a: aTensor, b: bTensor, scale: scale, scratch: adapterScratch)
    adapter.a.startTraining(on: device)
    adapter.b.startTraining(on: device)
    parameter.adapter = adapter
  }

  /// Whether the layers' matrices are stored `[inputs, outputs]`.
  public var storesMatricesTransposed: Bool { configuration.traits.isTransposed }

  /// Input and output width of the product with a matrix of a layer.
  public func adapterWidths(_ parameter: Parameter) -> (inputs: Int, outputs: Int) {
    storesMatricesTransposed
      ? (parameter.shape[0], parameter.shape[1]) : (parameter.shape[1], parameter.shape[0])
  }

  private func adapterName(_ parameter: Parameter) -> String { "base_model.model." + moduleName(parameter) }
}
