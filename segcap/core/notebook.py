"""How results show themselves in notebooks: the image, its characters boxed, their confidences."""

import base64
from collections.abc import Sequence
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["as_html"]

_WIDE, _TALL = 420, 160
_TEXT = 13
_SURE = 0.9
_COLOURS = ("#c0392b", "#2471a3")


def as_html(
    summary: str,
    image: NDArray[np.uint8] | None,
    marks: Sequence[tuple[str, float, tuple[int, int, int, int]]],
) -> str:
    """A sentence, and an image with marked boxes as an SVG that loads nothing.

    Parameters
    ----------
    summary : str
    image : (H, W, 3) uint8 array or None
        RGB; no picture without one.
    marks : sequence of (str, float, (x0, y0, x1, y1))
        Characters, their confidences and boxes; doubtful ones are red.
    """
    said = f"<code>{escape(summary)}</code>"
    if image is None:
        return said
    height, width = image.shape[:2]
    scale = min(_WIDE / width, _TALL / height)
    _, png = cv2.imencode(".png", image[..., ::-1])
    data = base64.b64encode(png.tobytes()).decode()
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * scale:.0f}" '
        f'height="{height * scale + _TEXT:.0f}" role="img" aria-label="{escape(summary)}">',
        f'<image href="data:image/png;base64,{data}" width="{width * scale:.1f}" '
        f'height="{height * scale:.1f}" preserveAspectRatio="none"/>',
    ]
    for char, confidence, (x0, y0, x1, y1) in marks:
        colour = _COLOURS[confidence >= _SURE]
        parts.append(
            f'<rect x="{x0 * scale:.1f}" y="{y0 * scale:.1f}" width="{(x1 - x0) * scale:.1f}" '
            f'height="{(y1 - y0) * scale:.1f}" fill="none" stroke="{colour}">'
            f"<title>{escape(char)} {confidence:.2f}</title></rect>"
            f'<text x="{(x0 + x1) / 2 * scale:.1f}" y="{height * scale + _TEXT - 2:.1f}" '
            f'text-anchor="middle" font-size="{_TEXT}" fill="{colour}">{escape(char)}</text>'
        )
    return "".join([*parts, "</svg><br>", said])
