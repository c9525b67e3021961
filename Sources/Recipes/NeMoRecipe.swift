import ELOTrain
import JSONText

/// A configuration for NeMo AutoModel, with the function that makes rows of the texts.
func nemoRecipe(_ input: TrainingRecipe.Input) throws -> TrainingRecipe {
  let (model, options) = (input.model, input.options)
  let optimizer = options.optimizer
  let schedule = options.schedule
  let settings: [(String, Setting)] = [
    ("recipe", .text("TrainFinetuneRecipeForNextTokenPrediction")),
    ("seed", .integer(Int(clamping: options.seed))),
    (
      "model",
      .map([
        ("_target_", .text("nemo_automodel.NeMoAutoModelForCausalLM.from_pretrained")),
        ("pretrained_model_name_or_path", .text(model.directory.path)),
        // Steps of this size vanish when they are added to bf16; arithmetic is in bf16 all the same.
        ("torch_dtype", .text("torch.float32")),
      ])
    ),
    (
      "freeze_config",
      .map([("freeze_modules", .list(model.frozenModules.map { .map([("path", .text($0))]) }))])
    ),
    (
      "dataset",
      .map([
        ("_target_", .text("elo_texts.py:packed_rows")), ("path", .text("mix.jsonl")),
        ("tokenizer_directory", .text(model.directory.path)),
        ("prefix", .list([.integer(Int(model.prefixToken))])),
        ("end", .list(model.endToken.map { [.integer(Int($0))] } ?? [])),
        ("length", .integer(options.sequenceLength)),
      ])
    ),
    (
      "dataloader",
      .map([
        ("_target_", .text("torchdata.stateful_dataloader.StatefulDataLoader")),
        ("collate_fn", .text("nemo_automodel.components.datasets.utils.default_collater")),
        ("shuffle", .flag(true)),
      ])
    ),
    (
      "step_scheduler",
      .map([
        ("global_batch_size", .integer(options.batchSize)), ("local_batch_size", .integer(input.partSize)),
        ("max_steps", .integer(input.steps)), ("num_epochs", .integer(2)),
        ("ckpt_every_steps", .integer(max(1, (input.steps + 9) / 10))), ("save_checkpoint_every_epoch", .flag(false)),
      ])
    ),
    (
      "optimizer",
      .map([
        ("_target_", .text("torch.optim.AdamW")), ("lr", .number(schedule.peak)),
        ("betas", .list([.number(optimizer.beta1), .number(optimizer.beta2)])),
        ("eps", .number(optimizer.epsilon)), ("weight_decay", .number(optimizer.weightDecay)),
        (
          "param_group_overrides",
          .list([.map([("pattern", .text(#"norm|ln_|layernorm|\.bias$"#)), ("wd_mult", .number(0))])])
        ),
      ])
    ),
    (
      "lr_scheduler",
      .map([
        ("lr_decay_style", .text("cosine")), ("lr_warmup_steps", .integer(schedule.warmupSteps)),
        ("lr_decay_steps", .integer(input.steps)), ("min_lr", .number(schedule.peak * schedule.floor)),
      ])
    ),
    ("clip_grad_norm", .map([("max_norm", .number(optimizer.clip))])),
    ("loss_fn", .map([("_target_", .text("nemo_automodel.components.loss.masked_ce.MaskedCrossEntropy"))])),
    (
      "distributed",
      .map([("strategy", .text("fsdp2")), ("tp_size", .integer(1)), ("cp_size", .integer(1))])
    ),
    (
      "checkpoint",
      .map([
        ("enabled", .flag(true)), ("checkpoint_dir", .text("checkpoints")),
        ("model_save_format", .text("safetensors")), ("save_consolidated", .text("final")),
        ("max_recent_checkpoints", .integer(2)),
      ])
    ),
  ]
  return TrainingRecipe(
    trainer: .nemo,
    files: [
      TrainingRecipe.File(
        name: "nemo.yaml",
        text: try configuration(
          "Trains the layers of a detached model with NeMo AutoModel. Written by elo-surgeon.", settings)),
      TrainingRecipe.File(name: "elo_texts.py", text: rows),
    ],
    installation: "pip install nemo-automodel",
    commands: ["automodel nemo.yaml"],
    result: "checkpoints/LATEST/model/consolidated",
    differences: [
      "attention goes on from one document of a sequence into the next, whose beginning is predicted, as with "
        + "`pretrain --cross-documents`",
      "bridges cannot be used",
    ])
}

private let rows = """
  \"""The texts of a recipe as rows of ids for NeMo AutoModel. Written by elo-surgeon.\"""

  import json

  from transformers import AutoTokenizer


  def packed_rows(path, tokenizer_directory, prefix, end, length, tokenizer=None, **kwargs):
      \"""Documents between what frames them, one behind the other, cut into rows; labels are the ids that follow.\"""
      tokenizer = AutoTokenizer.from_pretrained(tokenizer_directory)
      ids = []
      with open(path, encoding="utf-8") as lines:
          for line in lines:
              text = json.loads(line)["text"]
              ids += [*prefix, *tokenizer(text, add_special_tokens=False)["input_ids"], *end]
      return [
          {
              "input_ids": ids[start : start + length],
              "labels": ids[start + 1 : start + length + 1],
              "attention_mask": [1] * length,
          }
          for start in range(0, len(ids) - length, length)
      ]

  """
