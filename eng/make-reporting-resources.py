#!/usr/bin/env python3
"""Makes the binary resources of src/RobustAttribution.MLNet/Drawing/Resources.

text.glyphs, title.glyphs
               DejaVu Sans at 15 and 26 pixels as coverage values, so that captions need no font library and no installed font.
               u16 glyph count, u8 line height; then for each glyph u16 code point, u8 advance, height*advance coverage bytes (row by row).
colormaps.bin  256 RGB triples each: inferno (matplotlib, CC0) and cool-warm (Moreland 2009, "Diverging Color Maps for Scientific
               Visualization", computed here in Msh space).

Needs Debian's python3-pil, python3-matplotlib, python3-numpy, fonts-dejavu-core. Usage: make-reporting-resources.py OUTPUT_FOLDER
"""
import struct
import sys
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
CHARACTERS = "".join(map(chr, range(32, 127))) + "×÷·±°–—…→←↑↓≤≥≈∞αβγδεζθκλμνπρστφχωΔΣ²³½éèüöäß�"


def glyphs(size: int) -> bytes:
    font = ImageFont.truetype(FONT, size)
    ascent, descent = font.getmetrics()
    height = ascent + descent
    out = struct.pack("<HB", len(CHARACTERS), height)
    for character in CHARACTERS:
        advance = max(1, round(font.getlength(character)))
        image = Image.new("L", (advance, height), 0)
        ImageDraw.Draw(image).text((0, 0), character, font=font, fill=255)
        out += struct.pack("<HB", ord(character), advance) + image.tobytes()
    return out


def rgb_to_msh(rgb):
    c = np.asarray(rgb, float) / 255
    c = np.where(c > 0.04045, ((c + 0.055) / 1.055) ** 2.4, c / 12.92)
    xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]) @ c
    x, y, z = xyz / np.array([0.95047, 1.0, 1.08883])
    f = lambda t: np.cbrt(t) if t > 0.008856 else 7.787 * t + 16 / 116
    lab = np.array([116 * f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))])
    m = np.linalg.norm(lab)
    return np.array([m, np.arccos(lab[0] / m), np.arctan2(lab[2], lab[1])])


def msh_to_rgb(msh):
    m, s, h = msh
    lightness, a, b = m * np.cos(s), m * np.sin(s) * np.cos(h), m * np.sin(s) * np.sin(h)
    y = (lightness + 16) / 116
    f = lambda t: t ** 3 if t ** 3 > 0.008856 else (t - 16 / 116) / 7.787
    xyz = np.array([f(y + a / 500) * 0.95047, f(y), f(y - b / 200) * 1.08883])
    c = np.array([[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]) @ xyz
    c = np.where(c > 0.0031308, 1.055 * np.maximum(c, 0) ** (1 / 2.4) - 0.055, 12.92 * c)
    return np.clip(np.round(c * 255), 0, 255)


def cool_warm() -> np.ndarray:
    def hue_for(saturated, middle_m):
        spin = saturated[1] * np.sqrt(max(middle_m ** 2 - saturated[0] ** 2, 0)) / (saturated[0] * np.sin(saturated[1]))
        return saturated[2] + (spin if saturated[2] > -np.pi / 3 else -spin)

    cool, warm = rgb_to_msh((59, 76, 192)), rgb_to_msh((180, 4, 38))
    middle = max(cool[0], warm[0], 88)
    rows = []
    for t in np.linspace(0, 1, 256):
        end = cool if t < 0.5 else warm
        white = np.array([middle, 0.0, hue_for(end, middle)])
        share = 1 - abs(2 * t - 1)
        rows.append(msh_to_rgb((1 - share) * end + share * white))
    return np.array(rows)


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / "text.glyphs").write_bytes(glyphs(15))
    (folder / "title.glyphs").write_bytes(glyphs(26))
    inferno = np.round(np.array([colormaps["inferno"](i)[:3] for i in range(256)]) * 255)
    (folder / "colormaps.bin").write_bytes(np.concatenate([inferno, cool_warm()]).astype(np.uint8).tobytes())


main()
