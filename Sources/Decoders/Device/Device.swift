import Checkpoints

/// Where a model's arithmetic happens: memory, and the operations that a decoder's forward and backward are made of.
///
/// The model code above names only these operations, so a second device is a second conformance. Unless a method says
/// otherwise operands are dense f32; weights (`w`, `table`) may also be f16 or bf16 and are then widened exactly while
/// they are used. Legend for shapes: N tokens of a batch, D width of the residual stream, I and O input and output width
/// of a product, V vocabulary, H query heads, K key-value heads, d width of a head.
///
/// Every operation is complete when it returns, as seen by `download`, and gives the same bits whenever it is given the
/// same operands and the same number of threads.
public protocol Device: AnyObject, Sendable {
  // MARK: Memory

  /// Zeroed memory for a matrix.
  func makeTensor(rows: Int, columns: Int, elementType: ElementType) -> Tensor
  /// Integers, copied to the device, as one row.
  func makeIndices(_ values: [Int32]) -> Tensor
  /// A checkpoint's tensor as it is stored, without a copy where the device can read it in place.
  ///
  /// Matrices keep their shape; a vector becomes one row. The element type must be F32, F16 or BF16.
  func wrap(_ stored: StoredTensor) -> Tensor
  /// Copies values into an f32 tensor, or rounded to nearest even into a bf16 tensor.
  func upload(_ values: [Float], to tensor: Tensor)
  /// Copies a tensor's values out, widened to f32.
  func download(_ tensor: Tensor) -> [Float]
  /// Overwrites `destination` with `source`, widened to f32; as many elements.
  func copy(_ source: Tensor, to destination: Tensor)
  /// Sets every element to 0.
  func zero(_ tensor: Tensor)

  // MARK: Products

  /// `y = x wᵀ`, or `y += x wᵀ`. `x` is `[N, I]`, `w` is `[O, I]`, `y` is `[N, O]`. 2·N·I·O flops.
  func linear(_ x: Tensor, _ w: Tensor, into y: Tensor, accumulate: Bool)
  /// `dx = dy w`, or `dx += dy w`: the gradient of `linear` for its input. `dy` is `[N, O]`. 2·N·I·O flops.
  func linearBackwardInput(_ dy: Tensor, _ w: Tensor, into dx: Tensor, accumulate: Bool)
  /// `dw += dyᵀ x`: the gradient of `linear` for its weight. 2·N·I·O flops.
  func linearBackwardWeight(_ dy: Tensor, _ x: Tensor, into dw: Tensor)
  /// `y += bias` for every row.
  func addBias(_ bias: Tensor, to y: Tensor)
  /// `db += dy`, summed over rows: the gradient of `addBias` for the bias.
  func biasBackward(_ dy: Tensor, into db: Tensor)
  /// `y += x`, element by element.
  func add(_ x: Tensor, to y: Tensor)
  /// `y *= factor`.
  func scale(_ y: Tensor, by factor: Float)
  /// Copies column ranges of each row of `source` to other columns of the same row of `destination`.
  func copyColumns(_ ranges: [ColumnRange], from source: Tensor, to destination: Tensor)

  // MARK: Embedding

  /// `x[n] = table[ids[n]]`. `table` is `[V, D]`, `ids` one row of N, `x` is `[N, D]`.
  func embed(_ ids: Tensor, _ table: Tensor, into x: Tensor)
  /// `dTable[ids[n]] += dx[n]`, in the order of n.
  func embedBackward(_ ids: Tensor, _ dx: Tensor, into dTable: Tensor)

  // MARK: Experts

  /// Chooses for each token the `count` experts of highest probability under a softmax of `scores` (the first of equal
  /// ones), and sorts what they are to do by expert, within an expert by token.
  ///
  /// `scores` is `[N, E]`. Legend: k = `count`; a *visit* is one token at one of its experts, there are N·k.
  /// - Parameter normalizes: whether a token's weights are divided by their sum, or are the probabilities themselves.
  func route(_ scores: Tensor, count: Int, normalizes: Bool) -> ExpertRouting
  /// Overwrites `dScores`, `[N, E]`, with the gradient of `route`'s weights for the scores, from theirs: `dWeights`, one
  /// row of N·k in the order of visits. Which experts are chosen has none.
  func routeBackward(_ dWeights: Tensor, _ routing: ExpertRouting, _ scores: Tensor, normalizes: Bool, dScores: Tensor)
  /// `x[n] *= factors[n]`, row by row; `factors` is one row.
  func scaleRows(_ x: Tensor, by factors: Tensor)
  /// `p[n] = Σ_i x[n, i] y[n, i]`; `p` is one row.
  func rowProducts(_ x: Tensor, _ y: Tensor, into p: Tensor)

