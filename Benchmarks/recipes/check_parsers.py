"""Loads what `elo-surgeon recipe` wrote with the trainers' own parsers, and freezes the model as each of them does.

    python Benchmarks/recipes/check_parsers.py RECIPES

RECIPES holds a folder for each trainer, named as `--for` names it (axolotl, llamafactory, nemo, ms-swift, trl, mlx), all of one
detached model. For each the configuration is parsed by the trainer's package, its values are compared with `pretrain`'s defaults, its
freezing function is applied to the model, and the parameters that train are compared with those of the layers that
surgery.json does not call frozen. A trainer whose package is not there is named and passed over; any difference ends in status 1.

Made with axolotl 0.19.0, llamafactory 0.9.5, nemo-automodel 0.7.0, ms-swift 4.6.0, trl 1.16.0, mlx-lm 0.32.2, transformers 5.24.0,
torch 2.15.0, triton 3.5.1 (NeMo AutoModel cannot be imported with 3.9). Where torchaudio refuses the torch that is there, LLaMA-Factory
is content with an empty module of that name in PYTHONPATH. The packages' other requirements are left out where they are not needed for parsing (`pip install --no-deps`).
"""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
# LLaMA-Factory refuses versions of other packages that it was not tried with.
os.environ.setdefault("DISABLE_VERSION_CHECK", "1")

SETTINGS = {
    "learning_rate": 2e-4,
    "adam_beta1": 0.9,
    "adam_beta2": 0.95,
    "adam_epsilon": 1e-8,
    "weight_decay": 0.1,
    "max_grad_norm": 1.0,
    "warmup_steps": 10,
    "gradient_accumulation_steps": 2,
    "seed": 42,
}


def expect(what, found, wanted):
    if found != wanted:
        raise AssertionError(f"{what} is {found!r}, not {wanted!r}")


