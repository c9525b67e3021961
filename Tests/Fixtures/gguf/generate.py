#!/usr/bin/env python3
"""Makes the GGUF fixtures beside this file.

Made with accelerate 1.15.0, gguf 0.19.0, numpy 2.4.6, safetensors 0.8.0, tokenizers 0.23.3, torch 2.15.0 and
transformers 5.23.0, on a little-endian machine, seed 20261123.

    types.gguf, types.safetensors   one tensor of every type that is read, formed from random blocks, and its elements
                                    as gguf-py's `quants.dequantize` gives them; metadata of every type
    tied.gguf, tied-*.safetensors   a tiny Llama with grouped queries and a tied head, its tokenizer SmolLM's kind, and
                                    what transformers makes of it in f32, f16 and bf16
    untied.gguf, untied-F32...      a tiny Llama with its own head, Llama 3's frequency scaling, Llama 3's tokenizer kind
    *-tokenizer.json                the tokenizers that the two files were made from, as the library `tokenizers` saves
                                    them

The script also loads untied.gguf and tied.gguf with transformers and checks that the fixtures agree with it.
"""

import json
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaForCausalLM

HERE = Path(__file__).parent
random = np.random.default_rng(20261123)

HALVES_AT = {
    Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0], Type.Q4_K: [0, 2],
    Type.Q5_K: [0, 2], Type.Q6_K: [208],
}


def random_halves(count):
    """Finite halves of every exponent, subnormal ones and both zeros among them."""
    bits = random.integers(0, 0x7C00, count, dtype=np.uint16) | (random.integers(0, 2, count, dtype=np.uint16) << 15)
    bits[:4] = [0x0000, 0x8000, 0x0001, 0x7BFF][: min(4, count)]
    return bits.astype(np.uint16)


def random_blocks(kind, rows, columns):
    block, size = gguf.GGML_QUANT_SIZES[kind]
    count = rows * columns // block
    blocks = random.integers(0, 256, (count, size), dtype=np.uint8)
    for offset in HALVES_AT[kind]:
        blocks[:, offset : offset + 2] = random_halves(count).view(np.uint8).reshape(count, 2)
    return blocks.reshape(rows, -1)


def write_types():
    writer = gguf.GGUFWriter(HERE / "types.gguf", "none")
    writer.add_custom_alignment(64)
    writer.add_uint8("test.u8", 200)
    writer.add_int8("test.i8", -100)
    writer.add_uint16("test.u16", 60000)
    writer.add_int16("test.i16", -30000)
    writer.add_uint32("test.u32", 4_000_000_000)
    writer.add_int32("test.i32", -2_000_000_000)
    writer.add_uint64("test.u64", 2**64 - 1)
    writer.add_int64("test.i64", -(2**63))
    writer.add_float32("test.f32", 0.1)
    writer.add_float64("test.f64", 0.1)
    writer.add_bool("test.bool", True)
    writer.add_string("test.string", "Grüße, 세계 👋🏽")
    writer.add_array("test.integers", [1, -2, 3])
    writer.add_array("test.strings", ["", "a", "ß"])
    writer.add_array("test.nested", [[1, 2], [3]])
    expected = {}
    rows, columns = 3, 512
    for kind in HALVES_AT:
        raw = random_blocks(kind, rows, columns)
        writer.add_tensor(f"test.{kind.name}", raw, raw_dtype=kind)
        expected[f"test.{kind.name}"] = gguf.quants.dequantize(raw, kind)
    f32 = random.integers(0, 2**32, (5, 7), dtype=np.uint32)
    f32[(f32 & 0x7F800000) == 0x7F800000] = 0x7F800000
    f16 = np.concatenate([np.arange(0, 0x7C01, 13), np.arange(0x8000, 0xFC01, 13), [0x7C00, 0xFC00, 0x7E00]])
    bf16 = random.integers(0, 2**16, (2, 300), dtype=np.uint16)
    for name, kind, raw in [
        ("F32", Type.F32, f32.view(np.float32)), ("F16", Type.F16, f16.astype(np.uint16).view(np.float16)),
        ("BF16", Type.BF16, bf16.view(np.uint8)),
    ]:
        writer.add_tensor(f"test.{name}", raw, raw_dtype=kind)
        expected[f"test.{name}"] = gguf.quants.dequantize(raw, kind).astype(np.float32, copy=False)
    finish(writer)
    save_file(expected, HERE / "types.safetensors")
    (HERE / "types.safetensors").chmod(0o644)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


