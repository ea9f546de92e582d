"""Collect the installed fonts that can draw Latin letters and digits: `collect_fonts.py FOLDER`.

Debian's packages are listed in data/fonts.txt: `apt-get install $(cat data/fonts.txt)`.
"""

import shutil
import string
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

INSTALLED = Path("/usr/share/fonts")
LEFT_OUT = "aenigma"  # five hundred faces of one hand, half of them puzzles
USUAL = "DejaVuSans.ttf", "DejaVuSerif.ttf", "LiberationMono-Regular.ttf"
LEAST_LIKENESS = 0.4  # of ornaments, Greek and runes under Latin codes none comes near
CHARACTERS = string.digits + string.ascii_letters
OF_ONE_FAMILY = 4
EM = 40
SMALL = [CHARACTERS.index(char) for char in "abdeghnqrt"]  # in some fonts capitals, but smaller


def main() -> None:
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    seen: set[bytes] = set()
    families: Counter[str] = Counter()
    paths = (path for path in INSTALLED.rglob("*") if path.suffix.lower() in (".ttf", ".otf"))
    usual = np.mean([likenesses(draw_all(find(name))[0]) for name in USUAL], axis=0)
    for path in sorted(paths, key=lambda path: (path.name, str(path))):
        drawn = None if LEFT_OUT in path.parts else draw_all(path)
        if drawn is None:
            continue
        alike = (likenesses(drawn[0]) * usual).mean(axis=(1, 2))
        if min(alike.mean(), alike[SMALL].mean()) < LEAST_LIKENESS:
            continue
        glyphs, family = drawn
        shapes = b"".join(one.tobytes() for one in glyphs)
        if shapes in seen or families[family] == OF_ONE_FAMILY:
            continue
        seen.add(shapes)
        families[family] += 1
        shutil.copy(path, target / path.name)
    print(f"{len(seen)} faces of {len(families)} families in {target}")


def find(name: str) -> Path:
    return next(INSTALLED.rglob(name))


def likenesses(glyphs: list[np.ndarray]) -> np.ndarray:
    """Every character scaled to 20 x 20 pixels, blurred, of mean 0 and deviation 1."""
    scaled = []
    for one in glyphs:
        x, y, w, h = cv2.boundingRect(one)
        small = cv2.resize(one[y : y + h, x : x + w], (20, 20), interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 1.5)
        scaled.append((soft - soft.mean()) / max(float(soft.std()), 1e-3))
    return np.array(scaled)


def draw_all(path: Path) -> tuple[list[np.ndarray], str] | None:
    """The font's characters, and its family; None if some are missing or no letters."""
    try:
        font = ImageFont.truetype(str(path), EM)
        family = font.getname()[0] or path.stem
        glyphs = [glyph(font, char) for char in CHARACTERS]
        missing = glyph(font, "\U0010ffff")
    except OSError:
        return None
    if any(one.sum() == 0 or np.array_equal(one, missing) for one in glyphs):
        return None
    return glyphs, family


def glyph(font: ImageFont.FreeTypeFont, char: str) -> np.ndarray:
    page = Image.new("L", (2 * EM, 2 * EM))
    ImageDraw.Draw(page).text((EM // 2, 3 * EM // 2), char, 255, font=font, anchor="ls")
    return np.array(page)


if __name__ == "__main__":
    main()
