"""What `elo-surgeon evaluate` must agree with: summed nll of documents, computed by transformers in float32.

    python Benchmarks/reference_nll.py CHECKPOINT NAME=FILE.jsonl ... [--documents 10] [--context 2048] > reference.json

Made with torch 2.15.0, transformers 5.23.0, tokenizers 0.23.3. Every token of a document is scored once: windows of
`context` inputs, the first behind the prefix token, the last one reaching back to fill the context.
"""

import argparse
import json
import pathlib
import sys

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM


def prefix_token(directory, tokenizer):
    """BOS of tokenizer_config.json, else of config.json, else EOS of either."""
    config = json.loads((directory / "config.json").read_text())
    path = directory / "tokenizer_config.json"
    spelled = json.loads(path.read_text()) if path.exists() else {}
    for kind in ("bos_token", "eos_token"):
        token = spelled.get(kind)
        token = token["content"] if isinstance(token, dict) else token
        for found in (token and tokenizer.token_to_id(token), config.get(kind + "_id")):
            if found is not None:
                return found if isinstance(found, int) else found[0]
    sys.exit(f"{directory}: neither a BOS nor an EOS token")


def windows(tokens, prefix, context):
    """Pairs of inputs and the targets of their last positions."""
    first = min(context, len(tokens))
    yield [prefix] + tokens[: first - 1], tokens[:first]
    done = first
    while done < len(tokens):
        end = min(done + context, len(tokens))
        yield tokens[end - context - 1 : end - 1], tokens[done:end]
        done = end


@torch.no_grad()
def document_nll(model, tokens, prefix, context):
    total = 0.0
    for inputs, targets in windows(tokens, prefix, context) if tokens else ():
        logits = model(torch.tensor([inputs]), use_cache=False, logits_to_keep=len(targets)).logits[0]
        total += torch.nn.functional.cross_entropy(logits, torch.tensor(targets), reduction="none").double().sum().item()
    return total


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("texts", nargs="+", metavar="NAME=FILE.jsonl")
    parser.add_argument("--documents", type=int, default=10)
    parser.add_argument("--context", type=int, default=2048)
    options = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(options.checkpoint / "tokenizer.json"))
    model = AutoModelForCausalLM.from_pretrained(options.checkpoint, dtype=torch.float32, attn_implementation="eager").eval()
    prefix = prefix_token(options.checkpoint, tokenizer)
    result = {"context": options.context, "prefix": prefix, "texts": []}
    for text in options.texts:
        name, path = text.split("=", 1)
        with open(path, encoding="utf-8") as lines:
            documents = [json.loads(line)["text"] for line, _ in zip(lines, range(options.documents))]
        scored = []
        for document in documents:
            tokens = tokenizer.encode(document, add_special_tokens=False).ids
            nll = document_nll(model, tokens, prefix, options.context)
            scored.append({"tokens": len(tokens), "bytes": len(document.encode()), "nll": nll})
        total = {key: sum(document[key] for document in scored) for key in ("tokens", "bytes", "nll")}
        result["texts"].append({"name": name, **total, "documents": scored})
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
