import ELOTrain
import JSONText

/// A configuration for ms-swift's `swift pt`, and where there are bridges a plugin that puts them in place.
func msSwiftRecipe(_ input: TrainingRecipe.Input) throws -> TrainingRecipe {
  let (model, options) = (input.model, input.options)
  let optimizer = options.optimizer
  let plugin: [(String, Setting)] =
    input.hasBridges
    ? [("external_plugins", .list([.text("elo_plugin.py")])), ("callbacks", .list([.text("elo_bridges")]))] : []
  let settings: [(String, Setting)] =
    [
      ("model", .text(model.directory.path)), ("use_hf", .flag(true)),
      // Several of its own types have one architecture; what is in config.json is the plainest of them.
      ("model_type", .text(model.modelType)),
      ("tuner_type", .text("full")), ("freeze_parameters_ratio", .number(1)),
      ("trainable_parameters", .list(model.trainedPrefixes.map { .text($0) })),
      // Weights in f32: steps of this size vanish when they are added to bf16. Without bf16 f32 would mean fp16 arithmetic.
      ("torch_dtype", .text("float32")), ("bf16", .flag(true)), ("fp16", .flag(false)),
      ("dataset", .list([.text("mix.jsonl")])), ("split_dataset_ratio", .number(0)),
      ("max_length", .integer(options.sequenceLength)), ("truncation_strategy", .text("split")),
      ("packing", .flag(true)), ("attn_impl", .text("flash_attention_2")),
      ("per_device_train_batch_size", .integer(input.partSize)),
      ("gradient_accumulation_steps", .integer(options.accumulate)), ("max_steps", .integer(input.steps)),
      ("optim", .text("adamw_torch")), ("learning_rate", .number(options.schedule.peak)),
      ("lr_scheduler_type", .text("cosine_with_min_lr")),
      ("lr_scheduler_kwargs", .map([("min_lr_rate", .number(options.schedule.floor))])),
      ("warmup_steps", .integer(options.schedule.warmupSteps)),
      ("adam_beta1", .number(optimizer.beta1)), ("adam_beta2", .number(optimizer.beta2)),
      ("adam_epsilon", .number(optimizer.epsilon)), ("weight_decay", .number(optimizer.weightDecay)),
      ("max_grad_norm", .number(optimizer.clip)),
      ("gradient_checkpointing", .flag(false)), ("seed", .integer(Int(clamping: options.seed))),
      ("logging_steps", .integer(10)), ("save_steps", .number(0.1)), ("save_total_limit", .integer(2)),
      ("report_to", .list([.text("none")])), ("add_version", .flag(false)),
      ("create_checkpoint_symlink", .flag(true)), ("output_dir", .text("output")),
    ] + plugin
  return TrainingRecipe(
    trainer: .msSwift,
    files: [
      TrainingRecipe.File(
        name: "ms-swift.yaml",
        text: try configuration(
          "Trains the layers of a detached model with ms-swift. Written by elo-surgeon.", settings))
    ] + (input.hasBridges ? [TrainingRecipe.File(name: "elo_plugin.py", text: swiftPlugin(model)), bridgeHooks] : []),
    installation: "pip install ms-swift flash-attn",
    commands: ["PYTHONPATH=. swift pt ms-swift.yaml"],
    result: "output/last",
    differences: [
      "ms-swift has a list of models: where model_type is not one of them, set the one with the same architecture",
      "no prefix token stands before a document, and documents longer than \(options.sequenceLength) tokens become several",
      "documents are packed to fill sequences as well as they can, and what is left of a sequence is empty",
      "the learning rate is a step behind: it is 0 at the first step",
      "with several GPUs (NPROC_PER_NODE=N) a step has as many times more sequences: lower gradient_accumulation_steps",
    ])
}

private func swiftPlugin(_ model: DetachedModel) -> String {
  """
  \"""Puts a detached model's bridges in place when ms-swift makes its trainer. Written by elo-surgeon.\"""

  from swift.callbacks import TrainerCallback, callbacks_map

  from elo_bridge import add_bridges


  class Bridges(TrainerCallback):
      def on_init_end(self, args, state, control, model=None, **kwargs):
          add_bridges(model, \(model.layerList.jsonSpelling), \(model.bridgeFile.path.jsonSpelling))


  callbacks_map["elo_bridges"] = Bridges

  """
}