  // MARK: Normalisation, rotation, activation

  /// RMSNorm (Zhang and Sennrich, 2019): `r = 1/sqrt(mean(x²) + epsilon)`, `y = (offset + w) x r`. `r` is one row of N.
  func rmsNorm(_ x: Tensor, _ w: Tensor, offset: Float, epsilon: Float, into y: Tensor, inverseRMS r: Tensor)
  /// `y = (offset + w) x r` with `r` known, to make the normed rows again in the backward pass.
  func rmsNormApply(_ x: Tensor, _ w: Tensor, offset: Float, inverseRMS r: Tensor, into y: Tensor)
  /// Accumulates into `dx` and `dw` the gradients of `rmsNorm` from `dy`; either may be nil.
  func rmsNormBackward(
    _ dy: Tensor, _ x: Tensor, _ w: Tensor, offset: Float, inverseRMS r: Tensor, dx: Tensor?, dw: Tensor?)
  /// LayerNorm (Ba et al., 2016): `m = mean(x)`, `r = 1/sqrt(mean((x - m)²) + epsilon)`, `y = w (x - m) r + bias`.
  ///
  /// `w` and `bias` are `[G, D]`, G dividing N: row n takes row `n mod G` of them. `m` and `r` are one row of N each.
  func layerNorm(
    _ x: Tensor, _ w: Tensor, bias: Tensor?, epsilon: Float, into y: Tensor, mean: Tensor, inverseDeviation r: Tensor)
  /// `y = w (x - m) r + bias` with `m` and `r` known.
  func layerNormApply(_ x: Tensor, _ w: Tensor, bias: Tensor?, mean: Tensor, inverseDeviation r: Tensor, into y: Tensor)
  /// Accumulates into `dx`, `dw` and `db` the gradients of `layerNorm` from `dy`; each may be nil.
  func layerNormBackward(
    _ dy: Tensor, _ x: Tensor, _ w: Tensor, mean: Tensor, inverseDeviation r: Tensor, dx: Tensor?, dw: Tensor?,
    db: Tensor?)
  /// Rotates pairs of each head's channels by its position's angles, in place; `inverse` is the transpose, which is the
  /// backward pass (RoFormer, arXiv 2104.09864).
  ///
  /// `x` is `[N, heads·d]`, `positions` one row of N: rows of `angles`, which also says which channels make a pair.
  func rotate(_ x: Tensor, positions: Tensor, angles: RotaryTable, inverse: Bool)
  /// `a = act(gate) up` (arXiv 2002.05202), or `a = act(gate)` without `up`.
  func activate(_ gate: Tensor, up: Tensor?, _ activation: Activation, into a: Tensor)
  /// Given `da`, overwrites `gate` and `up` with their gradients.
  func activateBackward(_ da: Tensor, gate: Tensor, up: Tensor?, _ activation: Activation)
  /// `x = cap tanh(x / cap)`, in place.
  func softCap(_ x: Tensor, _ cap: Float)

  // MARK: Attention

