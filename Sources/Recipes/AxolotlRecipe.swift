import ELOTrain
import JSONText

/// A configuration for Axolotl, with a plugin of its own that keeps the weights in f32 and puts bridges in place.
func axolotlRecipe(_ input: TrainingRecipe.Input) throws -> TrainingRecipe {
  let (model, options) = (input.model, input.options)
  let optimizer = options.optimizer
  let settings: [(String, Setting)] = [
    ("base_model", .text(model.directory.path)),
    // Axolotl matches at the beginning of a name, and takes every dot for itself.
    ("unfrozen_parameters", .list(model.trainedPrefixes.map { .text("^\($0)") })),
    ("plugins", .list([.text("elo_plugin.DetachedLayers")])),
    (
      "datasets",
      .list([
        .map([
          ("path", .text("mix.jsonl")), ("ds_type", .text("json")), ("type", .text("completion")),
          ("field", .text("text")),
        ])
      ])
    ),
    ("dataset_prepared_path", .text("prepared")), ("val_set_size", .number(0)),
    ("sequence_len", .integer(options.sequenceLength)),
    ("sample_packing", .flag(true)), ("eval_sample_packing", .flag(false)), ("pad_to_sequence_len", .flag(true)),
    ("attn_implementation", .text("sdpa")),
    ("micro_batch_size", .integer(input.partSize)), ("gradient_accumulation_steps", .integer(options.accumulate)),
    ("max_steps", .integer(input.steps)), ("num_epochs", .integer(1)),
    ("optimizer", .text("adamw_torch")), ("learning_rate", .number(options.schedule.peak)),
    ("lr_scheduler", .text("cosine")), ("cosine_min_lr_ratio", .number(options.schedule.floor)),
    ("warmup_steps", .integer(options.schedule.warmupSteps)),
    ("adam_beta1", .number(optimizer.beta1)), ("adam_beta2", .number(optimizer.beta2)),
    ("adam_epsilon", .number(optimizer.epsilon)), ("weight_decay", .number(optimizer.weightDecay)),
    ("max_grad_norm", .number(optimizer.clip)),
    ("bf16", .text("auto")), ("gradient_checkpointing", .flag(false)),
    ("seed", .integer(Int(clamping: options.seed))), ("logging_steps", .integer(10)),
    ("saves_per_epoch", .integer(10)), ("save_total_limit", .integer(2)),
    ("output_dir", .text("result")),
  ]
  let text = try configuration("Trains the layers of a detached model with Axolotl. Written by elo-surgeon.", settings)
  return TrainingRecipe(
    trainer: .axolotl,
    files: [
      TrainingRecipe.File(name: "axolotl.yaml", text: text),
      TrainingRecipe.File(name: "elo_plugin.py", text: axolotlPlugin(input)),
    ] + (input.hasBridges ? [bridgeHooks] : []),
    installation: "pip install axolotl",
    // The plugin lies here.
    commands: ["PYTHONPATH=. axolotl train axolotl.yaml"],
    result: "result",
    differences: [
      "no prefix token stands before a document, and documents longer than \(options.sequenceLength) tokens become several",
      "documents are packed to fill sequences as well as they can, and what is left of a sequence is padding",
      "the learning rate is a step behind: it is 0 at the first step",
      "with several GPUs a step has as many times more sequences: lower gradient_accumulation_steps",
    ])
}

private func axolotlPlugin(_ input: TrainingRecipe.Input) -> String {
  let bridges =
    input.hasBridges
    ? """

            from elo_bridge import add_bridges

            add_bridges(model, \(input.model.layerList.jsonSpelling), f"{cfg.base_model}/elo/bridge.safetensors")
    """ : ""
  return """
    \"""What Axolotl has to know of a detached model. Written by elo-surgeon.\"""

    from axolotl.integrations.base import BasePlugin


    class DetachedLayers(BasePlugin):
        \"""Keeps the weights in f32: steps of this size vanish when they are added to bf16.\"""

        def post_model_load(self, cfg, model):
            model.float()\(bridges)

    """
}
