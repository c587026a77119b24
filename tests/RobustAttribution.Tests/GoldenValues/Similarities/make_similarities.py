#!/usr/bin/env python3
"""Makes similarities.json with SciPy (Debian: python3-scipy 1.10.1, python3-numpy 1.24.2). Seed 20240229.

    python3 make_similarities.py        writes similarities.json beside itself

Each pair of maps comes with scipy.stats' Kendall tau-b, Spearman and Pearson, scipy.spatial's cosine distance, scipy.ndimage's centre of mass, and SSIM
written here with one two-dimensional window (the library filters rows and columns one after the other). Tolerance of the test that reads it: 1e-12; made
again on another processor, no value moves by more than 1.7e-14.
"""
import json
import os

import numpy as np
import scipy
from scipy import ndimage, stats
from scipy.spatial import distance

HERE = os.path.dirname(os.path.abspath(__file__))


def ssim(a, b, window, sigma):
    axis = np.arange(window) - window // 2
    kernel = np.ones((window, window)) if sigma is None else np.exp(-(axis[:, None] ** 2 + axis[None, :] ** 2) / (2 * sigma**2))
    kernel /= kernel.sum()
    border = window // 2

    def mean(values):
        return ndimage.correlate(values, kernel, mode="constant")[border:-border, border:-border]

    span = max(a.max(), b.max()) - min(a.min(), b.min())
    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    mu_a, mu_b = mean(a), mean(b)
    var_a, var_b, cov = mean(a * a) - mu_a**2, mean(b * b) - mu_b**2, mean(a * b) - mu_a * mu_b
    return float(np.mean((2 * mu_a * mu_b + c1) * (2 * cov + c2) / ((mu_a**2 + mu_b**2 + c1) * (var_a + var_b + c2))))


def compare(name, a, b):
    x, y = a.ravel(), b.ravel()
    centre = np.array(ndimage.center_of_mass(np.abs(a))) - np.array(ndimage.center_of_mass(np.abs(b)))
    return {
        "name": name, "height": a.shape[0], "width": a.shape[1], "a": x.tolist(), "b": y.tolist(),
        "kendall": float(stats.kendalltau(x, y).statistic), "spearman": float(stats.spearmanr(x, y).statistic), "pearson": float(stats.pearsonr(x, y).statistic),
        "cosine": 1 - float(distance.cosine(x, y)), "meanSquaredError": float(np.mean((a - b) ** 2)), "centerOfMassShift": float(np.hypot(*centre)),
        "ssim": ssim(a, b, 7, 1.5), "ssimUniform5": ssim(a, b, 5, None),
    }


def main():
    random = np.random.default_rng(20240229)
    smooth = ndimage.gaussian_filter(random.standard_normal((17, 13)), 2)
    saliency = np.abs(ndimage.gaussian_filter(random.standard_normal((28, 28)), 1.5))
    ties = random.integers(0, 5, (11, 16)).astype(float)
    sparse = np.where(random.random((28, 28)) < 0.7, 0, random.random((28, 28)))
    pairs = [
        compare("unrelated", random.standard_normal((9, 10)), random.standard_normal((9, 10))),
        compare("smooth and noisy", smooth, smooth + 0.05 * random.standard_normal(smooth.shape)),
        compare("saliency, shifted", saliency / saliency.max(), np.roll(saliency, (1, 2), (0, 1)) / saliency.max()),
        compare("many ties", ties, np.clip(ties + random.integers(-1, 2, ties.shape), 0, 4)),
        compare("mostly zero", sparse, np.where(random.random((28, 28)) < 0.3, 0, sparse)),
        compare("opposite", smooth, -smooth),
    ]
    with open(os.path.join(HERE, "similarities.json"), "w", encoding="utf-8") as file:
        json.dump({"scipy": scipy.__version__, "numpy": np.__version__, "pairs": pairs}, file)
        file.write("\n")


if __name__ == "__main__":
    main()