CORPUS = ["the layer that matters in the middle", "die Schicht, die in der Mitte zählt", "12 345 layers and 6 more"] * 3
LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train_tokenizer(like):
    tokenizer = Tokenizer(models.BPE(ignore_merges=like == "llama-bpe"))
    if like == "smollm":
        steps = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    else:
        steps = [
            pre_tokenizers.Split(Regex(LLAMA3_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False)
    special = [AddedToken(text, special=True, normalized=False) for text in ["<|begin|>", "<|end|>", "<|turn|>"]]
    trainer = trainers.BpeTrainer(
        vocab_size=299, special_tokens=special, show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_tokens([AddedToken("<tool>", special=False, normalized=False)])
    byte_level = processors.ByteLevel(add_prefix_space=False)
    if like == "smollm":
        tokenizer.post_processor = byte_level
    else:
        template = processors.TemplateProcessing(
            single="<|begin|> $A", pair="<|begin|> $A <|begin|>:1 $B:1", special_tokens=[("<|begin|>", 0)])
        tokenizer.post_processor = processors.Sequence([byte_level, template])
    return tokenizer


def permute(weight, heads):
    """The order of llama.cpp's rows, from the original's."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def unpermute(weight, heads):
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


LAYERS, WIDTH, HEADS, KV_HEADS, INNER, VOCABULARY = 2, 64, 4, 2, 96, 304


def write_llama(name, like, kinds, tied):
    tokenizer = train_tokenizer(like)
    tokenizer.save(str(HERE / f"{name}-tokenizer.json"))
    writer = gguf.GGUFWriter(HERE / f"{name}.gguf", "llama")
    writer.add_block_count(LAYERS)
    writer.add_context_length(256)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(500000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(VOCABULARY)
    write_vocabulary(writer, tokenizer, like)

    head_size = WIDTH // HEADS
    shapes = {"token_embd.weight": (VOCABULARY, WIDTH)}
    for layer in range(LAYERS):
        prefix = f"blk.{layer}."
        shapes |= {
            prefix + "attn_norm.weight": (WIDTH,), prefix + "ffn_norm.weight": (WIDTH,),
            prefix + "attn_q.weight": (WIDTH, WIDTH), prefix + "attn_k.weight": (KV_HEADS * head_size, WIDTH),
            prefix + "attn_v.weight": (KV_HEADS * head_size, WIDTH), prefix + "attn_output.weight": (WIDTH, WIDTH),
            prefix + "ffn_gate.weight": (INNER, WIDTH), prefix + "ffn_up.weight": (INNER, WIDTH),
            prefix + "ffn_down.weight": (WIDTH, INNER),
        }
    shapes["output_norm.weight"] = (WIDTH,)
    if not tied:
        shapes["output.weight"] = (VOCABULARY, WIDTH)
    converted = {}
    for index, (tensor, shape) in enumerate(shapes.items()):
        values = (random.standard_normal(shape) * 0.2 + (len(shape) == 1)).astype(np.float32)
        heads = {"attn_q": HEADS, "attn_k": KV_HEADS}.get(tensor.split(".")[-2])
        if heads:
            values = permute(values, heads)
        kind = Type.F32 if len(shape) == 1 else kinds[index % len(kinds)]
        raw = gguf.quants.quantize(values, kind)
        writer.add_tensor(tensor, raw, raw_dtype=kind)
        stored = gguf.quants.dequantize(raw, kind).astype(np.float32)
        converted[checkpoint_name(tensor)] = unpermute(stored, heads) if heads else stored
    if like == "llama-bpe":
        writer.add_tensor("rope_freqs.weight", llama3_divisors(500000.0, head_size, 8.0))
    finish(writer)
    check_against_transformers(name, converted, tied)
    for dtype, torch_type in [("F32", torch.float32), ("F16", torch.float16), ("BF16", torch.bfloat16)]:
        if dtype != "F32" and not tied:
            continue
        tensors = {k: torch.from_numpy(np.ascontiguousarray(v)).to(torch_type) for k, v in converted.items()}
        save_torch(tensors, HERE / f"{name}-{dtype}.safetensors", metadata={"format": "pt"})
        (HERE / f"{name}-{dtype}.safetensors").chmod(0o644)


def write_vocabulary(writer, tokenizer, like):
    model = json.loads(tokenizer.to_str())["model"]
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    tokens = sorted(vocabulary, key=vocabulary.get)
    kinds = [gguf.TokenType.CONTROL if token.startswith("<|") else gguf.TokenType.NORMAL for token in tokens]
    kinds[vocabulary["<tool>"]] = gguf.TokenType.USER_DEFINED
    # As llama.cpp's converter fills up an embedding that has more rows than there are tokens.
    for index in range(len(tokens), VOCABULARY):
        tokens.append(f"[PAD{index}]")
        kinds.append(gguf.TokenType.UNUSED)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(like)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in model["merges"]])
    writer.add_bos_token_id(vocabulary["<|begin|>"])
    writer.add_eos_token_id(vocabulary["<|end|>"])
    writer.add_eot_token_id(vocabulary["<|turn|>"])
    writer.add_add_bos_token(like == "llama-bpe")
    writer.add_chat_template("{% for message in messages %}{{ message['content'] }}<|turn|>\n{% endfor %}")


def llama3_divisors(base, head_size, factor, low=1.0, high=4.0, positions=8192):
    """The rule of `_compute_llama3_parameters` in transformers, as llama.cpp's converter stores it."""
    frequencies = 1.0 / base ** (np.arange(0, head_size, 2) / head_size)
    divisors = []
    for frequency in frequencies:
        wavelength = 2 * np.pi / frequency
        if wavelength < positions / high:
            divisors.append(1.0)
        elif wavelength > positions / low:
            divisors.append(factor)
        else:
            smooth = (positions / wavelength - low) / (high - low)
            divisors.append(1 / ((1 - smooth) / factor + smooth))
    return np.array(divisors, dtype=np.float32)


def checkpoint_name(tensor):
    outer = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
    inner = {
        "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
        "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    }
    parts = tensor.split(".")
    if parts[0] == "blk":
        return f"model.layers.{parts[1]}.{inner[parts[2]]}.weight"
    return f"{outer[parts[0]]}.weight"


def check_against_transformers(name, converted, tied):
    model = LlamaForCausalLM.from_pretrained(HERE, gguf_file=f"{name}.gguf", dtype=torch.float32)
    state = model.state_dict()
    if tied:
        state.pop("lm_head.weight", None)
    assert state.keys() == converted.keys(), state.keys() ^ converted.keys()
    for key, value in state.items():
        assert np.array_equal(value.numpy(), converted[key]), key


if __name__ == "__main__":
    write_types()
    write_llama("tied", "smollm", [Type.Q8_0, Type.Q4_1, Type.F16], tied=True)
    write_llama("untied", "llama-bpe", [Type.Q5_0, Type.BF16, Type.Q4_0, Type.Q5_1], tied=False)
