"""The reader that cuts an image into glyphs and names each."""

import os
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segcap.binarize import METHODS, Method
from segcap.bundle import Bundle, digest, write_bundle
from segcap.charset import Charset
from segcap.compose import log_softmax
from segcap.cutout import Outcome, choose, cut_out, find_segments
from segcap.engine import ENGINES, EngineName, open_engine
from segcap.errors import ImageError, NotFittedError, ParameterError
from segcap.glyphs import NO_GLYPHS
from segcap.image import ImageSource, load_image
from segcap.readers.base import Errors, TextReader
from segcap.reading import Reading, SumReading
from segcap.segment import SEGMENTERS, Segmenter

if TYPE_CHECKING:
    from segcap.training.fit import OnEpoch

__all__ = ["GlyphReader"]


class GlyphReader(TextReader[Outcome]):
    """Read images by cutting them into glyphs.

    Parameters
    ----------
    charset : str
        The characters to tell apart.
    length : int, optional
        How many characters every image holds, at least 1; unknown unless given.
    allowlist : str, optional
        The characters that may occur, of those in `charset`; all unless given.
    reject_below : float
        Readings of less confidence get the status "rejected"; in [0, 1].
    binarization : {"auto", "otsu", "sauvola", "adaptive", "colour"}
        How ink is found; see `segcap.binarize.binarize`.
    segmentation : {"components", "contours"}
        How ink is parted; see `segcap.segment.segment`.
    classifier : {"glyph_cnn", "hog_svm", "knn"}
        What names a glyph.
    engine : {"onnx", "keras"}
        What runs the classifier; see `segcap.engine.open_engine`.
    epochs : int
        Most passes over the glyphs when a network is trained.
    random_state : int
        Seed of all random choices in training.

    Attributes
    ----------
    charset_, classifier_ : str
        What was learned, whatever the parameters of these names are set to later.
    parts_ : dict of str to bytes
        The trained classifier.
    temperature_ : float
        Calibration of its probabilities.
    provenance_ : dict
        Data, seed, versions and figures of the training.

    Examples
    --------
    >>> import segcap
    >>> segcap.load("digits").read(np.zeros((40, 168), np.uint8)).status
    'empty'
    """

    def __init__(
        self,
        charset: str = "0123456789",
        *,
        length: int | None = None,
        allowlist: str | None = None,
        reject_below: float = 0.0,
        binarization: Method = "auto",
        segmentation: Segmenter = "components",
        classifier: str = "glyph_cnn",
        engine: EngineName = "onnx",
        epochs: int = 30,
        random_state: int = 0,
    ) -> None:
        self.charset = charset
        self.length = length
        self.allowlist = allowlist
        self.reject_below = reject_below
        self.binarization = binarization
        self.segmentation = segmentation
        self.classifier = classifier
        self.engine = engine
        self.epochs = epochs
        self.random_state = random_state

    def fit(self, images: Iterable[ImageSource], labels: Sequence[str]) -> "GlyphReader":
        """Learn from images labelled with their whole texts.

        Images that part into as many segments as their label has characters give one glyph a
        character; the others are left out, with a warning that says how many.

        Parameters
        ----------
        images : iterable of path, bytes, array or PIL.Image.Image
        labels : sequence of str

        Returns
        -------
        GlyphReader
            This reader.

        Raises
        ------
        ParameterError
            A label holds a character outside the charset or has another length than `length`.
        DataError
            There are not as many labels as images, or too few usable images.
        """
        from segcap.training.align import labelled_glyphs

        self._check_parameters()
        glyphs, classes = labelled_glyphs(
            images,
            labels,
            charset=Charset(self.charset),
            length=self.length,
            binarization=self.binarization,
            segmentation=self.segmentation,
        )
        return self.fit_glyphs(glyphs, classes, data="labelled images")

    def fit_glyphs(
        self,
        glyphs: NDArray[np.float32],
        classes: NDArray[np.integer],
        *,
        data: str = "glyphs",
        state: str | os.PathLike[str] | None = None,
        on_epoch: "OnEpoch | None" = None,
    ) -> "GlyphReader":
        """Learn from framed glyphs.

        Parameters
        ----------
        glyphs : (N, 28, 28, 1) float32 array
            In [0, 1], ink 1; see `segcap.glyphs.frame_glyphs`.
        classes : (N,) int array
            Index into the charset of each.
        data : str
            Name of the data, for the provenance.
        state : path, optional
            File from which a killed training goes on.
        on_epoch : callable
            Called after each epoch with the number of epochs done and the history.

        Returns
        -------
        GlyphReader
            This reader.

        Raises
        ------
        ParameterError
            A parameter is outside its range.
        DataError
            A class has fewer than two glyphs, or `state` is of another training.
        """
        from segcap.training.classifier import train_classifier, versions
        from segcap.training.fit import Schedule

        self._check_parameters()
        trained = train_classifier(
            glyphs,
            classes,
            classes=len(self.charset),
            architecture=self.classifier,
            schedule=Schedule(epochs=self.epochs),
            seed=self.random_state,
            state=state,
            on_epoch=on_epoch,
        )
        self.__dict__.pop("_opened", None)
        self.charset_ = self.charset
        self.classifier_ = self.classifier
        self.parts_ = trained.parts
        self.temperature_ = trained.temperature
        self.provenance_: dict[str, Any] = {
            "data": {"name": data, "samples": len(glyphs), "sha256": digest(glyphs, classes)},
            "seed": self.random_state,
            "versions": versions(self.classifier),
            "figures": trained.figures,
        }
        return self

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
        values = self._digit_values()
        outcome = self._read_loaded([load_image(image)])[0]
        return outcome.digit_sum(values, self.reject_below)

    def digit_sums(
        self,
        images: Iterable[ImageSource],
        batch_size: int = 256,
        *,
        n_jobs: int = 1,
        errors: Errors = "record",
    ) -> list[SumReading]:
        """Read images of digits and add up each; parameters as of `read_many`."""
        values = self._digit_values()
        return [
            outcome.digit_sum(values, self.reject_below)
            for outcome in self._outcomes(images, batch_size, n_jobs, errors)
        ]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the reader as one file; see `segcap.bundle`.

        Raises
        ------
        NotFittedError
            The reader is not fitted.
        BundleError
            The file cannot be written.
        """
        self._require_fitted()
        settings = self.get_params()
        for described_elsewhere in ("charset", "classifier", "engine", "random_state"):
            del settings[described_elsewhere]
        write_bundle(
            Bundle(
                kind="glyph-reader",
                architecture=self.classifier_,
                charset=self.charset_,
                settings=settings,
                calibration={"temperature": self.temperature_},
                provenance=self.provenance_,
                parts=self.parts_,
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
        reader = cls(bundle.charset, classifier=bundle.architecture, **bundle.settings)
        for fixed in ("charset", "classifier"):
            if fixed in overrides:
                raise ParameterError(f"The '{fixed}' of a trained reader cannot be overridden.")
        reader.set_params(**overrides)
        reader.charset_ = bundle.charset
        reader.classifier_ = bundle.architecture
        reader.parts_ = dict(bundle.parts)
        reader.temperature_ = float(bundle.calibration["temperature"])
        reader.provenance_ = dict(bundle.provenance)
        reader._check_parameters()
        return reader

    def logits(self, glyphs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Classify framed glyphs.

        Parameters
        ----------
        glyphs : (N, 28, 28, 1) float32 array
            See `segcap.glyphs.frame_glyphs`.

        Returns
        -------
        (N, C) float32 array
            Before calibration.

        Raises
        ------
        ParameterError
            The glyphs have another shape, or `engine` is unknown.
        """
        self._require_fitted()
        if glyphs.ndim != 4 or glyphs.shape[1:] != NO_GLYPHS[1:]:
            raise ParameterError(f"Glyphs must have shape (N, 28, 28, 1). Got {glyphs.shape}.")
        opened = self.__dict__.get("_opened")
        if opened is None or opened[0] != self.engine:
            engine = open_engine(
                self.parts_, self.classifier_, classes=len(self.charset_), engine=self.engine
            )
            opened = self._opened = (self.engine, engine)
        return opened[1].logits(glyphs.astype(np.float32, copy=False))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_opened"}

    def _require_fitted(self) -> None:
        if not hasattr(self, "parts_"):
            raise NotFittedError(
                "A GlyphReader must be fitted, or loaded with segcap.load, before it is used."
            )

    def _check_parameters(self) -> None:
        Charset(self.charset).mask(self.allowlist)
        if self.length is not None and (not isinstance(self.length, Integral) or self.length < 1):
            raise ParameterError(
                f"The 'length' must be an integer of at least 1, or None. Got {self.length!r}."
            )
        for name, value, known in (
            ("binarization", self.binarization, METHODS),
            ("segmentation", self.segmentation, SEGMENTERS),
            ("engine", self.engine, ENGINES),
        ):
            if value not in known:
                raise ParameterError(
                    f"The '{name}' of a GlyphReader must be one of {', '.join(known)}. "
                    f"Got {value!r}."
                )
        if not isinstance(self.reject_below, Real) or not 0 <= self.reject_below <= 1:
            raise ParameterError(
                f"The 'reject_below' must be a number in [0, 1]. Got {self.reject_below!r}."
            )
        if not isinstance(self.random_state, Integral) or self.random_state < 0:
            raise ParameterError(
                f"The 'random_state' must be an integer of at least 0. Got {self.random_state!r}."
            )

    def _digit_values(self) -> NDArray[np.intp]:
        self._require_fitted()
        if not self.charset_.isdecimal():
            raise ParameterError(
                f"A digit sum needs a charset of digits only. Got {self.charset_!r}."
            )
        return np.array([int(char) for char in self.charset_], np.intp)

    def _read_loaded(self, images: Sequence[NDArray[np.uint8] | ImageError]) -> list[Outcome]:
        self._require_fitted()
        self._check_parameters()
        cutouts = {
            index: cut_out(
                image,
                find_segments(
                    image, binarization=self.binarization, segmentation=self.segmentation
                ),
                length=self.length,
            )
            for index, image in enumerate(images)
            if not isinstance(image, ImageError)
        }
        glyphs = [cutout.glyphs for cutout in cutouts.values()]
        log_probabilities = log_softmax(
            self.logits(np.concatenate([np.empty(NO_GLYPHS, np.float32), *glyphs])),
            temperature=self.temperature_,
            allowed=Charset(self.charset_).mask(self.allowlist),
        )
        stops = np.cumsum([len(framed) for framed in glyphs])
        shares = dict(zip(cutouts, np.split(log_probabilities, stops[:-1]), strict=False))
        return [
            choose(
                cutouts[index],
                shares[index],
                self.charset_,
                length=self.length,
                reject_below=self.reject_below,
            )
            if index in cutouts
            else Outcome(
                Reading(status="unreadable", error=str(image)), np.empty((0, len(self.charset_)))
            )
            for index, image in enumerate(images)
        ]
