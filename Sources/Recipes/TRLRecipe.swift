import ELOTrain
import JSONText

/// A script for TRL's `SFTTrainer`, and the module with the bridges.
///
/// It frames documents and packs them as `pretrain --cross-documents` does, and can be run again to go on from its last save.
func trlRecipe(_ input: TrainingRecipe.Input) -> TrainingRecipe {
  let (model, options) = (input.model, input.options)
  let constants: [(String, String, String)] = [
    ("MODEL", model.directory.path.jsonSpelling, "the detached checkpoint"),
    ("MIX", #""mix.jsonl""#, "the mixture of texts"),
    ("RESULT", #""result""#, "the trained checkpoint"),
    ("LAYERS", model.layerList.jsonSpelling, "the module that holds the layers"),
    ("TRAINED", tuple(model.trainedPrefixes.map(\.jsonSpelling)), "what the names of trained parameters begin with"),
    (
      "BRIDGES", input.hasBridges ? #"f"{MODEL}/elo/bridge.safetensors""# : "None",
      "what stands in for the missing layers"
    ),
    ("PREFIX", "[\(model.prefixToken)]", "ids before every document"),
    ("END", "[\(model.endToken.map(String.init) ?? "")]", "ids behind every document"),
    ("STEPS", "\(input.steps)", "optimiser steps"),
    ("BATCH", "\(options.batchSize)", "sequences in a step, of all processes together"),
    ("PART", "\(input.partSize)", "sequences that a process computes at a time"),
    ("LENGTH", "\(options.sequenceLength)", "tokens in a sequence"),
  ]
  let spelled = constants.map { "\($0.0) = \($0.1)" }
  let width = spelled.map(\.count).max() ?? 0
  let head = zip(spelled, constants).map { line, constant in
    line + String(repeating: " ", count: width - line.count) + "  # \(constant.2)"
  }
  return TrainingRecipe(
    trainer: .trl,
    files: [
      TrainingRecipe.File(
        name: "train.py", text: opening + head.joined(separator: "\n") + "\n" + program(options))
    ] + (input.hasBridges ? [bridgeHooks] : []),
    installation: "pip install trl",
    commands: ["python train.py"],
    result: "result", resultHasManifest: true,
    differences: [
      "attention goes on from one document of a sequence into the next, as with `pretrain --cross-documents`",
      "behind the end of a document the beginning of the next is predicted",
      "the learning rate is a step behind: it is 0 at the first step",
    ])
}

private func tuple(_ parts: [String]) -> String { "(" + parts.joined(separator: ", ") + ",)" }

private let opening = """
  \"""Trains the layers of a detached model with TRL. Written by elo-surgeon.

  Run again after an interruption, it goes on from its last save. With several GPUs: torchrun --nproc-per-node N train.py
  \"""

  import os
  import shutil

  import torch
  from datasets import load_dataset
  from transformers import AutoModelForCausalLM, AutoTokenizer
  from transformers.trainer_utils import get_last_checkpoint
  from trl import SFTConfig, SFTTrainer


  """

private func program(_ options: TrainingOptions) -> String {
  let optimizer = options.optimizer
  return """


    def tokenized(tokenizer):
        \"""The texts as ids, each document with what frames it.\"""

        def encode(rows):
            ids = tokenizer(rows["text"], add_special_tokens=False)["input_ids"]
            return {"input_ids": [PREFIX + document + END for document in ids]}

        texts = load_dataset("json", data_files=MIX, split="train")
        return texts.map(encode, batched=True, remove_columns=texts.column_names)


    def main():
        tokenizer = AutoTokenizer.from_pretrained(MODEL)
        # Weights in f32: steps of this size vanish when they are added to bf16.
        model = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.startswith(TRAINED))
        if BRIDGES is not None:
            from elo_bridge import add_bridges

            add_bridges(model, LAYERS, BRIDGES)
        processes = int(os.environ.get("WORLD_SIZE", 1))
        if BATCH % (PART * processes) != 0:
            raise SystemExit(f"{processes} processes of PART = {PART} do not divide BATCH = {BATCH}: lower PART")
        arguments = SFTConfig(
            output_dir="saves",
            max_steps=STEPS,
            per_device_train_batch_size=PART,
            gradient_accumulation_steps=BATCH // (PART * processes),
            max_length=LENGTH,
            packing=True,
            packing_strategy="wrapped",
            shuffle_dataset=False,
            learning_rate=\(decimal(options.schedule.peak)),
            lr_scheduler_type="cosine_with_min_lr",
            lr_scheduler_kwargs={"min_lr_rate": \(decimal(options.schedule.floor))},
            warmup_steps=\(options.schedule.warmupSteps),
            optim="adamw_torch",
            adam_beta1=\(decimal(optimizer.beta1)),
            adam_beta2=\(decimal(optimizer.beta2)),
            adam_epsilon=\(decimal(optimizer.epsilon)),
            weight_decay=\(decimal(optimizer.weightDecay)),  # not of norms and biases
            max_grad_norm=\(decimal(optimizer.clip)),
            bf16=torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
            gradient_checkpointing=False,
            seed=\(options.seed),
            logging_steps=10,
            save_steps=0.1,
            save_total_limit=2,
            report_to="none",
        )
        trainer = SFTTrainer(model, args=arguments, train_dataset=tokenized(tokenizer), processing_class=tokenizer)
        save = get_last_checkpoint(arguments.output_dir) if os.path.isdir(arguments.output_dir) else None
        trainer.train(resume_from_checkpoint=save)
        trainer.save_model(RESULT)
        if trainer.is_world_process_zero():
            # What `elo-surgeon attach` knows the base by, and the bridges.
            shutil.copy(f"{MODEL}/surgery.json", RESULT)
            if os.path.isdir(f"{MODEL}/elo"):
                shutil.copytree(f"{MODEL}/elo", f"{RESULT}/elo", dirs_exist_ok=True)


    if __name__ == "__main__":
        main()

    """
}
