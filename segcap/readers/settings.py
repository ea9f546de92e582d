"""The parameters of a glyph reader: kept, checked, and filled in where they were left open."""

import os
from abc import ABC
from collections.abc import Sequence
from itertools import compress
from string import digits

from segcap.core.charset import CASES, KINDS, Case, Charset, Kind
from segcap.core.errors import ParameterError
from segcap.core.frames import Frame
from segcap.core.image import Channels
from segcap.core.validation import check_fraction, check_length, seed_number, whole_number
from segcap.decoding.numbers import OPERATIONS
from segcap.models.registry import networks_for
from segcap.readers.base import TextReader
from segcap.recognition.engines import ENGINES, Device, EngineName, check_device
from segcap.recognition.own_classifier import GlyphClassifier, KerasModel, is_own_classifier
from segcap.recognition.trained import Trained, TrainedInk
from segcap.segmentation.binarize import METHODS
from segcap.segmentation.components import SEGMENTERS, Segmenter
from segcap.segmentation.cut_candidates import CUTTERS, DEFAULT_CUTTERS
from segcap.segmentation.line_removal import LINE_REMOVALS, LineRemoval
from segcap.segmentation.own_segmenter import OwnSegmenter
from segcap.segmentation.settings import LEARNED, Binarization, SegmentationSettings

__all__ = ["GlyphSettings", "needs_learned_ink"]


