"""Glyphs of whole-image labels, one a character."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from segcap.core.charset import Charset
from segcap.core.errors import ImageError
from segcap.core.image import ImageSource, load_image, source_name
from segcap.segmentation.glyph_crops import NO_GLYPHS, segment_glyphs
from segcap.segmentation.settings import SegmentationSettings
from segcap.training.labelled import encoded_labels, warn_of_left_out

__all__ = ["labelled_glyphs"]


def labelled_glyphs(
    images: Iterable[ImageSource],
    labels: Sequence[str],
    *,
    charset: Charset,
    length: int | None,
    settings: SegmentationSettings,
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Take the glyphs of images that part into as many segments as their label has characters.

    The other images are left out, with one warning that says how many and why the first.

    Parameters
    ----------
    images : iterable of path, bytes, array or PIL.Image.Image
    labels : sequence of str
    charset : Charset
    length : int, optional
        That every label must have.
    settings : SegmentationSettings

    Returns
    -------
    glyphs : (N, 28, 28, 1) float32 array
    classes : (N,) int array

    Raises
    ------
    ParameterError
        A label holds a character outside the charset or has another length than `length`.
    DataError
        There are not as many labels as images.
    """
    images = list(images)
    encoded = encoded_labels(images, labels, charset=charset, length=length)
    glyphs, used = [np.empty(NO_GLYPHS, np.float32)], [np.empty(0, np.intp)]
    left_out: list[str] = []
    for image, classes in zip(images, encoded, strict=True):
        try:
            pixels = load_image(image)
        except ImageError as error:
            left_out.append(str(error))
            continue
        found = settings.find(pixels)
        segments = found.segments
        if len(segments.boxes) == len(classes):
            glyphs.append(segment_glyphs(found.pixels, segments))
            used.append(classes)
        else:
            left_out.append(
                f"{source_name(image)} parts into {len(segments.boxes)} segments for a label of "
                f"{len(classes)} characters."
            )
    warn_of_left_out(left_out, len(images), stacklevel=3)
    return np.concatenate(glyphs), np.concatenate(used)
