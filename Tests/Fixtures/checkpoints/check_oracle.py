"""Checks detach against transformers, for every family here, and writes expected_edits.json.

    python check_oracle.py path/to/elo-surgeon [family ...]

The oracle: logits of the detached checkpoint equal, exactly, those of the whole one whose skipped layers have the
projections that write to the residual stream set to zero (weights and biases). Both load in the class that config.json
names, with no missing and no unexpected keys. Then attach(detach(x)) must be x, byte for byte and file by file, and a
restack with identity copies must leave the logits exactly as they are. Decoders beside a vision tower see text, and an
image where IMAGES says how.

expected_edits.json keeps, for what passed, the config edits that detach made, and for what detach refused its words;
the tests compare with it, so that they need no Python. Exit status 1 when anything was neither exact nor refused.
Written with transformers 5.23.0, torch 2.15.0 and safetensors 0.8.0.
"""

import filecmp
import json
import pathlib
import subprocess
import sys
import tempfile

import safetensors.torch
import torch
import transformers

HERE = pathlib.Path(__file__).parent
LAYERS = 6
SELECTIONS = ["first,last", "0,2,3,5", "1...3", "1,4,5"]
OUTPUTS = {"o_proj", "down_proj", "c_proj", "dense", "dense_4h_to_h", "out_proj", "w2", "fc2", "fc_out", "linear_out",
           "output_linear", "down_proj_bias"}
# Layers that zeroed projections do not silence: experts that hand their input on, a factor behind the residual stream.
BYPASSED = {"longcat_flash", "gemma4", "gemma4_text"}
TEXT = torch.tensor([[1, 5, 9, 3, 17, 19, 4, 8, 8, 2]])
SEEING = torch.tensor([[1, 5, 22, 20, 20, 20, 20, 23, 8, 2]])
PATCHES = dict(pixel_values=torch.linspace(-1, 1, 16 * 24).reshape(16, 24), image_grid_thw=torch.tensor([[1, 4, 4]]),
               mm_token_type_ids=(SEEING == 20).int())
PICTURE = dict(pixel_values=torch.linspace(-1, 1, 48).reshape(1, 3, 4, 4))
IMAGES = {
    "gemma3": dict(PICTURE, token_type_ids=(SEEING == 20).long()), "qwen2_vl": PATCHES, "qwen2_5_vl": PATCHES,
    "mllama": dict(cross_attention_states=torch.linspace(-1, 1, 40).reshape(1, 5, 8)),
}


def load(directory):
    sees = "vision_config" in json.loads((directory / "config.json").read_text())
    auto = transformers.AutoModelForImageTextToText if sees else transformers.AutoModelForCausalLM
    model, info = auto.from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    problems = [f"{key} {sorted(info[key])[:3]}" for key in ("missing_keys", "unexpected_keys", "mismatched_keys")
                if info[key]]
    named = json.loads((directory / "config.json").read_text())["architectures"]
    if [type(model).__name__] != named:
        problems.append(f"{type(model).__name__} loads what {named} wrote")
    # Loaded tensors lie where the file has them; other alignments make kernels sum in another order.
    for tensor in [*model.parameters(), *model.buffers()]:
        tensor.data = tensor.data.clone()
    return model.eval(), problems


def logits(model, family):
    with torch.no_grad():
        seen = [model(TEXT, use_cache=False).logits]
        if family in IMAGES:
            seen.append(model(SEEING, use_cache=False, **IMAGES[family]).logits)
    return torch.cat(seen)


def decoder_layers(model):
    lists = [module for name, module in model.named_modules()
             if isinstance(module, torch.nn.ModuleList) and len(module) == LAYERS
             and not any(other in name for other in ("expert", "vision", "visual"))]
    return lists[0]


def silence(layer, family):
    if family in BYPASSED:
        layer.forward = lambda hidden_states, *_, **__: hidden_states
    for key, parameter in layer.named_parameters():
        if OUTPUTS & set(key.split(".")):
            parameter.zero_()


