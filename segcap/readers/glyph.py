"""The reader that cuts an image into glyphs and classifies each."""

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from segcap.core.bundle import Bundle, write_bundle
from segcap.core.charset import Charset
from segcap.core.errors import DataError, ParameterError
from segcap.core.image import ImageSource, source_name
from segcap.core.reading import (
    QUARTER_TURNS,
    Failure,
    Reading,
    Result,
    SumReading,
    Turned,
    ValueReading,
)
from segcap.core.validation import Errors, whole_number
from segcap.decoding.chains import Outcome
from segcap.decoding.numbers import check_decimals
from segcap.readers.base import BATCH
from segcap.readers.glyph_fitting import GlyphFitting
from segcap.readers.serialization import (
    glyph_bundle,
    trained_context,
    trained_glyphs,
    trained_ink,
)
from segcap.recognition.own_classifier import GlyphClassifier, OwnClassifier
from segcap.recognition.pipeline import Pipeline
from segcap.segmentation.glyph_crops import NO_GLYPHS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["GlyphReader"]

_DESCRIBED_ELSEWHERE = (
    "charset",
    "classifier",
    "segmenter",
    "engine",
    "channels",
    "random_state",
)
R = TypeVar("R", bound=Result)


class GlyphReader(GlyphFitting):
    """Read images by cutting them into glyphs.

    Parameters
    ----------
    charset : str
        The characters to distinguish.
    length : int, optional
        How many characters every image holds, at least 1; unknown unless given.
    allowlist : str, optional
        The characters that may occur, of those in `charset`; all unless given.
    case : {"keep", "fold"}
        With "fold", letters of both cases are one: that in `allowlist`, the small one if both are.
    kind : {"text", "number", "task"}
        With "number", images show a decimal number or an arithmetic task, with "task" a task, and
        nothing else is read; confidences are given that one is shown. `allowlist` says which of
        their signs may occur: a task ends with "=" or "?" unless it holds neither. Signs that may
        not occur, such as a point, are specks.
    reject_below : float
        Readings of less confidence get the status "rejected"; in [0, 1].
    binarization : {"auto", "otsu", "sauvola", "adaptive", "colour", "learned"}, optional
        How ink is found; see `segcap.segmentation.binarize.binarize`, and `segcap.segmentation.ink`
        for ink that a network finds. Unless given, `fit` chooses.
    line_removal : {"none", "run-length", "hough", "opening"}, optional
        How lines through the text are taken out before it is cut; see
        `segcap.segmentation.line_removal.without_lines`. Unless given, `fit` chooses.
    segmentation : {"components", "contours"}
        How ink is parted; see `segcap.segmentation.components.segment`.
    cutters : sequence of str
        What proposes cuts through touching characters; names of
        `segcap.segmentation.cut_candidates.CUTTERS`.
    classifier : {"span_roi", "span_cnn", "glyph_cnn"} or GlyphClassifier
        What `fit` trains: "span_roi" and "span_cnn" classify spans of a line, seen with what
        stands around them, the former by learned ink and at their own height. "glyph_cnn", and any
        object with `predict_proba` on (N, 28, 28, 1) float32 glyphs, classify single glyphs. An
        object that is fitted already reads without `fit`; `fit` fits a copy. See
        `segcap.recognition.own_classifier`.
    segmenter : callable, optional
        What finds the characters instead of `binarization` and `line_removal`: a function from an
        (H, W, 3) uint8 RGB image to an (H, W) mask of ink, or to (N, 4) boxes. See
        `segcap.segmentation.own_segmenter`.
    engine : {"onnx", "keras"}
        What runs the classifier; see `segcap.recognition.engines.open_engine`.
    channels : {"rgb", "bgr"}
        Order of the colours in arrays: "bgr" for those of OpenCV.
    epochs : int
        Epochs over the images, lines or glyphs that are trained on, at least 1; of few of them
        one epoch shows each several times.
    random_state : int
        Seed of all random choices in training.

    Attributes
    ----------
    charset_ : str
        What was trained, whatever the parameter of this name is set to later.
    glyphs_ : Trained, OwnClassifier or None
        What classifies single glyphs.
    context_ : Trained or None
        What classifies spans of a line. Where there are both, it reads the images whose characters
        may touch.
    ink_ : Trained or None
        What finds ink where the binarization is "learned".
    settings_ : SegmentationSettings
        The settings that find and cut characters.
    provenance_ : dict
        Data, seed, versions and figures of the training.

    Examples
    --------
    >>> import segcap
    >>> segcap.load("digits").read(np.zeros((40, 168), np.uint8)).status
    'empty'
    """

    fixed = ("charset", "classifier")

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
        n_jobs: int = 1,
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
            The distribution of the sum is the convolution of the digits' distributions.

        Raises
        ------
        ImageError
            The image cannot be loaded.
        ParameterError
            The charset holds other characters than digits.
        """
        return self._one(self._pipeline(), self._summed(), image)

    def digit_sums(
        self,
        images: Iterable[ImageSource],
        batch_size: int = BATCH,
        *,
        n_jobs: int = 1,
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
            drawn, at its end, as on a counter. With 0, points are specks. As many as are read
            unless given. See `segcap.decoding.numbers.value_of`.
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
        n_jobs: int = 1,
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

    def read_best(self, image: ImageSource, most: int = 5) -> list[tuple[str, float]]:
        """Rank the texts that one image may show.

        Parameters
        ----------
        image : path, bytes, array or PIL.Image.Image
        most : int
            Most texts, at least 1.

        Returns
        -------
        list of (str, float)
            Most probable first, with their probabilities among all that were considered; none
            for an image without ink, or with too little of it for `length` characters.

        Raises
        ------
        ImageError
            The image cannot be loaded.
        ParameterError
            `most` is no integer of at least 1.
        """
        most = whole_number("most", most, least=1)
        return self._pipeline().best_texts(self._load(image), most)

    def locate(self, image: ImageSource, text: str) -> NDArray[np.int32]:
        """Find where the characters of a known text are.

        Parameters
        ----------
        image : path, bytes, array or PIL.Image.Image
        text : str
            What the image shows.

        Returns
        -------
        (L, 4) int32 array
            x0, y0, x1, y1 of each character, half-open, pixels.

        Raises
        ------
        ImageError
            The image cannot be loaded.
        ParameterError
            `text` is empty or holds a character outside the charset.
        DataError
            The image has fewer components than `text` has characters, or far more.
        """
        if not text:
            raise ParameterError(
                f"A text to locate must have at least one character. Got {text!r}."
            )
        boxes = self._located(self._load(image), text)
        if boxes is None:
            raise DataError(
                "A text must have about as many characters as its image has components. "
                f"Got {text!r} for {source_name(image)}."
            )
        return boxes

    def failure(self, image: ImageSource, label: str) -> Failure | None:
        """Read an image and say why the reading is not the label; see `Reading.failure`.

        The characters' true places are where the reader itself finds the label.

        Raises
        ------
        ImageError
            The image cannot be loaded.
        ParameterError
            `label` is no text, or holds a character outside the charset.
        """
        pixels = self._load(image)
        self._pipeline().charset.encode(label)
        (reading,) = self._read_loaded([pixels])
        kind = reading.failure(label)
        return reading.failure(label, self._located(pixels, label)) if kind == "misread" else kind

    def _located(self, pixels: NDArray[np.uint8], text: str) -> NDArray[np.int32] | None:
        """Box the characters of a text, whether it is allowed or not."""
        pipeline = replace(self._pipeline(), allowlist=None)
        return pipeline.locate(pixels, pipeline.charset.encode(text))

    def explain(self, image: ImageSource) -> "Figure":
        """Draw how an image is read: ink, cuts, candidate spans, the chosen path, its scores.

        Parameters
        ----------
        image : path, bytes, array or PIL.Image.Image

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImageError
            The image cannot be loaded.
        ParameterError
            Matplotlib is not installed.
        """
        from segcap.readers.explanation import draw_explanation

        return draw_explanation(self._pipeline(), self._load(image))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the reader as one file; see `segcap.core.bundle`.

        Raises
        ------
        NotFittedError
            The reader is not fitted.
        FileError
            The file cannot be written.
        ParameterError
            The classifier or the segmenter is an own one, which a bundle does not hold.
        """
        self._require_fitted()
        if isinstance(self.glyphs_, OwnClassifier):
            raise ParameterError(
                "A reader that is saved must have a network of segcap as its classifier. "
                f"Got {type(self.classifier).__name__}."
            )
        if self.segmenter is not None:
            raise ParameterError(
                "A reader that is saved must find characters by itself: set its 'segmenter' to "
                f"None, and give it again to load. Got {self.segmenter!r}."
            )
        settings = self.get_params() | self._settings(self.settings_).as_parameters()
        settings["length"] = None if self.length is None else int(self.length)
        settings["epochs"] = int(self.epochs)
        for described_elsewhere in _DESCRIBED_ELSEWHERE:
            del settings[described_elsewhere]
        write_bundle(
            glyph_bundle(
                self.glyphs_,
                self.context_,
                self.ink_,
                self.charset_,
                settings,
                self.provenance_,
            ),
            path,
        )

    @classmethod
    def from_bundle(cls, bundle: Bundle, **overrides: Any) -> "GlyphReader":
        """Make the reader that a bundle holds, some of its settings overridden.

        Raises
        ------
        ParameterError
            An override is unknown or outside its range.
        """
        classifier = bundle.architecture.split("+")[0]
        settings = dict(bundle.settings)
        if "cutters" in settings:
            settings["cutters"] = tuple(settings["cutters"])
        reader = cls(bundle.charset, classifier=classifier, **settings)
        reader.charset_ = bundle.charset
        reader.glyphs_ = trained_glyphs(bundle)
        reader.context_ = trained_context(bundle)
        reader.ink_ = trained_ink(bundle)
        reader.provenance_ = dict(bundle.provenance)
        reader.set_params(**overrides)
        reader._check_parameters()
        reader.settings_ = reader._settings()
        return reader

    def logits(self, glyphs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Classify framed glyphs.

        Parameters
        ----------
        glyphs : (N, 28, 28, 1) float32 array
            See `segcap.segmentation.glyph_crops.frame_glyphs`.

        Returns
        -------
        (N, C) float32 array
            Before calibration.

        Raises
        ------
        ParameterError
            The glyphs have another shape, `engine` is unknown, or the reader classifies none.
        """
        self._require_fitted()
        if self.glyphs_ is None:
            raise ParameterError(
                "To classify framed glyphs, a reader must be trained on glyphs. "
                "Got one that was trained on lines of text."
            )
        if glyphs.ndim != 4 or glyphs.shape[1:] != NO_GLYPHS[1:]:
            raise ParameterError(f"Glyphs must have shape (N, 28, 28, 1). Got {glyphs.shape}.")
        return self.glyphs_.open(self.engine).logits(glyphs.astype(np.float32, copy=False))

    def _require_fitted(self) -> None:
        if self._has_own_classifier() and not getattr(self, "provenance_", None):
            self.charset_, self.settings_ = self.charset, self._settings()
            self.glyphs_ = OwnClassifier(
                cast(GlyphClassifier, self.classifier), Charset(self.charset)
            )
            self.context_, self.ink_, self.provenance_ = None, None, {}
        super()._require_fitted()

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
            self.case,
            self.kind,
            decimals,
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
        n_jobs: int,
        errors: Errors,
        turned: Turned | None = None,
    ) -> list[R]:
        """Read images and make a result of what each one's characters are."""
        _check_turned(turned)

        def read(loaded: list[NDArray[np.uint8]]) -> list[R]:
            return [compose(outcome) for outcome in pipeline.read(loaded, turned)]

        return self._in_batches(read, unreadable, images, batch_size, n_jobs=n_jobs, errors=errors)

    def _summed(self) -> Callable[[Outcome], SumReading]:
        self._require_fitted()
        if not self.charset_.isdecimal():
            raise ParameterError(
                f"A digit sum needs a charset of digits only. Got {self.charset_!r}."
            )
        values = np.array([int(char) for char in self.charset_], np.intp)
        return partial(Outcome.digit_sum, values=values, reject_below=self.reject_below)

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
