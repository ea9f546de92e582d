"""What a reader's network says of whole images, all scaled to one size."""

import sys
import warnings
from abc import ABC
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from segcap.core.batching import batched
from segcap.core.errors import SegcapWarning
from segcap.core.reading import Result
from segcap.readers.base import Reader
from segcap.recognition.engines import Device, EngineName
from segcap.recognition.trained import Trained
from segcap.recognition.whole_image import stack_images

__all__ = ["WholeImageNetwork", "warn_of_resizing"]

_MOST_A_CALL = 2**22
_HERE = Path(__file__).parent

R = TypeVar("R", bound=Result)


class WholeImageNetwork(Reader[R], ABC):
    """The part of readers of whole images that runs their network."""

    in_colour: ClassVar[bool] = False
    of_any_size: ClassVar[bool] = False

    size: tuple[int, int] | None
    tta: int = 1
    engine: EngineName
    device: Device

    trained_: Trained
    size_: tuple[int, int]
    _has_warned = False

    def _logits(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return logits of (H, W, 3) images, averaged over test-time augmentation."""
        width, height = self.size_
        batch_size = max(1, _MOST_A_CALL // (width * height))
        seen = [
            np.concatenate([self._seen(batch) for batch in batched(version, batch_size)])
            for version in self._augmented_for_test(images)
        ]
        return seen[0] if len(seen) == 1 else np.mean(seen, axis=0)

    def _seen(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        stacked = stack_images(images, self.size_, colour=self.in_colour)
        return self.trained_.open(self.engine, self.device).logits(stacked * np.float32(1 / 255))

    def _augmented_for_test(
        self, images: Sequence[NDArray[np.uint8]]
    ) -> Iterator[Sequence[NDArray[np.uint8]]]:
        """Images as they are, and in every further version of test-time augmentation."""
        yield images

    def _warn_if_resized(self, images: Sequence[NDArray[np.uint8]]) -> None:
        was_asked_for = self.size is not None and tuple(self.size) == self.size_
        if self._has_warned or self.of_any_size or was_asked_for:
            return
        if any(image.shape[1::-1] != self.size_ for image in images):
            self._has_warned = True
            warn_of_resizing(self.size_)


def warn_of_resizing(size: tuple[int, int]) -> None:
    """Warn whoever called a reader's method, however deep that goes.

    Parameters
    ----------
    size : tuple of int
        Width and height that images are scaled to, pixels.

    Warns
    -----
    SegcapWarning
    """
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and Path(frame.f_code.co_filename).parent == _HERE:
        level, frame = level + 1, frame.f_back
    warnings.warn(
        f"Images of another size than {size[0]} x {size[1]} pixels are resized.",
        SegcapWarning,
        stacklevel=level,
    )
