"""Draws what leaving a layer out costs, by layer and language, from an archive of `elo-surgeon probe`.

    python notebooks-data/draw_layers.py notebooks-data/smollm2-135m-de-en.h5 figure.svg

Needs h5py, numpy and matplotlib (tried with 3.16, 2.4 and 3.11). Bands are the mean plus and minus two standard errors over documents.
"""

import sys

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

archive, output = sys.argv[1:]
figure, axes = plt.subplots(figsize=(8, 4))
with h5py.File(archive) as file:
    score = file["scores/ablation_nats_per_byte"]
    # Texts in the order in which they were given: position 0 is the target.
    for name in sorted(file["texts"], key=lambda name: file["texts"][name].attrs["position"]):
        documents = score[name]["documents"][()]  # [documents, layers]
        mean = documents.mean(0)
        error = documents.std(0, ddof=1) / np.sqrt(len(documents))
        layers = np.arange(len(mean))
        (line,) = axes.plot(layers, mean, marker="o", markersize=3, label=f"{name}, {len(documents)} documents")
        axes.fill_between(layers, mean - 2 * error, mean + 2 * error, color=line.get_color(), alpha=0.2)
    axes.set(xlabel="layer", ylabel=f"loss without the layer ({score.attrs['unit'].decode()})")
axes.legend()
figure.savefig(output, bbox_inches="tight")
