"""How a glyph reader answers: texts, digit sums, values."""

from abc import ABC
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from segcap.core.charset import Charset
from segcap.core.errors import ParameterError
from segcap.core.image import ImageSource
from segcap.core.reading import (
    QUARTER_TURNS,
    Reading,
    Result,
    SumReading,
    Turned,
    ValueReading,
)
from segcap.core.validation import Errors
from segcap.decoding.chains import Outcome
from segcap.decoding.numbers import check_decimals
from segcap.readers.base import BATCH
from segcap.readers.glyph_fitting import GlyphFitting
from segcap.recognition.pipeline import Pipeline

__all__ = ["GlyphAnswers"]

R = TypeVar("R", bound=Result)


class GlyphAnswers(GlyphFitting, ABC):
    """The part of `segcap.GlyphReader` that answers."""

    def read(self, image: ImageSource, *, turned: Turned | None = None) -> Reading:
        """Read one image.

        Parameters
        ----------
        image : path, bytes, array or PIL.Image.Image
            See `segcap.core.image.load_image`.
        turned : {"auto", "four"}, optional
            With "auto", the image is read upside down, too, with "four" also on either side, and
            the more confident reading is given.

        Returns
        -------
        Reading

        Raises
        ------
        ImageError
            The image cannot be loaded.
        NotFittedError
            The reader is not fitted.
        ParameterError
            `turned` is something else.
        """
        return self._one(self._pipeline(), _reading, image, turned)

    def read_many(
        self,
        images: Iterable[ImageSource],
        batch_size: int = BATCH,
        *,
        n_jobs: int | None = None,
        errors: Errors = "record",
        turned: Turned | None = None,
    ) -> list[Reading]:
        """Read images, many in one call of the network; parameters as of `Reader.read_many`.

        `turned` is as of `read`.
        """
        return self._composed(
            self._pipeline(),
            _reading,
            Reading.unreadable,
            images,
            batch_size,
            n_jobs=n_jobs,
            errors=errors,
            turned=turned,
        )

    def digit_sum(self, image: ImageSource) -> SumReading:
        """Read one image of digits and add them up.

        Parameters
        ----------
        image : path, bytes, array or PIL.Image.Image

        Returns
        -------
        SumReading
            The distribution of the sum is the convolution of the digits' distributions. Where whole
            texts are judged, by "any" or by a `kind`, it is that of the likely texts' sums.

        Raises
        ------
        ImageError
            The image cannot be loaded.
        ParameterError
            Other characters than digits may occur.
        """
        return self._one(self._pipeline(), self._summed(), image)

    def digit_sums(
        self,
        images: Iterable[ImageSource],
        batch_size: int = BATCH,
        *,
        n_jobs: int | None = None,
        errors: Errors = "record",
    ) -> list[SumReading]:
        """Read images of digits and add up each; parameters as of `read_many`."""
        return self._composed(
            self._pipeline(),
            self._summed(),
            SumReading.unreadable,
            images,
            batch_size,
            n_jobs=n_jobs,
            errors=errors,
        )

    def value(
        self, image: ImageSource, *, decimals: int | None = None, turned: Turned | None = None
    ) -> ValueReading:
        """Read one image of a decimal number or an arithmetic task and compute its value.

        Texts of one value count together: 8 is as probable as "3+5" and "2+6" are together. A
        reader of the kind "number" or "task" reads nothing else; others read any text, and reject
        what is neither.

        Parameters
        ----------
        image : path, bytes, array or PIL.Image.Image
        decimals : int, optional
            How many decimals a number has, in 0 to 12: after its point or comma, or, where none is
            drawn, at its end, as on a counter. With 0, points are specks to a reader of the kind
            "number" or "task". As many as are read unless given. See
            `segcap.decoding.numbers.value_of`.
        turned : {"auto", "four"}, optional
            As of `read`.

        Returns
        -------
        ValueReading

        Raises
        ------
        ImageError
            The image cannot be loaded.
        ParameterError
            `decimals` or `turned` is outside its range.
        """
        pipeline = self._pipeline(check_decimals(decimals))
        return self._one(pipeline, self._valued(pipeline), image, turned)

    def values(
        self,
        images: Iterable[ImageSource],
        batch_size: int = BATCH,
        *,
        decimals: int | None = None,
        n_jobs: int | None = None,
        errors: Errors = "record",
        turned: Turned | None = None,
    ) -> list[ValueReading]:
        """Compute the values of many images; parameters as of `value` and `read_many`."""
        pipeline = self._pipeline(check_decimals(decimals))
        return self._composed(
            pipeline,
            self._valued(pipeline),
            ValueReading.unreadable,
            images,
            batch_size,
            n_jobs=n_jobs,
            errors=errors,
            turned=turned,
        )

    def _pipeline(self, decimals: int | None = None) -> Pipeline:
        self._require_fitted()
        self._check_parameters()
        return Pipeline(
            Charset(self.charset_),
            self.glyphs_,
            self.context_,
            self._settings(self.settings_),
            self.length,
            self.allowlist,
            self.reject_below,
            self.engine,
            self.device,
            self.case,
            self.kind,
            decimals,
            self.line_,
        )

    def _one(
        self,
        pipeline: Pipeline,
        compose: Callable[[Outcome], R],
        image: ImageSource,
        turned: Turned | None = None,
    ) -> R:
        _check_turned(turned)
        pixels = self._load(image)
        (outcome,) = pipeline.read([pixels], turned)
        return replace(compose(outcome), image=pixels)

    def _composed(
        self,
        pipeline: Pipeline,
        compose: Callable[[Outcome], R],
        unreadable: Callable[[str], R],
        images: Iterable[ImageSource],
        batch_size: int,
        *,
        n_jobs: int | None,
        errors: Errors,
        turned: Turned | None = None,
    ) -> list[R]:
        """Read images and make a result of what each one's characters are."""
        _check_turned(turned)

        def read(loaded: list[NDArray[np.uint8]]) -> list[R]:
            return [compose(outcome) for outcome in pipeline.read(loaded, turned)]

        return self._in_batches(read, unreadable, images, batch_size, n_jobs=n_jobs, errors=errors)

    def _summed(self) -> Callable[[Outcome], SumReading]:
        allowed = self.charset_ if self.allowlist is None else "".join(self.allowlist)
        if not allowed.isdecimal():
            raise ParameterError(
                "For digit sums, the charset, or the 'allowlist', must hold digits only. "
                f"Got {allowed!r}."
            )
        return partial(Outcome.digit_sum, characters=self.charset_, reject_below=self.reject_below)

    def _valued(self, pipeline: Pipeline) -> Callable[[Outcome], ValueReading]:
        return partial(
            Outcome.value,
            characters=self.charset_,
            decimals=pipeline.decimals,
            reject_below=self.reject_below,
        )

    def _read_loaded(self, images: list[NDArray[np.uint8]]) -> list[Reading]:
        return [outcome.reading for outcome in self._pipeline().read(images)]


def _reading(outcome: Outcome) -> Reading:
    return outcome.reading


def _check_turned(turned: Turned | None) -> None:
    if turned not in (None, *QUARTER_TURNS):
        raise ParameterError(
            f"How images may be 'turned' must be one of {', '.join(QUARTER_TURNS)}, or None. "
            f"Got {turned!r}."
        )
