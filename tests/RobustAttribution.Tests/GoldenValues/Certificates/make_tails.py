#!/usr/bin/env python3
"""Makes tails.json with exact rational arithmetic and mpmath 1.3.0 (50 digits) for the logarithms and the normal quantiles.

    python3 make_tails.py        writes tails.json beside itself

"tails": ln P(X >= c) of the binomial distribution B(n, p), p the float64 nearest to the number written. What scipy.stats.binom.logsf(c - 1, n, p) is
defined as. "quantiles": the inverse of the standard normal distribution function, scipy.stats.norm.ppf(p). Tolerance of the test that reads it: 1e-11
relative.
"""
import json
import os
from fractions import Fraction

from mpmath import erfinv, log, mp, mpf, sqrt

mp.dps = 50
HERE = os.path.dirname(os.path.abspath(__file__))


def log_tail(n, p, c):
    p = Fraction(p)
    mass = p**n
    total = mass
    for k in range(n - 1, c - 1, -1):
        mass *= Fraction(k + 1, n - k) * (1 - p) / p
        total += mass
    return float(log(mpf(total.numerator)) - log(mpf(total.denominator)))


def quantile(p):
    return float(sqrt(mpf(2)) * erfinv(2 * mpf(p) - 1))


cases = [
    (n, p, c)
    for n, counts in [(1, [0, 1]), (20, [0, 1, 10, 19, 20]), (100, [40, 75, 80, 93, 100]), (1000, [500, 700, 760, 830, 1000])]
    for p in [0.5, 0.6, 0.75, 0.9, 0.999]
    for c in counts
]
tails = [{"n": n, "p": p, "c": c, "logTail": log_tail(n, p, c)} for n, p, c in cases]
quantiles = [{"p": p, "z": quantile(p)} for p in [0.5, 0.5000001, 0.6, 0.75, 0.9, 0.975, 0.999, 0.9999999]]
with open(os.path.join(HERE, "tails.json"), "w", encoding="utf-8") as file:
    json.dump({"tails": tails, "quantiles": quantiles}, file, indent=1)
    file.write("\n")
