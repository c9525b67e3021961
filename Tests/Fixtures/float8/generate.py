"""Writes matrices in fp8 with the values that torch makes of them.

    python Tests/Fixtures/float8/generate.py

Made with torch 2.15.0 and safetensors 0.8.0; seed 0. blocks.safetensors holds
    codes.weight, codes.weight_scale_inv      F8_E4M3 [16, 16] of all 256 codes, F32 [1, 1]: blocks of 128 x 128 that it does not fill
    uneven.weight, uneven.weight_scale_inv    F8_E4M3 [7, 10], BF16 [3, 3]: blocks of 3 x 4, the last ones cut
    single.weight, single.weight_scale_inv    F8_E4M3 [5, 3], F32 scalar
    NAME.expected                             F32: element times scale, as transformers dequantises (its blocks padded)
"""

import pathlib

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent


def expected(weight, scale, block):
    rows, columns = weight.shape
    grid = scale.float().repeat_interleave(block[0], 0).repeat_interleave(block[1], 1)[:rows, :columns]
    return weight.float() * grid


def main():
    torch.manual_seed(0)
    codes = torch.arange(256, dtype=torch.uint8).view(16, 16).view(torch.float8_e4m3fn)
    uneven = torch.randn(7, 10).to(torch.float8_e4m3fn)
    single = torch.randn(5, 3).to(torch.float8_e4m3fn)
    scales = {
        "codes": torch.rand(1, 1) + 0.1, "uneven": (torch.rand(3, 3) + 0.1).bfloat16(), "single": torch.tensor(0.0123)}
    tensors = {}
    for name, weight, block in (("codes", codes, (128, 128)), ("uneven", uneven, (3, 4)), ("single", single, (5, 3))):
        scale = scales[name]
        tensors |= {f"{name}.weight": weight, f"{name}.weight_scale_inv": scale}
        tensors[f"{name}.expected"] = expected(weight, scale.view(1, 1) if scale.ndim == 0 else scale, block)
    save_file(tensors, HERE / "blocks.safetensors")


if __name__ == "__main__":
    main()
