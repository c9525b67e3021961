import ELOTrain
import JSONText

/// A configuration for LLaMA-Factory with its list of texts, and where there are bridges a script that puts them in place.
/// - Throws: `RecipeError.scaffoldNotKnown` when layers between trained ones stay frozen.
func llamaFactoryRecipe(_ input: TrainingRecipe.Input) throws -> TrainingRecipe {
  let (model, options) = (input.model, input.options)
  let optimizer = options.optimizer
  let settings: [(String, Setting)] = [
    ("model_name_or_path", .text(model.directory.path)),
    ("stage", .text("pt")), ("do_train", .flag(true)),
    ("finetuning_type", .text("freeze")), ("freeze_trainable_layers", .integer(try edge(of: model))),
    ("freeze_trainable_modules", .text("all")),
    ("dataset_dir", .text(".")), ("dataset", .text("mix")), ("template", .text("empty")),
    // No `packing`: it is on in this stage by itself, and asked for it makes rows a token shorter.
    ("cutoff_len", .integer(options.sequenceLength)),
    ("per_device_train_batch_size", .integer(input.partSize)),
    ("gradient_accumulation_steps", .integer(options.accumulate)),
    ("max_steps", .integer(input.steps)),
    ("optim", .text("adamw_torch")), ("learning_rate", .number(options.schedule.peak)),
    ("lr_scheduler_type", .text("cosine_with_min_lr")),
    ("lr_scheduler_kwargs", .map([("min_lr_rate", .number(options.schedule.floor))])),
    ("warmup_steps", .integer(options.schedule.warmupSteps)),
    ("adam_beta1", .number(optimizer.beta1)), ("adam_beta2", .number(optimizer.beta2)),
    ("adam_epsilon", .number(optimizer.epsilon)), ("weight_decay", .number(optimizer.weightDecay)),
    ("max_grad_norm", .number(optimizer.clip)),
    ("bf16", .flag(true)), ("disable_gradient_checkpointing", .flag(true)),
    ("seed", .integer(Int(clamping: options.seed))), ("logging_steps", .integer(10)),
    ("save_steps", .number(0.1)), ("save_total_limit", .integer(2)),
    ("report_to", .text("none")), ("output_dir", .text("result")), ("overwrite_output_dir", .flag(false)),
  ]
  let texts: JSONValue = ["mix": ["file_name": "mix.jsonl", "columns": ["prompt": "text"]]]
  let launch = input.hasBridges ? ["python train.py llamafactory.yaml"] : ["llamafactory-cli train llamafactory.yaml"]
  return TrainingRecipe(
    trainer: .llamaFactory,
    files: [
      TrainingRecipe.File(
        name: "llamafactory.yaml",
        text: try configuration(
          "Trains the layers of a detached model with LLaMA-Factory. Written by elo-surgeon.", settings)),
      TrainingRecipe.File(name: "dataset_info.json", text: texts.text + "\n"),
    ] + (input.hasBridges ? [TrainingRecipe.File(name: "train.py", text: launcher(model)), bridgeHooks] : []),
    installation: "pip install llamafactory",
    commands: launch,
    result: "result",
    differences: [
      "no prefix token stands before a document; attention goes on from one document of a sequence into the next, whose "
        + "beginning is predicted, as with `pretrain --cross-documents`",
      "the learning rate is a step behind: it is 0 at the first step",
      "with several GPUs (`torchrun` in place of `python`, or `FORCE_TORCHRUN=1`) a step has as many times more sequences: lower "
        + "gradient_accumulation_steps",
    ])
}

/// How many of the last layers are trained, or negative how many of the first: LLaMA-Factory knows no other choice.
private func edge(of model: DetachedModel) throws(RecipeError) -> Int {
  let count = model.trained.count
  if model.trained == Array(model.layerCount - count..<model.layerCount) { return count }
  if model.trained == Array(0..<count) { return -count }
  throw .scaffoldNotKnown(.llamaFactory, frozen: model.frozen, layerCount: model.layerCount)
}

private func launcher(_ model: DetachedModel) -> String {
  """
  \"""Runs LLaMA-Factory with a detached model's bridges in place. Written by elo-surgeon.

  python train.py llamafactory.yaml; with several GPUs: torchrun --nproc-per-node N train.py llamafactory.yaml
  \"""

  from llamafactory.train.tuner import run_exp
  from transformers import TrainerCallback

  from elo_bridge import add_bridges


  class Bridges(TrainerCallback):
      \"""Puts the bridges in place before the model is wrapped for several GPUs.\"""

      def on_init_end(self, args, state, control, model=None, **kwargs):
          add_bridges(model, \(model.layerList.jsonSpelling), \(model.bridgeFile.path.jsonSpelling))


  if __name__ == "__main__":
      run_exp(callbacks=[Bridges()])

  """
}
