#!/usr/bin/env python3
"""Writes the folder of images that the samples of examples 2 to 5 are made from: Fashion-MNIST items of four classes, one sub-folder of PNG files each.

Standard library only. Usage: make-sample-images.py FOLDER_OF_FASHION_MNIST OUTPUT_FOLDER
"""
import gzip
import struct
import sys
import zlib
from pathlib import Path

CLASSES = {1: "Trouser", 5: "Sandal", 7: "Sneaker", 8: "Bag"}
SIDE, PER_CLASS = 28, 100


def read(name: str) -> bytes:
    path = Path(sys.argv[1]) / name
    return path.read_bytes() if path.exists() else gzip.decompress((path.parent / f"{name}.gz").read_bytes())


def png(pixels: bytes) -> bytes:
    rows = b"".join(b"\0" + pixels[SIDE * y:SIDE * (y + 1)] for y in range(SIDE))
    chunks = (b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks)


images, labels = read("train-images-idx3-ubyte")[16:], read("train-labels-idx1-ubyte")[8:]
for label, name in CLASSES.items():
    folder = Path(sys.argv[2]) / name
    folder.mkdir(parents=True, exist_ok=True)
    places = [place for place, found in enumerate(labels) if found == label][:PER_CLASS]
    for number, place in enumerate(places):
        (folder / f"{number:03}.png").write_bytes(png(images[SIDE * SIDE * place:SIDE * SIDE * (place + 1)]))
