"""From images to readings: glyphs that stand alone by themselves, others in their line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segcap.core.charset import Charset
from segcap.core.image import to_grey
from segcap.decoding.chains import Lattice, Outcome, best_texts, choose
from segcap.decoding.compose import log_softmax
from segcap.decoding.viterbi import best_path
from segcap.recognition.candidate_scores import span_logits
from segcap.recognition.engines import EngineName
from segcap.recognition.trained import NO_CHARACTER, NOTHING, Trained
from segcap.segmentation.candidates import Layout, lay_out
from segcap.segmentation.components import Segments
from segcap.segmentation.framing import NO_GLYPHS, frame_glyphs, turned_glyphs
from segcap.segmentation.glyph_crops import cut_out
from segcap.segmentation.oversegmentation import parts_for_width
from segcap.segmentation.settings import Finding

__all__ = ["Pipeline", "Scored"]

_DOUBT = 0.9
_GLYPH_SHARE = 0.7
_TURN = 8.0


@dataclass(frozen=True)
class Scored:
    """One image's candidate spans with their scores.

    Attributes
    ----------
    lattice : Lattice
    log_probabilities : (S, C) float64 array
        Of the characters.
    skips : (S,) float64 array or None
        Log-probability of nothing in each span; None where single glyphs were named.
    """

    lattice: Lattice
    log_probabilities: NDArray[np.float64]
    skips: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Pipeline:
    """A reader's trained parts and settings, and the steps that they take part in.

    Attributes
    ----------
    charset : Charset
    glyphs, context : Trained or None
        What names single glyphs and spans of a line; at least one.
    finding : Finding
    length, allowlist, reject_below, engine
        As of `segcap.GlyphReader`.
    """

    charset: Charset
    glyphs: Trained | None
    context: Trained | None
    finding: Finding
    length: int | None
    allowlist: str | None = None
    reject_below: float = 0.0
    engine: EngineName = "onnx"

    def read(self, images: Sequence[NDArray[np.uint8]]) -> list[Outcome]:
        """Read (H, W, 3) uint8 images."""
        return [self.choose(scored) for scored in self.score(images)]

    def choose(self, scored: Scored) -> Outcome:
        """Take the best chain of an image's spans."""
        return choose(
            scored.lattice,
            scored.log_probabilities,
            self.charset.characters,
            length=self.length,
            reject_below=self.reject_below,
            skips=scored.skips,
        )

    def best_texts(self, image: NDArray[np.uint8], most: int) -> list[tuple[str, float]]:
        """Rank the texts that an image may show."""
        (scored,) = self.score([image])
        return best_texts(
            scored.lattice,
            scored.log_probabilities,
            self.charset.characters,
            length=self.length,
            most=most,
            skips=scored.skips,
        )

    def locate(
        self, image: NDArray[np.uint8], classes: NDArray[np.intp]
    ) -> NDArray[np.int32] | None:
        """Box the characters of a known text; None if there is too little ink for it."""
        (scored,) = self.score([image])
        path = best_path(
            scored.lattice.spans,
            scored.log_probabilities[:, classes],
            atoms=scored.lattice.atoms,
            length=len(classes),
            skips=scored.skips,
        )
        return None if path is None else scored.lattice.boxes[path.spans]

    def score(self, images: Sequence[NDArray[np.uint8]]) -> list[Scored]:
        """Cut images and score their spans, those of many images in one call of the network."""
        found = [self.finding.segments(image) for image in images]
        single = [index for index, own in enumerate(found) if self._stands_alone(own)]
        scored = dict(zip(single, self._score_glyphs(images, found, single), strict=True))
        if self.context is not None:
            others = [index for index in range(len(images)) if index not in scored]
            scored |= dict(zip(others, self._score_lines(images, found, others), strict=True))
        return [scored[index] for index in range(len(images))]

    def _stands_alone(self, segments: Segments) -> bool:
        """Whether every segment is one character as far as widths and their number tell."""
        if self.context is None:
            return True
        if self.glyphs is None:
            return False
        if self.length is not None and len(segments.boxes) < self.length:
            return False
        return bool((parts_for_width(segments.boxes) == 1).all())

    def _score_glyphs(
        self, images: Sequence[NDArray[np.uint8]], found: list[Segments], chosen: list[int]
    ) -> list[Scored]:
        if not chosen:
            return []
        cutouts = [
            cut_out(images[index], found[index], length=self.length, cutters=self.finding.cutters)
            for index in chosen
        ]
        glyphs = [cutout.glyphs for cutout in cutouts]
        log_probabilities = self._name_glyphs(glyphs)
        stops = np.cumsum([len(framed) for framed in glyphs])
        shares = np.split(log_probabilities, stops[:-1])
        return [
            Scored(cutout.lattice, share) for cutout, share in zip(cutouts, shares, strict=True)
        ]

    def _score_lines(
        self, images: Sequence[NDArray[np.uint8]], found: list[Segments], chosen: list[int]
    ) -> list[Scored]:
        if not chosen or self.context is None:
            return []
        layouts = [
            lay_out(images[index], found[index], cutters=self.finding.cutters) for index in chosen
        ]
        allowed = np.append(self.charset.mask(self.allowlist), [True] * len(NO_CHARACTER))
        characters = len(self.charset)
        logits = span_logits(self.context.open(self.engine), layouts, self.context.classes)
        named = [
            log_softmax(own, temperature=self.context.temperature, allowed=allowed)
            for own in logits
        ]
        if self.glyphs is not None:
            self._rename_alone(images, found, chosen, layouts, named)
        return [
            Scored(layout.lattice, own[:, :characters], own[:, NOTHING])
            for layout, own in zip(layouts, named, strict=True)
        ]

    def _rename_alone(
        self,
        images: Sequence[NDArray[np.uint8]],
        found: list[Segments],
        chosen: list[int],
        layouts: list[Layout],
        named: list[NDArray[np.float64]],
    ) -> None:
        """Let what names single glyphs have its say in which character a narrow segment is."""
        glyphs, places = [], []
        for place, (index, layout) in enumerate(zip(chosen, layouts, strict=True)):
            boxes = found[index].boxes
            spans = {tuple(box): span for span, box in enumerate(layout.lattice.boxes.tolist())}
            alone = [
                segment
                for segment in np.flatnonzero(parts_for_width(boxes) == 1).tolist()
                if tuple(boxes[segment].tolist()) in spans
            ]
            own = np.array(alone, np.int32)
            glyphs.append(
                frame_glyphs(
                    to_grey(images[index]),
                    found[index].labels,
                    boxes=boxes[own],
                    spans=np.stack([own + 1, own + 2], axis=1),
                )
            )
            places += [(place, spans[tuple(boxes[segment].tolist())]) for segment in alone]
        shares = self._name_glyphs(glyphs)
        characters = len(self.charset)
        for (place, span), share in zip(places, shares, strict=True):
            in_line = named[place][span, :characters]
            any_character = np.logaddexp.reduce(in_line)
            both = _GLYPH_SHARE * share + (1 - _GLYPH_SHARE) * (in_line - any_character)
            both += any_character - np.logaddexp.reduce(both)
            named[place][span, :characters] = both

    def _name_glyphs(self, glyphs: list[NDArray[np.float32]]) -> NDArray[np.float64]:
        """Name framed glyphs; those in doubt are looked at again, turned a little either way."""
        framed = np.concatenate([np.empty(NO_GLYPHS, np.float32), *glyphs])
        named = self._name_framed(framed)
        doubtful = named.max(axis=1) < np.log(_DOUBT)
        if doubtful.any():
            looks = [named[doubtful]] + [
                self._name_framed(turned_glyphs(framed[doubtful], degrees))
                for degrees in (-_TURN, _TURN)
            ]
            together = np.mean(looks, axis=0)
            named[doubtful] = together - np.logaddexp.reduce(together, axis=1, keepdims=True)
        return named

    def _name_framed(self, framed: NDArray[np.float32]) -> NDArray[np.float64]:
        if self.glyphs is None:
            return np.empty((0, len(self.charset)))
        return log_softmax(
            self.glyphs.open(self.engine).logits(framed),
            temperature=self.glyphs.temperature,
            allowed=self.charset.mask(self.allowlist),
        )
