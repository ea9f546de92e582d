"""Networks that read the text of a whole image, without cutting it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.core.bundle import Bundle
from segcap.core.charset import Charset
from segcap.core.errors import DataError, ParameterError
from segcap.core.frames import Frame
from segcap.core.image import Channels, ImageSource
from segcap.core.reading import Reading
from segcap.core.validation import check_fraction, check_length, one_of, whole_number
from segcap.decoding.chains import glyphs_of, status_of
from segcap.decoding.compose import NEXT, log_softmax, next_texts
from segcap.decoding.ctc import BLANK, aligned_columns, beam_search, greedy_classes
from segcap.models.registry import network
from segcap.readers.base import TextReader
from segcap.readers.serialization import reader_settings
from segcap.readers.whole import WholeImageReader
from segcap.recognition.engines import Device, EngineName
from segcap.recognition.whole_image import TEXT_TTA, text_augmented_for_test

if TYPE_CHECKING:
    from segcap.training.batch_sources import ImageBatches, Labelled

__all__ = ["SequenceReader"]


_Others: TypeAlias = tuple[tuple[str, float], ...]


class SequenceReader(WholeImageReader[Reading], TextReader):
    """Read texts end to end, without looking for glyphs.

    Parameters
    ----------
    charset : str
        Characters in class order.
    length : int, optional
        Number of characters of every text; all but "crnn" need it.
    classifier : {"crnn", "multihead", "resnet50"}
        "crnn" reads texts of any length from columns of the image, "multihead" has an attention
        for each place in the text, "resnet50", some 50 times as large as that, a head for each
        place; its middle is trained to answer, too, with cutout and more weight decay.
    allowlist : str, optional
        Characters that may be read; all of the charset unless given.
    reject_below : float
        Least confidence of status "ok", in [0, 1].
    beam_width : int
        Texts that "crnn" follows at once; 1 for the best path alone.
    tta : {1, 2}
        Test-time augmentation: how many versions of a text are read; as it is; and a twentieth
        larger. Their logits are averaged, which errs less and takes twice as long; not for "crnn",
        whose columns would not lie side by side. The network is trained without it; `fit`
        calibrates for it.
    size : tuple of int, optional
        Width and height to which images are scaled before they are trained on, pixels; those of
        most images unless given.
    weights : {None, "imagenet"}
        What "resnet50" starts from; Keras downloads what was trained on ImageNet.
    schedule : mapping of str to int, float or str, optional
        What `segcap.training.Schedule` takes besides `epochs`, in place of the reader's own.
    engine : {"onnx", "keras"}
    device : {"auto", "cpu", "cuda"}
        See `segcap.recognition.engines.open_engine`.
    channels : {"rgb", "bgr"}
        Order of the colours in arrays: "bgr" for those of OpenCV.
    frame : {"first", "last", "merge"} or int, optional
        Which frame of an animation or page of a TIFF; see `segcap.core.image.load_image`.
    epochs : int
        Epochs over the images in training, each of at least 50 batches.
    random_state : int
        Seed of all random choices in training.

    Attributes
    ----------
    charset_ : str
        What was trained.
    size_ : tuple of int
        Width and height to which images are resized, pixels.
    trained_ : Trained
    provenance_ : dict
        Data, seed, versions, schedule and figures of the training.
    history_ : History
        What happened, epoch by epoch; only after `fit`. See `segcap.training.plot_history`.

    Notes
    -----
    The confidence of a reading by "crnn" is the probability of the text over all its paths, or of
    the best path if `beam_width` is 1; a glyph's probabilities are the greatest of its columns and
    need not sum to 1. Its status is "empty" where all columns are blank. Its boxes are as high as
    the image and as wide as the columns that the best path gives to a character; those of
    the others are the whole image.
    """

    kind = "sequence-reader"
    task = "texts"

    charset_: str

    def __init__(
        self,
        charset: str = "0123456789",
        *,
        length: int | None = None,
        classifier: str = "crnn",
        allowlist: str | None = None,
        reject_below: float = 0.0,
        beam_width: int = 8,
        tta: int = 1,
        size: tuple[int, int] | None = None,
        weights: str | None = None,
        schedule: Mapping[str, Any] | None = None,
        engine: EngineName = "onnx",
        device: Device = "auto",
        channels: Channels = "rgb",
        frame: Frame | None = None,
        epochs: int = 60,
        random_state: int = 0,
    ) -> None:
        self.charset = charset
        self.length = length
        self.classifier = classifier
        self.allowlist = allowlist
        self.reject_below = reject_below
        self.beam_width = beam_width
        self.tta = tta
        self.size = size
        self.weights = weights
        self.schedule = schedule
        self.engine = engine
        self.device = device
        self.channels = channels
        self.frame = frame
        self.epochs = epochs
        self.random_state = random_state

    def _check_parameters(self) -> None:
        super()._check_parameters()
        Charset(self.charset).mask(self.allowlist)
        whole_number("beam_width", self.beam_width, least=1)
        check_length(self.length)
        check_fraction("reject_below", self.reject_below)
        if self.length is None and not self._unaligned:
            raise ParameterError(
                f"The classifier '{self.classifier}' reads texts of one length: "
                "give the 'length'. Got None."
            )
        self._check_tta(self.classifier)

    @property
    def _unaligned(self) -> bool:
        """Whether the network reads columns without knowing where characters are."""
        return _is_unaligned(self.classifier)

    def _check_tta(self, classifier: str) -> None:
        known = TEXT_TTA[:1] if _is_unaligned(classifier) else TEXT_TTA
        one_of("tta", self.tta, known, of=f"'{classifier}'")

    def _answers(self, labels: Sequence[Any]) -> str:  # noqa: ARG002 whatever the labels
        return self.charset

    def _encode(self, labels: Sequence[Any], answers: Sequence[Any]) -> NDArray[np.intp]:
        charset = Charset("".join(answers))
        for label in labels:
            if not isinstance(label, str):
                raise ParameterError(f"Every label must be a text. Got {label!r}.")
        encoded = [charset.encode(label) for label in labels]
        for label, own in zip(labels, encoded, strict=True):
            if len(own) == 0 or self.length not in (None, len(own)):
                raise ParameterError(
                    f"Every label must have {self.length or 'at least 1'} characters. "
                    f"Got {label!r}."
                )
        classes = np.zeros((len(encoded), max(map(len, encoded), default=0)), np.intp)
        for row, own in zip(classes, encoded, strict=True):
            row[: len(own)] = own + self._unaligned
        return classes

    def _class_count(self, answers: Sequence[Any]) -> int:
        return len(answers) + self._unaligned

    def _network_options(self, size: tuple[int, int]) -> dict[str, int]:
        options = super()._network_options(size)
        return (
            options
            if self.length is None or self._unaligned
            else options | {"length": int(self.length)}
        )

    def _check_size(self, size: tuple[int, int], classes: NDArray[np.intp]) -> None:
        super()._check_size(size, classes)
        if not self._unaligned:
            return
        repeated = (classes[:, 1:] == classes[:, :-1]) & (classes[:, 1:] > 0)
        needed = int(((classes > 0).sum(axis=1) + repeated.sum(axis=1)).max(initial=0))
        width = network(self.classifier).column_width
        columns = size[0] // width
        if needed > columns:
            raise DataError(
                f"Images must have {width} columns of pixels for each character of "
                "their label, and as many between characters that repeat. "
                f"Got images {size[0]} pixels wide and a label that needs "
                f"{width * needed}."
            )

    def _batches(self, train: "Labelled", held_out: "Labelled") -> "ImageBatches":
        if not self._unaligned:
            return super()._batches(train, held_out)
        from segcap.training.batch_sources import TextBatches

        return TextBatches(train, held_out, self._augment)

    def _augmented_for_test(
        self, images: Sequence[NDArray[np.uint8]]
    ) -> Iterator[Sequence[NDArray[np.uint8]]]:
        return text_augmented_for_test(images, int(self.tta))

    def _augment(self, images: NDArray[np.float32], rng: np.random.Generator) -> NDArray:
        from segcap.training.augment import Warp, augment_images

        warp = Warp(rotation=3, scale=0.1, shear=0.12, shift=3, elastic=1.2)
        return augment_images(images, rng, warp)

    def _as_settings(self) -> tuple[str, dict[str, Any]]:
        return self.charset_, {
            "length": None if self.length is None else int(self.length),
            "allowlist": None if self.allowlist is None else "".join(self.allowlist),
            "reject_below": float(self.reject_below),
            "beam_width": int(self.beam_width),
            "tta": int(self.tta),
        }

    @classmethod
    def _from_settings(cls, bundle: Bundle) -> dict[str, Any]:
        return {"charset": bundle.charset, **reader_settings(bundle)}

    def _keep_answers(self, answers: Sequence[Any]) -> None:
        self.charset_ = "".join(answers)

    def _require_fitted(self) -> None:
        super()._require_fitted()
        places = self.trained_.options.get("length")
        if places not in (None, self.length):
            raise ParameterError(
                f"The 'length' must be that of the texts trained on, {places}. Got {self.length!r}."
            )
        self._check_tta(self.trained_.classifier)

    def can_answer(self, label: object) -> bool:
        """Return whether a label has only characters, and as many, as the reader may answer."""
        if not super().can_answer(label):
            return False
        has_places = "length" in self.trained_.options
        return bool(str(label)) or not has_places

    def predict_proba(self, images: Iterable[ImageSource]) -> NDArray[np.float64]:
        """Return the probability of each character at each place, (N, length, C).

        Parameters
        ----------
        images : iterable of path, bytes, array or PIL.Image.Image

        Returns
        -------
        (N, length, C) float64 array
            In the order of `charset_`; each place sums to 1. Those of "crnn" are
            fractions of the texts of that length that its search ends with, all characters alike
            if there is none.

        Raises
        ------
        ParameterError
            The `length` is unknown.
        ImageError
            An image cannot be loaded.
        """
        batches = self._loaded_batches(images)
        if self.length is None:
            raise ParameterError("Probabilities of places need texts of one 'length'. Got None.")
        parts = [np.empty((0, self.length, len(self.charset_)))]
        for loaded in batches:
            parts.append(np.stack([*map(self._of_each, self._log_probabilities(loaded))]))
        return np.concatenate(parts)

    def _of_each(self, log_probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        if not _is_unaligned(self.trained_.classifier):
            return np.exp(log_probabilities)
        ranked = self._ranked(log_probabilities)
        shape = int(self.length or 0), len(self.charset_)
        if not ranked:
            return np.full(shape, 1 / shape[1])
        found = np.array([probability for _, probability in ranked])
        weights = np.exp(found - np.logaddexp.reduce(found))
        probabilities = np.zeros(shape)
        for (classes, _), weight in zip(ranked, weights, strict=True):
            probabilities[np.arange(shape[0]), list(classes)] += weight
        return probabilities

    def _log_probabilities(self, images: list[NDArray[np.uint8]]) -> list[NDArray[np.float64]]:
        """Return the log-probabilities of what each image's columns or places show."""
        allowed = Charset(self.charset_).mask(self.allowlist)
        if _is_unaligned(self.trained_.classifier):
            allowed = np.append(True, allowed)
        return [
            log_softmax(own, temperature=self.trained_.temperature, allowed=allowed)
            for own in self._logits(images)
        ]

    def _read_loaded(self, images: list[NDArray[np.uint8]]) -> list[Reading]:
        self._warn_if_resized(images)
        unaligned = _is_unaligned(self.trained_.classifier)
        compose = self._of_columns if unaligned else self._of_places
        return [
            compose(own, image.shape[:2])
            for own, image in zip(self._log_probabilities(images), images, strict=True)
        ]

    def _ranked(
        self, log_probabilities: NDArray[np.float64]
    ) -> list[tuple[tuple[int, ...], float]]:
        ranked = beam_search(log_probabilities, width=self.beam_width, length=self.length)
        return ranked or beam_search(
            log_probabilities, width=self.beam_width, length=self.length, least=0
        )

    def _of_columns(
        self, log_probabilities: NDArray[np.float64], shape: tuple[int, ...]
    ) -> Reading:
        """Compose a reading of what each column shows."""
        others: _Others = ()
        charset = Charset(self.charset_)
        if self.beam_width == 1:
            classes = greedy_classes(log_probabilities)
            confidence = float(np.exp(log_probabilities.max(axis=1).sum()))
        else:
            ranked = self._ranked(log_probabilities)
            if not ranked:
                return Reading(status="rejected")
            classes = np.array(ranked[0][0], np.intp)
            confidence = float(np.exp(min(ranked[0][1], 0.0)))
            others = tuple(
                (charset.decode(own), float(np.exp(min(score, 0.0))))
                for own, score in ranked[1 : NEXT + 1]
            )
        columns = aligned_columns(log_probabilities, classes)
        if columns is None or len(classes) == 0:
            return Reading(status="empty" if self.length is None else "rejected")
        probabilities = np.stack(
            [np.exp(log_probabilities[first:last].max(axis=0)) for first, last in columns]
        )
        probabilities[:, BLANK] = 0
        edges = np.rint(columns * (shape[1] / len(log_probabilities))).astype(int)
        left = np.minimum(edges[:, 0], shape[1] - 1)
        right = np.maximum(edges[:, 1], left + 1)
        boxes = np.stack([left, np.zeros_like(left), right, np.full_like(left, shape[0])], axis=1)
        return self._reading(probabilities[:, BLANK + 1 :], classes, boxes, confidence, others)

    def _of_places(self, log_probabilities: NDArray[np.float64], shape: tuple[int, ...]) -> Reading:
        """Compose a reading of what each place shows."""
        classes = log_probabilities.argmax(axis=1)
        confidence = float(np.exp(log_probabilities.max(axis=1).sum()))
        boxes = np.tile([0, 0, shape[1], shape[0]], (len(log_probabilities), 1))
        probabilities = np.exp(log_probabilities)
        others = next_texts(probabilities, self.charset_)
        return self._reading(probabilities, classes, boxes, confidence, others)

    def _reading(
        self,
        probabilities: NDArray[np.float64],
        classes: NDArray[np.intp],
        boxes: NDArray[np.integer],
        confidence: float,
        others: _Others,
    ) -> Reading:
        glyphs = glyphs_of(probabilities, classes, boxes, self.charset_)
        length_met = self.length in (None, len(glyphs))
        confidence = confidence if length_met else 0.0
        text = "".join(glyph.char for glyph in glyphs)
        return Reading(
            text,
            glyphs,
            confidence=confidence,
            status=status_of(confidence, self.reject_below),
            alternatives=others if length_met else (),
        )


def _is_unaligned(classifier: str) -> bool:
    return network(classifier).tasks["texts"] == "ctc"
