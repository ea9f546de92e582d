"""Pictures that stand inside a page."""

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.core.image import ImageSource, load_image

__all__ = ["data_uri"]

_LONGEST = 320
_QUALITY = 90


def data_uri(source: ImageSource) -> str:
    """Turn an image into a data URI.

    Parameters
    ----------
    source : path, bytes, array or PIL.Image.Image
        See `segcap.core.image.load_image`; scaled down where a side has more than 320 pixels.

    Returns
    -------
    str
        PNG or JPEG, whichever is shorter; grey where all pixels are.

    Raises
    ------
    ImageError
        The image cannot be loaded.
    """
    image = _scaled_down(load_image(source))
    channels = image[..., ::-1] if np.ptp(image, axis=2).any() else image[..., 0]
    (_, png), (_, jpeg) = (
        cv2.imencode(".png", channels, [cv2.IMWRITE_PNG_COMPRESSION, 9]),
        cv2.imencode(".jpg", channels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]),
    )
    kind, encoded = ("png", png) if len(png) <= len(jpeg) else ("jpeg", jpeg)
    return f"data:image/{kind};base64,{base64.b64encode(encoded.tobytes()).decode()}"


def _scaled_down(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    scale = _LONGEST / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
