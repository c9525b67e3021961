/// MLPs of which each token takes the few that a router scores highest, and adds up what they give by the router's weights
/// (arXiv 1701.06538; as in Mixtral, arXiv 2401.04088).
///
/// The gradient goes through the weights of the chosen experts; there is no loss for balancing experts, as in `transformers`
/// unless it is asked for with `output_router_logits`.
public struct MixtureOfExperts {
  /// `[E, D]`.
  public let router: Projection
  /// E of them, all of one shape.
  public let experts: [MLP]
  /// How many a token takes, k.
  public let chosenCount: Int
  /// Whether the weights of a token's experts sum to 1.
  let normalizes: Bool

  var parameters: [Parameter] { (router.parameters + experts.flatMap(\.parameters)).uniqued() }
  /// Whether the checkpoint holds all experts in one tensor.
  var areFused: Bool { experts[0].gate?.weight === experts[0].up.weight }
  /// Whether backward passes need the input of some expert.
  private var isReached: Bool { experts.contains { $0.gate?.isReached == true || $0.up.isReached } }
}

// Legend: N tokens, k experts of a token, D width, I an expert's inner width. Rows are visits, sorted by expert, so that
// each expert's are together.
extension MixtureOfExperts {
  /// From the input `[N, D]` to the experts' inner activations; fills the experts' part of `a`.
  func activate(_ input: Tensor, _ a: LayerActivations, _ context: LayerContext) -> InnerActivation {
    let device = context.device
    router.forward(input, into: a.routerScores, device: device)
    let routing = route(a, context)
    let rows = visits(.visitInput, context)
    device.embed(routing.tokens, input, into: rows)
    for (expert, range) in visited(routing) {
      expert.gate!.forward(rows.rows(range), into: a.expertGate.rows(range), device: device)
      expert.up.forward(rows.rows(range), into: a.expertUp.rows(range), device: device)
    }
    return InnerActivation(values: activated(a, context), routing: routing)
  }

  /// From the inner activations to the output `[N, D]`: written, or added.
  func project(_ inner: InnerActivation, into y: Tensor, accumulate: Bool, _ context: LayerContext) {
    let (device, routing) = (context.device, inner.routing!)
    let rows = visits(.visitOutput, context)
    for (expert, range) in visited(routing) {
      expert.down.forward(inner.values.rows(range), into: rows.rows(range), device: device)
    }
    device.scaleRows(rows, by: routing.weights)
    if !accumulate { device.zero(y) }
    device.embedBackward(routing.tokens, rows, into: y)
  }

  /// Adds to the gradients of the weights from that of the output, and turns `a.expertGate` and `a.expertUp` into their
  /// gradients.
  func backward(_ dy: Tensor, input: () -> Tensor, _ a: LayerActivations, _ context: LayerContext) {
    let (device, routing) = (context.device, route(a, context))
    let (dRows, dInner) = (visits(.visitOutput, context), context.shared(.expertActivatedGradient, visits: chosenCount))
    let inner = activated(a, context)
    device.embed(routing.tokens, dy, into: dRows)
    for (expert, range) in visited(routing) {
      expert.down.backwardInput(dRows.rows(range), into: dInner.rows(range), accumulate: false, device: device)
    }
    // A weight's gradient is dy · down(inner) = (downᵀ dy) · inner, so the experts' outputs need not be kept.
    let dWeights = device.makeTensor(rows: 1, columns: routing.tokens.count)
    device.rowProducts(dInner, inner, into: dWeights)
    device.routeBackward(
      dWeights, routing, a.routerScores, normalizes: normalizes, dScores: context.shared(.routerGradient))
    device.scaleRows(dRows, by: routing.weights)
    device.scaleRows(dInner, by: routing.weights)
    for (expert, range) in visited(routing) {
      expert.down.backwardWeight(dRows.rows(range), inner.rows(range), device: device)
    }
    device.activateBackward(dInner, gate: a.expertGate, up: a.expertUp, experts[0].activation)
    guard isReached || router.isReached else { return }
    let source = input()
    router.backwardWeight(context.shared(.routerGradient), source, device: device)
    guard isReached else { return }
    let rows = visits(.visitInput, context)
    device.embed(routing.tokens, source, into: rows)
    for (expert, range) in visited(routing) {
      expert.gate!.backwardWeight(a.expertGate.rows(range), rows.rows(range), device: device)
      expert.up.backwardWeight(a.expertUp.rows(range), rows.rows(range), device: device)
    }
  }

  /// The gradient of the input, from what `backward` made of `a` and left of the router: written to `dx`, or added.
  func backwardInput(_ a: LayerActivations, into dx: Tensor, accumulate: Bool, _ context: LayerContext) {
    let (device, routing) = (context.device, route(a, context))
    let dRows = visits(.visitInput, context)
    for (expert, range) in visited(routing) {
      expert.gate!.backwardInput(
        a.expertGate.rows(range), into: dRows.rows(range), accumulate: false, device: device)
      expert.up.backwardInput(a.expertUp.rows(range), into: dRows.rows(range), accumulate: true, device: device)
    }
    router.backwardInput(context.shared(.routerGradient), into: dx, accumulate: accumulate, device: device)
    device.embedBackward(routing.tokens, dRows, into: dx)
  }

  /// From the scores that `a` keeps: the same whenever it is asked for.
  private func route(_ a: LayerActivations, _ context: LayerContext) -> ExpertRouting {
    context.device.route(a.routerScores, count: chosenCount, normalizes: normalizes)
  }

  /// The experts that some token takes, with their rows.
  private func visited(_ routing: ExpertRouting) -> [(MLP, Range<Int>)] {
    zip(experts, routing.visits).filter { !$1.isEmpty }.map { ($0, $1) }
  }

  /// `[N·k, D]`.
  private func visits(_ tensor: Workspace.Shared, _ context: LayerContext) -> Tensor {
    context.shared(tensor, visits: chosenCount)
  }

  private func activated(_ a: LayerActivations, _ context: LayerContext) -> Tensor {
    let activated = context.shared(.expertActivated, visits: chosenCount)
    context.device.activate(a.expertGate, up: a.expertUp, experts[0].activation, into: activated)
    return activated
  }
}
