"""Random changes of photos that leave what they show the same."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Variation", "augment_photos"]

_GREY = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Variation:
    """Strength of the random changes.

    Attributes
    ----------
    rotation : float
        Largest turn either way, degrees.
    scale : float
        Largest relative change of size.
    stretch : float
        Largest relative change of width against height.
    skew : float
        Largest horizontal shear, pixels per pixel.
    shift : float
        Largest shift along each axis, in parts of the image's side.
    contrast, brightness, saturation : float
        Largest relative change of contrast, change of brightness in [0, 1], and relative change of
        how far colours are from grey.
    mirror : bool
        Whether half of the images are mirrored.
    """

    rotation: float = 12.0
    scale: float = 0.2
    stretch: float = 0.1
    skew: float = 0.1
    shift: float = 0.1
    contrast: float = 0.3
    brightness: float = 0.12
    saturation: float = 0.4
    mirror: bool = True

    def times(self, strength: float) -> "Variation":
        """Return the same changes, stronger or weaker; mirroring stays."""
        amounts = {name: strength * amount for name, amount in vars(self).items()}
        return Variation(**amounts | {"mirror": self.mirror})


def augment_photos(
    images: NDArray[np.float32], rng: np.random.Generator, variation: Variation | None = None
) -> NDArray[np.float32]:
    """Turn, scale, skew, shift and mirror photos, and change their tones and colours.

    Parameters
    ----------
    images : (N, H, W, C) float32 array
        In [0, 1]; of other than 3 channels the saturation stays.
    rng : numpy.random.Generator
        Source of all random choices.
    variation : Variation, optional
        Strength.

    Returns
    -------
    (N, H, W, C) float32 array
        New array in [0, 1]; what lies outside an image is its mirrored border.
    """
    by = variation or Variation()
    count, height, width, channels = images.shape
    tones = _tones(count, channels, rng, by)
    varied = np.empty_like(images)
    for image, target, matrix, (gain, bias, colours) in zip(
        images, varied, _affine(count, height, width, rng, by), tones, strict=True
    ):
        warped = cv2.warpAffine(
            image,
            matrix,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        offset = (1 - gain) * warped.mean() + bias
        toned = cv2.transform(warped, np.insert(gain * colours, channels, offset, axis=1))
        target[:] = toned.reshape(target.shape)
    return np.clip(varied, 0, 1, out=varied)


def _tones(
    count: int, channels: int, rng: np.random.Generator, by: Variation
) -> list[tuple[float, float, NDArray[np.float32]]]:
    """Gains, biases and (C, C) matrices that pull colours from grey or towards it."""
    gains = rng.uniform(1 - by.contrast, 1 + by.contrast, count)
    biases = rng.uniform(-by.brightness, by.brightness, count)
    distances = rng.uniform(1 - by.saturation, 1 + by.saturation, (count, 1, 1))
    same = np.eye(channels, dtype=np.float32)
    grey = np.tile(_GREY, (channels, 1)) if channels == len(_GREY) else same
    colours = (distances * same + (1 - distances) * grey).astype(np.float32)
    return list(zip(gains.tolist(), biases.tolist(), colours, strict=True))


def _affine(
    count: int, height: int, width: int, rng: np.random.Generator, by: Variation
) -> NDArray[np.float32]:
    """(N, 2, 3) float32: from each target pixel to its source."""
    angles = np.deg2rad(rng.uniform(-by.rotation, by.rotation, count))
    scales = np.exp(rng.uniform(-by.scale, by.scale, count))
    stretches = np.exp(rng.uniform(-by.stretch, by.stretch, count) / 2)
    skews = rng.uniform(-by.skew, by.skew, count)
    shifts = rng.uniform(-by.shift, by.shift, (count, 2)) * (width, height)
    mirrored = np.where(by.mirror & (rng.random(count) < 0.5), -1.0, 1.0)
    cos, sin = np.cos(angles) / scales, np.sin(angles) / scales
    turned = np.empty((count, 2, 2))
    turned[:, 0, 0], turned[:, 0, 1] = mirrored * cos / stretches, -sin * stretches
    turned[:, 1, 0], turned[:, 1, 1] = mirrored * sin / stretches, cos * stretches
    skewed = np.tile(np.eye(2), (count, 1, 1))
    skewed[:, 0, 1] = skews
    linear = turned @ skewed
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    offsets = centre + shifts - linear @ centre
    return np.concatenate([linear, offsets[:, :, np.newaxis]], axis=2).astype(np.float32)
