#!/usr/bin/env python3
"""Draws eng/icon.png, the packages' icon: a saliency map in the library's own colours, and the ring around it that holds.

Standard library only. Usage: make-icon.py OUTPUT_FILE
"""
import math
import struct
import sys
import zlib
from pathlib import Path

SIZE, SAMPLES = 128, 4
# matplotlib's inferno, as in ColorMap.cs.
STOPS = [bytes.fromhex(stop) for stop in (
    "000004 040312 0b0724 150b37 210c4a 2f0a5b 3d0965 4a0c6b 57106e 64156e 71196e 7d1e6d 8a226a 972766 a32c61 b0315b bc3754 "
    "c63d4d d04545 da4e3c e35933 eb6429 f1711f f67e14 f98c0a fb9b06 fcaa0f fbba1f f9c932 f5d949 f2e865 f3f586 fcffa4").split()]


def inferno(position: float) -> tuple[float, ...]:
    at = min(1, max(0, position)) * (len(STOPS) - 1)
    stop = min(int(at), len(STOPS) - 2)
    return tuple((low + (at - stop) * (high - low)) / 255 for low, high in zip(STOPS[stop], STOPS[stop + 1]))


def inside_rounded_square(x: float, y: float, radius: float = 0.22) -> bool:
    dx, dy = max(abs(x) - 1 + radius, 0), max(abs(y) - 1 + radius, 0)
    return math.hypot(dx, dy) <= radius


def color(x: float, y: float) -> tuple[float, float, float, float]:
    if not inside_rounded_square(x, y):
        return 0, 0, 0, 0
    distance = math.hypot(x, y)
    if 0.72 <= distance <= 0.80:
        return 1, 1, 1, 1
    # Two spots that belong together, as on an object; nothing outside the ring.
    heat = math.exp(-((x + 0.16) ** 2 + (y + 0.10) ** 2) / 0.07) + 0.8 * math.exp(-((x - 0.24) ** 2 + (y - 0.22) ** 2) / 0.05)
    return *inferno(0.12 + 0.83 * min(1, heat) if distance < 0.72 else 0.12), 1


def pixel(column: int, row: int) -> bytes:
    total = [0.0] * 4
    for i in range(SAMPLES):
        for j in range(SAMPLES):
            *rgb, alpha = color(2 * (column + (j + 0.5) / SAMPLES) / SIZE - 1, 2 * (row + (i + 0.5) / SAMPLES) / SIZE - 1)
            total = [sum + value for sum, value in zip(total, (*(channel * alpha for channel in rgb), alpha))]
    alpha = total[3]
    return bytes(round(255 * channel / alpha) if alpha else 0 for channel in total[:3]) + bytes([round(255 * alpha / SAMPLES ** 2)])


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


rows = b"".join(b"\0" + b"".join(pixel(column, row) for column in range(SIZE)) for row in range(SIZE))
Path(sys.argv[1]).write_bytes(
    b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))
