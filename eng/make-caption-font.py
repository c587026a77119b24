#!/usr/bin/env python3
"""Makes src/RobustAttribution.MLNet/Drawing/Resources/DejaVuSans.ttf, the font of captions: DejaVu Sans with the characters that captions need.

Latin (with its accents), Greek and Cyrillic, and the signs of arithmetic; every other character is drawn as the font's box for missing ones.
Needs Debian's python3-fonttools and fonts-dejavu-core (DejaVu 2.37). The same packages make the same bytes.
Usage: /usr/bin/python3 make-caption-font.py OUTPUT_FILE
"""
import sys

from fontTools import subset

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
RANGES = [(0x20, 0x7E), (0xA0, 0x17F), (0x386, 0x3CE), (0x400, 0x45F), (0x2010, 0x2026)]
SIGNS = "\u2030\u2032\u2033\u20AC\u2070\u2074\u2075\u2076\u2077\u2078\u2079\u207A\u207B\u2080\u2081\u2082\u2190\u2191\u2192\u2193\u2194" \
    "\u2202\u2206\u2207\u2208\u220F\u2211\u2212\u221A\u221E\u2229\u222A\u222B\u2248\u2260\u2264\u2265\u22C5\u2605\u2713\u2717\uFFFD"

options = subset.Options(hinting=False, layout_features=[], name_IDs=[0, 1, 2, 5, 13], notdef_outline=True)
options.drop_tables += ["FFTM"]  # FontForge's dates
font = subset.load_font(FONT, options)
subsetter = subset.Subsetter(options)
subsetter.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)] + [ord(sign) for sign in SIGNS])
subsetter.subset(font)
subset.save_font(font, sys.argv[1], options)
