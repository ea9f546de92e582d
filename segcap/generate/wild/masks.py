"""What masks of characters and canvases share: painting, pasting, moving, never being blank."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["draw_point", "lay", "leave_a_pixel", "paste", "remapped"]


_SHIFT = 4


def lay(
    canvas: NDArray[np.float32],
    cover: NDArray[np.uint8],
    tone: NDArray | np.float32,
    opacity: float = 1.0,
) -> None:
    """Lay a tone over an (H, W, 3) canvas, in place, as far as an (H, W) cover of 0 to 255 says."""
    fraction = cover.astype(np.float32) * np.float32(opacity / 255)
    canvas += (tone - canvas) * fraction[..., np.newaxis]


def paste(mask: NDArray[np.uint8], mark: NDArray[np.uint8], x: int, y: int) -> None:
    """Put a mark into a mask, in place, cut off at the mask's edges."""
    height, width = mask.shape
    top, left = max(0, y), max(0, x)
    bottom, right = min(height, y + mark.shape[0]), min(width, x + mark.shape[1])
    if top < bottom and left < right:
        mask[top:bottom, left:right] = mark[top - y : bottom - y, left - x : right - x]


def leave_a_pixel(masks: NDArray[np.uint8]) -> None:
    """Set the middle pixel of every (H, W) mask without ink, in place."""
    for mask in masks:
        if not mask.any():
            mask[mask.shape[0] // 2, mask.shape[1] // 2] = 255


def remapped(
    masks: NDArray[np.uint8], xs: NDArray[np.float32], ys: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Sample (n, H, W) masks at (H, W) places, four at a time; beyond their edges is nothing."""
    maps = cv2.convertMaps(xs, ys, cv2.CV_16SC2)
    stack = np.ascontiguousarray(masks.transpose(1, 2, 0))
    moved = np.empty_like(stack)
    for start in range(0, len(masks), 4):
        part = np.ascontiguousarray(stack[..., start : start + 4])
        part_moved = cv2.remap(part, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        moved[..., start : start + 4] = part_moved.reshape(part.shape)
    return np.ascontiguousarray(moved.transpose(2, 0, 1))


def draw_point(
    mask: NDArray[np.uint8],
    char: str,
    centre: tuple[float, float],
    radius: float,
    level: float,
) -> None:
    """Draw a decimal point, or a comma with its tail, to a fraction of a pixel."""
    radius = max(0.7, radius)
    tail = centre[0] - radius, centre[1] + 2.5 * radius
    (x, y), end = np.rint(np.array([centre, tail]) * 2**_SHIFT).astype(int).tolist()
    cv2.circle(mask, (x, y), round(radius * 2**_SHIFT), level, -1, cv2.LINE_AA, _SHIFT)
    if char == ",":
        cv2.line(mask, (x, y), end, level, max(1, round(radius)), cv2.LINE_AA, _SHIFT)
