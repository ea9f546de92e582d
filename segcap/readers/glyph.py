"""The reader that cuts an image into glyphs and classifies each."""

import os
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.bundle import Bundle, digest, write_bundle
from segcap.core.charset import Charset
from segcap.core.errors import BundleError, DataError, ParameterError
from segcap.core.image import ImageSource, source_name
from segcap.core.reading import Failure
from segcap.core.validation import whole_number
from segcap.readers.glyph_answers import GlyphAnswers
from segcap.readers.serialization import (
    glyph_bundle,
    kept_frame,
    settings_of,
    trained_context,
    trained_glyphs,
    trained_ink,
    trained_line,
)
from segcap.recognition.own_classifier import OwnClassifier
from segcap.segmentation.glyph_crops import NO_GLYPHS
from segcap.segmentation.settings import LEARNED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["GlyphReader"]

_MOST_TEXTS = 100
_DESCRIBED_ELSEWHERE = (
    "charset",
    "classifier",
    "segmenter",
    "engine",
    "device",
    "channels",
    "frame",
    "random_state",
)
_TRAINED_ELSEWHERE = {
    "data": {"name": "unknown", "samples": 0, "sha256": digest()},
    "seed": None,
    "versions": {},
    "figures": {},
}


class GlyphReader(GlyphAnswers):
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
        not occur, such as a point, are specks; a point that it names is expected more.
    reject_below : float
        Readings of less confidence get the status "rejected"; in [0, 1].
    binarization : {"auto", "otsu", "sauvola", "adaptive", "colour", "learned"}, optional
        How ink is found; see `segcap.segmentation.binarize.binarize`, and `segcap.segmentation.ink`
        for ink that a network finds. Unless given, `fit` chooses, "learned" for "span_roi".
    line_removal : {"none", "run-length", "hough", "opening"}, optional
        How lines through the text are taken out before it is cut; see
        `segcap.segmentation.line_removal.without_lines`. Unless given, `fit` chooses for
        "span_cnn". Learned ink has none to begin with: it is not asked.
    segmentation : {"components", "contours"}
        How ink is parted; see `segcap.segmentation.components.segment`.
    cutters : sequence of str
        What proposes cuts through touching characters; names of
        `segcap.segmentation.cut_candidates.CUTTERS`.
    classifier : {"span_roi", "span_cnn", "glyph_cnn"}, object, keras.Model or path, optional
        What `fit` trains. "span_roi" and "span_cnn" classify spans of a line, seen with what
        stands around them. "span_roi" starts from the shipped reader "any": it finds learned ink,
        and reads lines as a whole, too. "span_cnn" starts from "mixed": it finds ink by a
        threshold, reads several times as fast, and needs more labels. Unless given, it is
        "span_cnn" if a threshold or, without learned ink, the removal of lines is asked for, else
        "span_roi".
        "glyph_cnn", and any object with `predict_proba` on (N, 28, 28, 1) float32 glyphs, classify
        single glyphs, as do a trained Keras model and an .onnx file from glyphs to probabilities or
        logits. What is fitted already reads without `fit`; `fit` fits a copy of an object that has
        it. `save` keeps a Keras model, exported to ONNX, and an ONNX file. See
        `segcap.recognition.own_classifier`.
    segmenter : callable, optional
        What finds the characters instead of `binarization` and `line_removal`: a function from an
        (H, W, 3) uint8 RGB image to an (H, W) mask of ink, or to (N, 4) boxes. See
        `segcap.segmentation.own_segmenter`.
    engine : {"onnx", "keras"}
        What runs the classifier; see `segcap.recognition.engines.open_engine`.
    device : {"auto", "cpu", "cuda"}
        Where ONNX Runtime runs it: with "auto" on a GPU where its package for CUDA finds one. What
        is an own classifier runs where it likes.
    channels : {"rgb", "bgr"}
        Order of the colours in arrays: "bgr" for those of OpenCV.
    frame : {"first", "last", "merge"} or int, optional
        Which frame of an animation or page of a TIFF; see `segcap.core.image.load_image`.
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
    line_ : Trained or None
        What reads lines as a whole, beside what classifies their spans; see
        `segcap.decoding.joint`.
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

    def read_best(self, image: ImageSource, most: int = 5) -> list[tuple[str, float]]:
        """Rank the texts that one image may show.

        Parameters
        ----------
        image : path, bytes, array or PIL.Image.Image
        most : int
            Most texts, in 1 to 100.

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
            `most` is no integer in 1 to 100.
        """
        most = whole_number("most", most, least=1, most=_MOST_TEXTS)
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
            `text` is no text, is empty, or holds a character outside the charset.
        DataError
            The image has fewer components than `text` has characters, or far more.
        """
        if not self._spelled(text):
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
        self._spelled(label)
        (reading,) = self._read_loaded([pixels])
        answer = self.as_answer(label)
        kind = reading.failure(answer)
        return reading.failure(answer, self._located(pixels, label)) if kind == "misread" else kind

    def _located(self, pixels: NDArray[np.uint8], text: str) -> NDArray[np.int32] | None:
        """Box the characters of a text, whether it is allowed or not."""
        pipeline = replace(self._pipeline(), length=len(text), allowlist=None, kind="text")
        return pipeline.locate(pixels, pipeline.charset.encode(pipeline.admitted.spelled(text)))

    def _spelled(self, text: str) -> str:
        """Return a text of the charset, allowed or not, in the letters that are answered."""
        pipeline = replace(self._pipeline(), allowlist=None, kind="text")
        own = pipeline.admitted.spelled(text) if isinstance(text, str) else text
        pipeline.charset.encode(own)
        return own

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

    def can_answer(self, label: object) -> bool:
        """Whether the reader may answer a label: its characters, their number, and its kind."""
        admitted = self._pipeline().admitted
        text = admitted.spelled(str(label))
        if not text:
            return True
        if admitted.charset.unknown(text) or self.length not in (None, len(text)):
            return False
        classes = admitted.charset.encode(text)
        spelled = admitted.language is None or admitted.language.accepts(classes)
        return spelled and bool(admitted.characters[classes].all())

    def as_answer(self, label: Any) -> str:
        """Return a label as the reader would spell it: with its own letters and signs."""
        return self._pipeline().admitted.spelled(str(label))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the reader as one file; see `segcap.core.bundle`.

        Raises
        ------
        NotFittedError
            The reader is not fitted.
        FileError
            The file cannot be written.
        ParameterError
            An own classifier is neither a Keras model nor an ONNX file, or the segmenter is an own
            one: a bundle holds networks, and no functions.
        BundleError
            An own network is more than weights and arithmetic; see
            `segcap.recognition.engines.graph`.
        """
        self._require_fitted()
        self._check_parameters()
        if self.segmenter is not None:
            raise ParameterError(
                "A reader that is saved must find characters by itself: set its 'segmenter' to "
                f"None, and give it again to load. Got {self.segmenter!r}."
            )
        settings = self.get_params() | self._settings(self.settings_).as_parameters()
        settings["length"] = None if self.length is None else int(self.length)
        settings["allowlist"] = None if self.allowlist is None else "".join(self.allowlist)
        settings["reject_below"] = float(self.reject_below)
        settings["epochs"] = int(self.epochs)
        for described_elsewhere in _DESCRIBED_ELSEWHERE:
            del settings[described_elsewhere]
        settings |= kept_frame(self.frame)
        write_bundle(
            glyph_bundle(
                self.glyphs_,
                self.context_,
                self.ink_,
                self.line_,
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
        BundleError
            The bundle's own settings are outside their range, or a network is missing.
        """
        glyphs = trained_glyphs(bundle)
        classifier: Any = bundle.architecture.split("+")[0]
        if isinstance(glyphs, OwnClassifier):
            classifier = glyphs.given
        settings = dict(bundle.settings)
        if "cutters" in settings:
            settings["cutters"] = tuple(settings["cutters"])
        reader = cls(bundle.charset, classifier=classifier, **settings)
        with settings_of(bundle):
            reader._check_parameters()
        reader.charset_ = bundle.charset
        reader.glyphs_ = glyphs
        reader.context_ = trained_context(bundle)
        reader.ink_ = trained_ink(bundle)
        reader.line_ = trained_line(bundle)
        if reader._settings().binarization == LEARNED and reader.ink_ is None:
            raise BundleError(
                "A bundle of learned ink must hold the network that finds it. Got none."
            )
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
        engine = self.glyphs_.open(self.engine, self.device)
        return engine.logits(glyphs.astype(np.float32, copy=False))

    def _require_fitted(self) -> None:
        own = self.classifier
        if own is not None and not self._is_fitted and self._has_fitted_classifier():
            self._check_parameters()
            self.charset_, self.settings_ = self.charset, self._settings()
            self.glyphs_ = OwnClassifier(own, Charset(self.charset))
            self.context_ = self.ink_ = self.line_ = None
            self.provenance_ = deepcopy(_TRAINED_ELSEWHERE)  # last: it says that all is there
        super()._require_fitted()

    def __sklearn_is_fitted__(self) -> bool:
        return self._is_fitted or self._has_fitted_classifier()