def detached(path):
    """The detached model in f32, and the names of the parameters that are to be trained."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    layers = json.loads(Path(path, "surgery.json").read_text())["layers"]
    trained = {layer["index"] for layer in layers if not layer.get("frozen")}
    numbered = re.compile(r"(?:layers|h|blocks)\.(\d+)\.")
    names = [name for name, _ in model.named_parameters()]
    return model, [n for n in names if (m := numbered.search(n)) and int(m[1]) in trained]


def trained(model):
    return [name for name, parameter in model.named_parameters() if parameter.requires_grad]


def shared_settings(arguments):
    for name, wanted in SETTINGS.items():
        expect(name, getattr(arguments, name), wanted)


def forward_differs(model, folder, put):
    """Whether `put` changes what the model gives: the bridge is at work."""
    import torch

    ids = torch.arange(20, 40).unsqueeze(0)
    with torch.no_grad():
        before = model(ids).logits
        put()
        after = model(ids).logits
    expect("the bridge changes logits", bool((before - after).abs().max() > 1e-3), True)


def axolotl(folder):
    import yaml
    from axolotl.utils.dict import DictDefault
    from axolotl.utils.freeze import freeze_layers_except
    from axolotl.utils.schemas.config import AxolotlInputConfig

    raw = yaml.safe_load(Path("axolotl.yaml").read_text())
    config = AxolotlInputConfig(**raw)
    for name in SETTINGS:
        expect(name, getattr(config, name), SETTINGS[name])
    expect("cosine_min_lr_ratio", config.cosine_min_lr_ratio, 0.1)
    unknown = set(raw) - set(config.model_dump(exclude_unset=True))
    expect("keys that the schema does not know", unknown, set())
    model, wanted = detached(config.base_model)
    freeze_layers_except(model, config.unfrozen_parameters)
    sys.path.insert(0, ".")
    from axolotl.integrations.base import load_plugin

    plugin = load_plugin(config.plugins[0])
    if Path("elo_bridge.py").exists():
        forward_differs(model, folder, lambda: plugin.post_model_load(DictDefault(raw), model))
    return model, wanted


def llamafactory(folder):
    import yaml
    from llamafactory.data.parser import get_dataset_list
    from llamafactory.hparams import get_train_args
    from llamafactory.model.adapter import _setup_freeze_tuning

    raw = yaml.safe_load(Path("llamafactory.yaml").read_text())
    # What there is no GPU for here.
    raw["bf16"] = False
    model_arguments, data, training, tuning, _ = get_train_args(raw)
    shared_settings(training)
    expect("lr_scheduler_type", str(training.lr_scheduler_type.value), "cosine_with_min_lr")
    expect("cutoff_len", data.cutoff_len, 512)
    (texts,) = get_dataset_list(data.dataset, data.dataset_dir)
    expect("text column", texts.prompt, "text")
    expect("text file", Path(data.dataset_dir, texts.dataset_name).exists(), True)
    model, wanted = detached(model_arguments.model_name_or_path)
    _setup_freeze_tuning(model, tuning, is_trainable=True, cast_trainable_params_to_fp32=True)
    if Path("elo_bridge.py").exists():
        sys.path.insert(0, ".")
        import train

        forward_differs(model, folder, lambda: train.Bridges().on_init_end(training, None, None, model=model))
    return model, wanted


def nemo(folder):
    from nemo_automodel.components.config.loader import load_yaml_config
    from nemo_automodel.components.utils.model_utils import apply_parameter_freezing
    from nemo_automodel.recipes._typed_config import RecipeConfig

    config = RecipeConfig(load_yaml_config("nemo.yaml"))
    expect("global_batch_size", config.step_scheduler.global_batch_size, 8)
    schedule = config.lr_scheduler
    expect("warm-up and floor", (schedule.lr_warmup_steps, schedule.min_lr), (10, 2e-5))
    path = config.model.pretrained_model_name_or_path
    model, wanted = detached(path)
    apply_parameter_freezing(model, config.freeze_config)
    (optimizer,) = config.optimizer.build(model)
    groups = {group.get("wd_mult", 1.0): len(group["params"]) for group in optimizer.param_groups}
    norms = sum("norm" in name for name in wanted)
    expect("parameters by factor of decay", groups, {1.0: len(wanted) - norms, 0.0: norms})
    defaults = optimizer.defaults
    expect("AdamW", [defaults[k] for k in ("lr", "betas", "eps", "weight_decay")], [2e-4, (0.9, 0.95), 1e-8, 0.1])
    sys.path.insert(0, ".")
    import elo_texts as texts

    section = config.dataset.to_dict()
    section.pop("_target_")
    rows = texts.packed_rows(**section)
    expect("labels", rows[0]["labels"][:-1], rows[0]["input_ids"][1:])
    expect("length", {len(row["input_ids"]) for row in rows}, {512})
    return model, wanted


def ms_swift(folder):
    from swift.arguments import PretrainArguments
    from swift.cli.main import parse_yaml_args
    from swift.utils import activate_parameters, freeze_parameters
    from transformers import HfArgumentParser

    # Here without a GPU, which the recipe's bf16 asks for.
    words = ["ms-swift.yaml", "--bf16", "false", "--use_cpu", "true"]
    parse_yaml_args(words)
    sys.path.insert(0, ".")
    (arguments, rest) = HfArgumentParser([PretrainArguments]).parse_args_into_dataclasses(
        words, return_remaining_strings=True
    )
    expect("words that are not known", rest, [])
    shared_settings(arguments)
    expect("packing", (arguments.packing, arguments.packing_length), (True, 512))
    model, wanted = detached(arguments.model)
    freeze_parameters(model, arguments.freeze_parameters_ratio, arguments.freeze_parameters)
    activate_parameters(model, arguments.trainable_parameters)
    if arguments.callbacks:
        from swift.callbacks import callbacks_map

        bridges = callbacks_map[arguments.callbacks[0]](arguments, None)
        forward_differs(model, folder, lambda: bridges.on_init_end(arguments, None, None, model=model))
    return model, wanted


def trl(folder):
    sys.path.insert(0, ".")
    import train

    model, wanted = detached(train.MODEL)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(train.TRAINED))
    if train.BRIDGES is not None:
        from elo_bridge import add_bridges

        forward_differs(model, folder, lambda: add_bridges(model, train.LAYERS, train.BRIDGES))
    return model, wanted


def mlx(folder):
    import types

    import mlx.core as mx
    import yaml
    from mlx.utils import tree_flatten
    from mlx_lm import lora
    from mlx_lm.tuner.utils import build_schedule

    mx.set_default_device(mx.cpu)
    settings = vars(lora.build_parser().parse_args(["--config", "mlx.yaml"]))
    config = yaml.load(Path("mlx.yaml").read_text(), lora.yaml_loader)
    expect("keys that mlx-lm does not know", set(config) - set(settings) - set(lora.CONFIG_DEFAULTS), set())
    settings.update(config)
    arguments = types.SimpleNamespace(**{**lora.CONFIG_DEFAULTS, **{k: v for k, v in settings.items() if v is not None}})
    rate = build_schedule(arguments.lr_schedule)
    expect("rates", [round(float(rate(s)), 7) for s in (0, 5, 10, 61)], [0.0, 1e-4, 2e-4, 2e-5])
    _, wanted = detached(arguments.model)
    ids = mx.arange(20, 40)[None]
    plain, _ = lora.load(arguments.model)
    plain.set_dtype(mx.float32)
    sys.path.insert(0, ".")
    import train

    model, _ = lora.load(arguments.model)
    if train.BRIDGES:
        expect("the bridge changes logits", mx.abs(model(ids) - plain(ids)).max().item() > 1e-3, True)
    # What mlx_lm.lora does before it trains.
    model.freeze()
    for layer in model.layers[-max(arguments.num_layers, 0) :]:
        layer.unfreeze()
    names = [name for name, _ in tree_flatten(model.trainable_parameters())]
    expect("parameters that train", sorted(names), sorted(wanted))
    train_set, _, _ = lora.load_dataset(arguments, lora.load(arguments.model)[1])
    expect("there are texts", len(train_set) > 0, True)
    return names, wanted


TRAINERS = {
    "axolotl": (axolotl, "axolotl"),
    "llamafactory": (llamafactory, "llamafactory"),
    "nemo": (nemo, "nemo-automodel"),
    "ms-swift": (ms_swift, "ms-swift"),
    "trl": (trl, "trl"),
    "mlx": (mlx, "mlx-lm"),
}


def check(name, folder):
    os.chdir(folder)
    function, package = TRAINERS[name]
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        print(f"{name}: {package} is not installed, not checked")
        return
    model, wanted = function(folder)
    names = model if isinstance(model, list) else trained(model)
    expect("parameters that train", sorted(names), sorted(wanted))
    print(f"{name}: {package} {version} parses the recipe and trains {len(names)} parameters, those of the layers:")
    for place in names:
        print(f"    {place}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        check(sys.argv[1], sys.argv[2])
        sys.exit()
    failed = []
    for name in TRAINERS:
        folder = Path(sys.argv[1], name).resolve()
        if not folder.exists():
            print(f"{name}: there is no {folder}, not checked")
            continue
        # Each in a process of its own: the packages change each other's settings.
        if subprocess.run([sys.executable, __file__, name, str(folder)]).returncode != 0:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all that is installed agrees")
    sys.exit(1 if failed else 0)
