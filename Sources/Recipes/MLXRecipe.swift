import ELOTrain
import JSONText

/// A configuration for mlx-lm, and a script that runs it with the weights in f32 and bridges in place.
/// - Throws: `RecipeError.scaffoldNotKnown` when layers that are not the first ones stay frozen.
func mlxRecipe(_ input: TrainingRecipe.Input) throws -> TrainingRecipe {
  let (model, options) = (input.model, input.options)
  let (optimizer, schedule) = (options.optimizer, options.schedule)
  guard model.trained == Array(model.layerCount - model.trained.count..<model.layerCount) else {
    throw RecipeError.scaffoldNotKnown(.mlx, frozen: model.frozen, layerCount: model.layerCount)
  }
  let settings: [(String, Setting)] = [
    ("model", .text(model.directory.path)), ("train", .flag(true)),
    // The layers are the last so many; the usual 16 are refused where there are fewer.
    ("fine_tune_type", .text("full")), ("num_layers", .integer(model.trained.count)),
    ("data", .text("data")), ("max_seq_length", .integer(options.sequenceLength)),
    ("batch_size", .integer(input.partSize)), ("grad_accumulation_steps", .integer(options.accumulate)),
    // What mlx-lm counts are parts of steps.
    ("iters", .integer(input.steps * options.accumulate)),
    ("optimizer", .text("adamw")), ("learning_rate", .number(schedule.peak)),
    (
      "optimizer_config",
      .map([
        (
          "adamw",
          .map([
            ("betas", .list([.number(optimizer.beta1), .number(optimizer.beta2)])),
            ("eps", .number(optimizer.epsilon)), ("weight_decay", .number(optimizer.weightDecay)),
            ("bias_correction", .flag(true)),
          ])
        )
      ])
    ),
    (
      "lr_schedule",
      .map([
        ("name", .text("cosine_decay")), ("warmup", .integer(schedule.warmupSteps)),
        (
          "arguments",
          .list([
            .number(schedule.peak), .integer(max(1, input.steps - schedule.warmupSteps)),
            .number(schedule.peak * schedule.floor),
          ])
        ),
      ])
    ),
    ("seed", .integer(Int(clamping: options.seed))), ("steps_per_report", .integer(10)),
    ("save_every", .integer(max(1, input.steps * options.accumulate / 10))), ("adapter_path", .text("trained")),
  ]
  return TrainingRecipe(
    trainer: .mlx,
    files: [
      TrainingRecipe.File(
        name: "mlx.yaml",
        text: try configuration(
          "Trains the layers of a detached model with mlx-lm. Written by elo-surgeon.", settings)),
      TrainingRecipe.File(name: "train.py", text: script(input)),
    ],
    mixName: "data/train.jsonl",
    installation: "pip install mlx-lm",
    commands: [
      "python train.py --config mlx.yaml",
      "mlx_lm.fuse --model \(model.directory.path.shellSpelling) --adapter-path trained --save-path result",
    ],
    result: "result",
    differences: [
      "documents are not packed: each is a row of its own, padded, and what is longer than \(options.sequenceLength) tokens is cut off, "
        + "so that a step sees fewer tokens; a larger --sequence-length loses less",
      "no prefix token stands before a document",
      "gradients are not clipped, and norms decay as matrices do",
    ])
}

private func script(_ input: TrainingRecipe.Input) -> String {
  let bridges = input.hasBridges ? input.model.bridgeFile.path.jsonSpelling : "None"
  return """
    \"""Runs mlx-lm's training on a detached model. Written by elo-surgeon.\"""

    import mlx.core as mx
    from mlx_lm import lora

    BRIDGES = \(bridges)


    def bridged(layer, weight, bias, before):
        \"""Lets a layer apply h + h W^T + b to what it gives, or to what it is given.\"""

        class Bridged(type(layer)):
            def __call__(self, states, *args, **kwargs):
                if before:
                    states = states + states @ weight.T + bias
                output = super().__call__(states, *args, **kwargs)
                return output if before else output + output @ weight.T + bias

        layer.__class__ = Bridged


    def load(*args, **kwargs):
        model, *rest = load_as_stored(*args, **kwargs)
        # Steps of this size vanish when they are added to bf16.
        model.set_dtype(mx.float32)
        tensors = mx.load(BRIDGES) if BRIDGES else {}
        for name in sorted(name for name in tensors if name.endswith(".weight")):
            after = int(name.split(".")[1])
            layer = model.layers[max(after, 0)]
            bridged(layer, tensors[name], tensors[f"after.{after}.bias"], before=after < 0)
            print(f"bridge behind {'the embedding' if after < 0 else f'layer {after}'}")
        return model, *rest


    load_as_stored = lora.load
    lora.load = load

    if __name__ == "__main__":
        lora.main()

    """
}
