"""Checks detach against transformers, for every family here, and writes expected_edits.json.

    python check_oracle.py path/to/elo-surgeon [family ...]

The oracle: logits of the detached checkpoint equal, exactly, those of the whole one whose skipped layers have the
projections that write to the residual stream set to zero (weights and biases). Both load with no missing and no
unexpected keys. Then attach(detach(x)) must be x, byte for byte and file by file, and a restack with identity copies must leave the
logits exactly as they are.

expected_edits.json keeps, for what passed, the config edits that detach made; the tests compare with it, so that they
need no Python. Written with transformers 5.23.0 and torch 2.15.0.
"""

import filecmp
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers

HERE = pathlib.Path(__file__).parent
SELECTIONS = ["first,last", "0,2,3,5", "1...3"]
OUTPUTS = {"o_proj", "down_proj", "c_proj", "dense", "dense_4h_to_h", "out_proj", "w2", "fc2", "linear_out",
           "output_linear", "down_proj_bias"}


def load(directory):
    model, info = transformers.AutoModelForCausalLM.from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    problems = [f"{key} {sorted(info[key])[:3]}" for key in ("missing_keys", "unexpected_keys", "mismatched_keys")
                if info[key]]
    return model.eval(), problems


def decoder_layers(model, count):
    lists = [module for name, module in model.named_modules()
             if isinstance(module, torch.nn.ModuleList) and len(module) == count and "expert" not in name]
    return lists[0]


def check(binary, name, selection, base, scratch):
    out = scratch / "detached"
    made = subprocess.run([binary, "detach", str(base), "--layers", selection, "--output", str(out), "--format", "json"],
                          capture_output=True, text=True)
    if made.returncode:
        return "refused: " + made.stderr.strip(), None
    plan = json.loads(made.stdout)
    full, problems = load(base)
    cut, more = load(out)
    problems = [f"base {p}" for p in problems] + [f"detached {p}" for p in more]
    layers = decoder_layers(full, 6)
    with torch.no_grad():
        for index, layer in enumerate(layers):
            if index in plan["layers"]:
                continue
            for key, parameter in layer.named_parameters():
                if OUTPUTS & set(key.split(".")):
                    parameter.zero_()
        ids = torch.tensor([[1, 5, 9, 3, 17, 20, 4, 8, 8, 2]])
        a = full(ids, use_cache=False).logits
        b = cut(ids, use_cache=False).logits
    if not torch.isfinite(a).all() or not torch.equal(a, b):
        problems.append(f"logits differ by {(a - b).abs().max().item()}")
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


def check_identity(binary, base, scratch):
    """Repeated layers with zeroed output projections leave the logits exactly as they were."""
    out = scratch / "expanded"
    made = subprocess.run([binary, "restack", str(base), "--order", "0,1,1,2...5,5", "--identity", "--output", str(out)],
                          capture_output=True, text=True)
    if made.returncode:
        return "refused: " + made.stderr.strip()
    first, problems = load(base)
    second, more = load(out)
    with torch.no_grad():
        ids = torch.tensor([[1, 5, 9, 3, 17, 20, 4, 8, 8, 2]])
        a = first(ids, use_cache=False).logits
        b = second(ids, use_cache=False).logits
    # A family that divides by the root of the layer count rounds differently.
    if not torch.equal(a, b):
        more.append(f"logits differ by {(a - b).abs().max().item()}")
    return "; ".join(problems + more) or None


def main():
    transformers.logging.set_verbosity(transformers.logging.CRITICAL)
    transformers.logging.disable_progress_bar()
    binary, families = sys.argv[1], sys.argv[2:]
    path = HERE / "expected_edits.json"
    expected = json.loads(path.read_text()) if path.exists() and families else {}
    for base in sorted(HERE.iterdir()):
        if not (base / "config.json").exists() or (families and base.name not in families):
            continue
        for selection in SELECTIONS:
            with tempfile.TemporaryDirectory() as scratch:
                try:
                    problem, edits = check(binary, base.name, selection, base, pathlib.Path(scratch))
                except Exception as error:
                    problem, edits = f"{type(error).__name__}: {str(error)[:300]}", None
            print(f"{base.name:20} {selection:12} {problem or 'exact'}", flush=True)
            if problem is None:
                values = {edit["key"]: json.loads(edit["new"]) for edit in edits}
                expected.setdefault(base.name, {})[selection] = values
        with tempfile.TemporaryDirectory() as scratch:
            try:
                problem = check_identity(binary, base, pathlib.Path(scratch))
            except Exception as error:
                problem = f"{type(error).__name__}: {str(error)[:300]}"
        print(f"{base.name:20} {'identity':12} {problem or 'exact'}", flush=True)
    path.write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