class GlyphSettings(TextReader, ABC):
    """What `segcap.GlyphReader` is made with; its parameters are described there."""

    def __init__(
        self,
        charset: str = "0123456789",
        *,
        length: int | None = None,
        allowlist: str | None = None,
        case: Case = "keep",
        kind: Kind = "text",
        reject_below: float = 0.0,
        binarization: Binarization | None = None,
        line_removal: LineRemoval | None = None,
        segmentation: Segmenter = "components",
        cutters: Sequence[str] = DEFAULT_CUTTERS,
        classifier: str | os.PathLike[str] | GlyphClassifier | KerasModel | None = None,
        segmenter: OwnSegmenter | None = None,
        engine: EngineName = "onnx",
        device: Device = "auto",
        channels: Channels = "rgb",
        frame: Frame | None = None,
        epochs: int = 12,
        random_state: int = 0,
    ) -> None:
        self.charset = charset
        self.length = length
        self.allowlist = allowlist
        self.case = case
        self.kind = kind
        self.reject_below = reject_below
        self.binarization = binarization
        self.line_removal = line_removal
        self.segmentation = segmentation
        self.cutters = cutters
        self.classifier = classifier
        self.segmenter = segmenter
        self.engine = engine
        self.device = device
        self.channels = channels
        self.frame = frame
        self.epochs = epochs
        self.random_state = random_state

    def _check_parameters(self, network: str | None = None) -> None:
        network = network or self._network_to_read()
        admitted = Charset(self.charset).mask(self.allowlist)
        check_length(self.length)
        if not isinstance(self.cutters, Sequence):
            raise ParameterError(
                f"The 'cutters' of a GlyphReader must be a sequence of names. Got {self.cutters!r}."
            )
        for name, value, known in (
            ("case", self.case, CASES),
            ("kind", self.kind, KINDS),
            ("binarization", self.binarization, (*METHODS, LEARNED, None)),
            ("line_removal", self.line_removal, (*LINE_REMOVALS, None)),
            ("segmentation", self.segmentation, SEGMENTERS),
            ("engine", self.engine, ENGINES),
            *(("cutters", cutter, tuple(CUTTERS)) for cutter in self.cutters),
        ):
            if not isinstance(value, str | None) or value not in known:
                raise ParameterError(
                    f"The '{name}' of a GlyphReader must be one of "
                    f"{', '.join(map(str, known))}. Got {value!r}."
                )
        self._check_kind("".join(compress(self.charset, admitted)))
        check_device(self.device, self.engine)
        self._check_loading()
        self._check_network(network)
        if self.segmenter is not None and not callable(self.segmenter):
            raise ParameterError(
                "The 'segmenter' of a GlyphReader must be a function from an image to a mask or "
                f"to boxes. Got {self.segmenter!r}."
            )
        check_fraction("reject_below", self.reject_below)
        whole_number("epochs", self.epochs, least=1)
        seed_number("random_state", self.random_state)

    def _check_kind(self, characters: str) -> None:
        allowed = {*characters}
        if self.kind != "text" and not allowed & {*digits}:
            raise ParameterError(
                f"A reader of the kind '{self.kind}' must know digits. Got {characters!r}."
            )
        if self.kind == "task" and not allowed & {*OPERATIONS}:
            raise ParameterError(
                "A reader of the kind 'task' must know one of the signs + - x * / ÷. "
                f"Got {characters!r}."
            )

    def _check_network(self, network: str) -> None:
        if not self._has_own_classifier() and network not in self._classifiers():
            raise ParameterError(
                f"The 'classifier' of a GlyphReader must be one of "
                f"{', '.join(self._classifiers())}, have 'predict_proba', or be a Keras model or "
                f"the path of an .onnx file. Got {self.classifier!r}."
            )
        if needs_learned_ink(network) and self.binarization not in (LEARNED, None):
            raise ParameterError(
                f"The 'binarization' for '{network}' must be '{LEARNED}'. "
                f"Got {self.binarization!r}."
            )
        has_ink = needs_learned_ink(network) or getattr(self, "ink_", None) is not None
        if self.binarization == LEARNED and not has_ink:
            raise ParameterError(
                f"The 'binarization' '{LEARNED}' needs a network that finds ink, which 'span_roi' "
                f"has. Got it for {network or self.classifier!r}."
            )

    @staticmethod
    def _classifiers() -> tuple[str, ...]:
        """Return the names of the networks that may classify."""
        return (*networks_for("spans"), *networks_for("glyphs"))

    def _network_to_train(self) -> str:
        """Return the name of the network that `fit` trains; none if it is an own classifier."""
        if self.classifier is not None:
            return self.classifier if isinstance(self.classifier, str) else ""
        by_threshold = self.binarization not in (LEARNED, None)
        without_lines = self.binarization is None and self.line_removal not in ("none", None)
        return "span_cnn" if by_threshold or without_lines else "span_roi"

    def _network_to_read(self) -> str:
        """Return the name of the network that was trained, or else is to be."""
        fitted = getattr(self, "context_", None) or getattr(self, "glyphs_", None)
        if self.classifier is None and isinstance(fitted, Trained):
            return fitted.classifier
        return self._network_to_train()

    @property
    def finds_ink_by_network(self) -> bool:
        """Whether a network finds ink, and no threshold."""
        return self.binarization == LEARNED or (
            self.binarization is None and needs_learned_ink(self._network_to_read())
        )

    def _has_own_classifier(self) -> bool:
        return is_own_classifier(self.classifier)

    def _has_fitted_classifier(self) -> bool:
        """Whether there is an own classifier that reads without `fit`, as far as can be seen."""
        if not self._has_own_classifier():
            return False
        if not (hasattr(self.classifier, "get_params") and hasattr(self.classifier, "fit")):
            return True
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted

        try:
            check_is_fitted(self.classifier)
        except NotFittedError:
            return False
        except (AttributeError, TypeError):  # it follows scikit-learn's rules in part only
            return True
        return True

    def _settings(
        self,
        chosen: SegmentationSettings | None = None,
        network: str | None = None,
        ink: Trained | None = None,
    ) -> SegmentationSettings:
        """Return the settings as they are or, where they were left open, as chosen in training.

        Ink is found by `ink`, or else by the reader's own network.
        """
        if chosen is None:
            learned = needs_learned_ink(network or self._network_to_read())
            chosen = SegmentationSettings(LEARNED if learned else "auto")
        binarization = self.binarization or chosen.binarization
        ink = (ink or getattr(self, "ink_", None)) if binarization == LEARNED else None
        return SegmentationSettings(
            binarization,
            self.line_removal or chosen.line_removal,
            self.segmentation,
            tuple(self.cutters),
            None if ink is None else TrainedInk(ink, self.engine, self.device),
            self.segmenter,
        )

    def _open_settings(self, network: str, ink: Trained | None) -> list[SegmentationSettings]:
        """Return all settings that were left open, for a network, with one that finds ink."""
        fixed = needs_learned_ink(network) or self.binarization == LEARNED
        if fixed or self.segmenter is not None:
            return [self._settings(network=network, ink=ink)]
        return [
            SegmentationSettings(binarization, line_removal, self.segmentation, tuple(self.cutters))
            for binarization in ([self.binarization] if self.binarization else METHODS)
            for line_removal in ([self.line_removal] if self.line_removal else LINE_REMOVALS)
        ]


def needs_learned_ink(name: str) -> bool:
    """Whether a network classifies spans of learned ink."""
    spans = networks_for("spans")
    return name in spans and spans[name].learned_ink