  /// Causal grouped-query attention: `o = softmax(scale q kᵀ) v` within each span and, if there is one, each query's
  /// window; `heads` says how scores are changed before the softmax.
  ///
  /// `q` and `o` are `[N, H·d]`, `k` and `v` `[M, K·d]`. `softmaxStatistics` is `[2H, N]`: of each head and query the
  /// largest score, then of each head and query the sum of exponentials under it. A span's queries are the last of its
  /// keys. Blocks of queries are taken one at a time: no T x T matrix is held, and of the keys outside all windows of a
  /// block nothing is computed.
  func attention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, spans: [AttentionSpan], heads: AttentionHeads, into o: Tensor,
    softmaxStatistics: Tensor)
  /// Overwrites `dq`, `dk`, `dv` with the gradients of `attention` from `dO`; probabilities are made again from
  /// `softmaxStatistics`, block by block (after FlashAttention-2, arXiv 2307.08691). Queries and keys of a span must be
  /// the same rows.
  func attentionBackward(
    _ dO: Tensor, _ q: Tensor, _ k: Tensor, _ v: Tensor, softmaxStatistics: Tensor, spans: [AttentionSpan],
    heads: AttentionHeads, dq: Tensor, dk: Tensor, dv: Tensor)

  // MARK: Head and loss

  /// Head and cross-entropy in one: the negative log-likelihood in nats of each target under `softmax(x wᵀ)`, and, if
  /// asked for, the gradients of `gradientScale` times their sum. With a cap the logits are `cap tanh(x wᵀ / cap)`.
  ///
  /// `x` is `[N, D]`, `w` is `[V, D]`, `targets` one row of N with -1 where nothing is predicted (loss and gradient 0
  /// there), `losses` one row of N. `dx` is overwritten, `dw` accumulated into. The logits of all tokens never exist at
  /// once. `logWeights`, one row of V, is added to every token's logits behind the cap: a word with log c counts as c
  /// words. Not with `dw`.
  func headLoss(
    _ x: Tensor, _ w: Tensor, cap: Float?, logWeights: Tensor?, targets: Tensor, into losses: Tensor,
    gradientScale: Float, dx: Tensor?, dw: Tensor?)
  /// The same as `headLoss` for a frozen head, with most of its arithmetic in small integers: words with little of the
  /// probability are scored in 16-bit integers and add to the gradient in 8-bit ones, the others in f32.
  ///
  /// Losses are off by some 1e-4 nats, `dx` by what is returned; both are right on average over `rounding.seed` to
  /// first order in the roundings, and the same bits for every number of threads.
  func roundedHeadLoss(
    _ x: Tensor, _ w: Tensor, cap: Float?, targets: Tensor, into losses: Tensor, gradientScale: Float, dx: Tensor,
    rounding: HeadRounding
  ) -> HeadRoundingError
  /// `sums[v] += softmax(logits[n])[v]`, summed over the rows of `logits`, `[N, V]`, which is overwritten. `sums` is one
  /// row of V.
  func addProbabilities(_ logits: Tensor, to sums: Tensor)

  // MARK: Measurements

  /// Sums over the products of the elements of two tensors of any float type, each accumulated in f64.
  func productSums(_ x: Tensor, _ y: Tensor) -> ProductSums
  /// The sum over rows of `|x - r|² / |r|²`, accumulated in f64; adds `scale` times its gradient for `x` to `gradient`.
  ///
  /// `x`, `references` and `gradient` are `[N, D]`.
  func relativeDistance(_ x: Tensor, from references: Tensor, scale: Float, gradient: Tensor) -> Double
  /// Kullback-Leibler divergences in nats of the vocabulary's distributions under two states:
  /// `KL(softmax(r wᵀ) ‖ softmax(x wᵀ))`; with a cap the logits are bent as in `headLoss`.
  ///
  /// `references` is `[N, D]`, `w` is `[V, D]`; `x` holds `divergences.rows` blocks of N rows, `[S·N, D]`, and each row is
  /// compared with the reference at its place in the block; `divergences` is `[S, N]`. The logits of all rows never exist
  /// at once. 2·(S + 1)·N·D·V flops.
  func headDivergence(_ x: Tensor, from references: Tensor, _ w: Tensor, cap: Float?, into divergences: Tensor)

  // MARK: Optimiser

  /// The sum of squares, accumulated in f64.
  func sumOfSquares(_ tensor: Tensor) -> Double
  /// One AdamW step on `w` with moments `m` and `v`, both f32 or both bf16: then they are rounded to nearest even when
  /// they are stored, and the step takes them as computed.
  func adamW(_ w: Tensor, gradient: Tensor, m: Tensor, v: Tensor, step: AdamWStep)
}

extension Device {
  /// Zeroed memory for a matrix in f32.
  public func makeTensor(rows: Int, columns: Int) -> Tensor {
    makeTensor(rows: rows, columns: columns, elementType: .f32)
  }
}

/// Sums over products `x_i y_i`.
public struct ProductSums: Sendable, Hashable {
  /// `Σ x_i y_i`.
  public var sum = 0.0
  /// `Σ |x_i y_i|`.
  public var absolute = 0.0
  /// `Σ (x_i y_i)²`.
  public var squares = 0.0

  /// Sums of nothing.
  public init() {}

  /// Adds the sums over other products.
  public static func += (sums: inout ProductSums, more: ProductSums) {
    sums.sum += more.sum
    sums.absolute += more.absolute
    sums.squares += more.squares
  }
}

/// The numbers of one AdamW step.
public struct AdamWStep: Sendable {
  /// The gradient is multiplied by this first (clipping).
  public var gradientScale: Float
  /// Learning rate at this step.
  public var learningRate: Float
  /// Decay rates of the first and second moment.
  public var betas: (Double, Double)
  /// Added to the root of the second moment.
  public var epsilon: Float
  /// Decoupled weight decay, multiplied by the learning rate.
  public var weightDecay: Float
  /// Steps taken, this one included, for the moments' bias correction.
  public var stepNumber: Int

  /// The numbers of one step.
  public init(
    gradientScale: Float, learningRate: Float, betas: (Double, Double), epsilon: Float, weightDecay: Float,
    stepNumber: Int
  ) {
    self.gradientScale = gradientScale
    self.learningRate = learningRate
    self.betas = betas
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.stepNumber = stepNumber
  }
}