def difference(a, b):
    if torch.isfinite(a).all() and torch.equal(a, b):
        return []
    return [f"logits differ by {(a - b).abs().max().item()}"]


def tower_differences(base, detached):
    """Tensors of other towers must be the base's, bit for bit and by name."""
    old, new = (safetensors.torch.load_file(path / "model.safetensors") for path in (base, detached))
    towers = [name for name in old if "vis" in name or "projector" in name]
    return [f"{name} differs" for name in towers if name not in new or not torch.equal(old[name], new[name])]


def check(binary, family, selection, base, scratch):
    out = scratch / "detached"
    made = subprocess.run([binary, "detach", str(base), "--layers", selection, "--output", str(out), "--format", "json"],
                          capture_output=True, text=True)
    if made.returncode:
        return "refused: " + made.stderr.strip(), None
    plan = json.loads(made.stdout)
    full, problems = load(base)
    cut, more = load(out)
    problems = [f"base {p}" for p in problems] + [f"detached {p}" for p in more]
    with torch.no_grad():
        for index, layer in enumerate(decoder_layers(full)):
            if index not in plan["layers"]:
                silence(layer, family)
    problems += difference(logits(full, family), logits(cut, family)) + tower_differences(base, out)
    whole = scratch / "attached"
    back = subprocess.run([binary, "attach", str(out), "--to", str(base), "--output", str(whole)],
                          capture_output=True, text=True)
    if back.returncode:
        problems.append(back.stderr.strip())
    else:
        names = sorted(str(p.relative_to(base)) for p in base.rglob("*") if p.is_file())
        if names != sorted(str(p.relative_to(whole)) for p in whole.rglob("*") if p.is_file()):
            problems.append("attach: other files")
        elif filecmp.cmpfiles(base, whole, names, shallow=False)[0] != names:
            problems.append("attach: other bytes")
    return "; ".join(problems) or None, plan["config"]


def check_identity(binary, family, base, scratch):
    """Repeated layers with zeroed output projections leave the logits exactly as they were."""
    out = scratch / "expanded"
    made = subprocess.run([binary, "restack", str(base), "--order", "0,1,1,2...5,5", "--identity", "--output", str(out)],
                          capture_output=True, text=True)
    if made.returncode:
        return "refused: " + made.stderr.strip()
    first, problems = load(base)
    second, more = load(out)
    return "; ".join(problems + more + difference(logits(first, family), logits(second, family))) or None


def main():
    transformers.logging.set_verbosity(transformers.logging.CRITICAL)
    transformers.logging.disable_progress_bar()
    binary, families = sys.argv[1], sys.argv[2:]
    path = HERE / "expected_edits.json"
    expected = json.loads(path.read_text()) if path.exists() and families else {}
    failed = False
    for base in sorted(HERE.iterdir()):
        if not (base / "config.json").exists() or (families and base.name not in families):
            continue
        for selection in SELECTIONS + ["identity"]:
            with tempfile.TemporaryDirectory() as scratch:
                scratch = pathlib.Path(scratch)
                try:
                    if selection == "identity":
                        problem, edits = check_identity(binary, base.name, base, scratch), None
                    else:
                        problem, edits = check(binary, base.name, selection, base, scratch)
                except Exception as error:
                    problem, edits = f"{type(error).__name__}: {str(error)[:300]}", None
            print(f"{base.name:20} {selection:12} {problem or 'exact'}", flush=True)
            is_refused = (problem or "").startswith("refused: ")
            failed |= problem is not None and not is_refused
            if selection == "identity":
                continue
            results = expected.setdefault(base.name, {})
            results.pop(selection, None)
            if problem is None:
                results[selection] = {edit["key"]: json.loads(edit["new"]) for edit in edits}
            elif is_refused:
                results[selection] = {"refused": problem.split("error: ", 1)[-1].removeprefix("refused: ")}
    path.write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
