#!/usr/bin/env python3
"""Makes bootstrap.json with SciPy (Debian: python3-scipy 1.10.1, python3-numpy 1.24.2). Seed 20240301.

    python3 make_bootstrap.py        writes bootstrap.json beside itself

Each sample comes with the ends of scipy.stats.bootstrap's 95 % interval of the mean (method BCa, 200,000 resamples). The draws are SciPy's own, so that
the ends agree to the error of the draws: the test that reads it allows 1.5 % of the interval's length.
"""
import json
import os

import numpy as np
import scipy
from scipy import stats

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    random = np.random.default_rng(20240301)
    samples = {
        "normal, 40": random.normal(0.3, 2.0, 40),
        "skewed to the right, 25": random.exponential(1.0, 25) ** 2,
        "skewed to the left, 60": 1 - random.beta(1, 8, 60),
        "similarities, 200": random.beta(5, 3, 200),
        "heavy tails, 80": random.standard_t(3, 80),
    }
    cases = []
    for name, values in samples.items():
        values = np.round(values, 6)
        found = stats.bootstrap((values,), np.mean, n_resamples=200000, batch=1000, method="BCa", random_state=7, vectorized=True).confidence_interval
        plain = stats.bootstrap((values,), np.mean, n_resamples=200000, batch=1000, method="percentile", random_state=7, vectorized=True).confidence_interval
        cases.append({"name": name, "values": values.tolist(), "low": found.low, "high": found.high, "percentileLow": plain.low, "percentileHigh": plain.high})
    with open(os.path.join(HERE, "bootstrap.json"), "w", encoding="utf-8") as file:
        json.dump({"scipy": scipy.__version__, "numpy": np.__version__, "cases": cases}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
