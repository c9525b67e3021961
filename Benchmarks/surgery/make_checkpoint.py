"""Writes a synthetic Llama checkpoint of about 8 GB in bf16 shards of about 1 GB, with numpy alone.

    python make_checkpoint.py DIRECTORY [--layers 19]

Weights are slices of one pool of normal numbers (seed 3), so that making them costs little and every value is finite;
the tokenizer is a text file of 2 MB that only has to be carried along. numpy 2 was used.
"""

import argparse
import json
import pathlib
import struct

import numpy

WIDTH, INNER, VOCABULARY, HEADS, KEY_HEADS = 4096, 11008, 32000, 32, 32
SHARD_BYTES = 1 << 30


def shapes(layers):
    yield "model.embed_tokens.weight", (VOCABULARY, WIDTH)
    for layer in range(layers):
        prefix = f"model.layers.{layer}."
        yield prefix + "input_layernorm.weight", (WIDTH,)
        for part in ("q", "k", "v", "o"):
            yield f"{prefix}self_attn.{part}_proj.weight", (WIDTH, WIDTH)
        yield prefix + "post_attention_layernorm.weight", (WIDTH,)
        yield prefix + "mlp.gate_proj.weight", (INNER, WIDTH)
        yield prefix + "mlp.up_proj.weight", (INNER, WIDTH)
        yield prefix + "mlp.down_proj.weight", (WIDTH, INNER)
    yield "model.norm.weight", (WIDTH,)
    yield "lm_head.weight", (VOCABULARY, WIDTH)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--layers", type=int, default=19)
    options = parser.parse_args()
    options.directory.mkdir(parents=True)
    random = numpy.random.default_rng(3)
    floats = random.standard_normal(1 << 26, dtype=numpy.float32) * numpy.float32(0.02)
    pool = (floats.view(numpy.uint32) >> 16).astype(numpy.uint16)

    shards, size = [[]], 0
    for name, shape in shapes(options.layers):
        count = 2 * int(numpy.prod(shape))
        if size and size + count > SHARD_BYTES:
            shards.append([])
            size = 0
        shards[-1].append((name, shape, count))
        size += count
    places, total = {}, 0
    for number, tensors in enumerate(shards, 1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        header, offset = {"__metadata__": {"format": "pt"}}, 0
        for name, shape, count in tensors:
            header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [offset, offset + count]}
            places[name] = file
            offset += count
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(options.directory / file, "wb") as output:
            output.write(struct.pack("<Q", len(text)) + text)
            for _, _, count in tensors:
                values = count // 2
                while values:
                    start = int(random.integers(0, len(pool) // 2))
                    piece = pool[start : start + min(values, len(pool) - start)]
                    output.write(piece.tobytes())
                    values -= len(piece)
        total += offset
    index = {"metadata": {"total_size": total}, "weight_map": places}
    (options.directory / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": VOCABULARY, "hidden_size": WIDTH,
        "intermediate_size": INNER, "num_hidden_layers": options.layers, "num_attention_heads": HEADS,
        "num_key_value_heads": KEY_HEADS, "hidden_act": "silu", "max_position_embeddings": 4096, "rms_norm_eps": 1e-05,
        "rope_theta": 10000.0, "tie_word_embeddings": False, "torch_dtype": "bfloat16", "bos_token_id": 1,
        "eos_token_id": 2,
    }
    (options.directory / "config.json").write_text(json.dumps(config, indent=2))
    (options.directory / "tokenizer.model").write_bytes(random.bytes(2 << 20))
    print(f"{total / 1e9:.2f} GB in {len(shards)} shards")


if __name__ == "__main__":
    main()
