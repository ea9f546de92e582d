"""From images to readings: lines, candidates, scores, the best chain of candidates.

Where every character stands alone, the segments themselves are the candidates, each framed as a
glyph. Elsewhere slices of lines are, seen in their line by a span network, or framed as glyphs
where a reader has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from segcap.core.charset import Case, Charset, Kind
from segcap.core.reading import QUARTER_TURNS, Turned
from segcap.decoding.alphabets import likely_alphabet, within_alphabet
from segcap.decoding.chains import Lattice, Outcome, best_texts, choose
from segcap.decoding.compose import with_odds
from segcap.decoding.joint import SURE, Columns, choose_by_both, rank_by_both
from segcap.decoding.viterbi import best_path
from segcap.recognition.admitted import Admitted
from segcap.recognition.candidate_scores import span_logits
from segcap.recognition.engines import Device, Engine, EngineName
from segcap.recognition.line_columns import look_at_lines
from segcap.recognition.own_classifier import OwnClassifier
from segcap.recognition.trained import BLANK_CLASS, NO_CHARACTER, Trained
from segcap.segmentation.candidates import (
    Layout,
    isolated_candidates,
    one_character_wide,
)
from segcap.segmentation.components import Segments
from segcap.segmentation.glyph_crops import (
    candidate_glyphs,
    segment_glyphs,
    turned_glyphs,
)
from segcap.segmentation.settings import Found, SegmentationSettings

__all__ = ["Pipeline", "Scored"]

_TRUST_IN_ONE = 0.2  # what photographs are taken for is a single character, mostly
_DOUBT = 0.9
_GLYPH_FRACTION = 0.7
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
        Log-probability that each span is blank; None where single glyphs were classified.
    trust : float
        Factor of a reading's odds; see `segcap.segmentation.ink.InkView.trust`.
    outcome : Outcome or None
        What the scores come to, where that is known already.
    columns : Columns or None
        What the lines show as a whole, where a network looks at that, too.
    """

    lattice: Lattice
    log_probabilities: NDArray[np.float64]
    skips: NDArray[np.float64] | None = None
    trust: float = 1.0
    outcome: Outcome | None = None
    columns: Columns | None = None

    def within(self, alphabet: NDArray[np.bool_]) -> "Scored":
        """Rule out all characters that are not of an alphabet, (C,) bool."""
        own, shift = within_alphabet(self.log_probabilities, alphabet)
        skips = None if self.skips is None else self.skips - shift
        columns = None if self.columns is None else self.columns.within(alphabet)
        return replace(self, log_probabilities=own, skips=skips, columns=columns)


@dataclass(frozen=True)
class Pipeline:
    """A reader's trained parts and settings, and the steps that they take part in.

    Attributes
    ----------
    charset : Charset
    glyphs : Trained, OwnClassifier or None
        What classifies single glyphs.
    context : Trained or None
        What classifies spans of a line; there is at least one of both.
    settings : SegmentationSettings
    length, allowlist, reject_below, engine, device, case, kind
        As of `segcap.GlyphReader`.
    decimals : int, optional
        How many decimals a number has; see `segcap.decoding.numbers.value_of`.
    line : Trained, optional
        What reads lines as a whole, too.
    """

    charset: Charset
    glyphs: Trained | OwnClassifier | None
    context: Trained | None
    settings: SegmentationSettings
    length: int | None
    allowlist: str | None = None
    reject_below: float = 0.0
    engine: EngineName = "onnx"
    device: Device = "auto"
    case: Case = "keep"
    kind: Kind = "text"
    decimals: int | None = None
    line: Trained | None = None

    def read(
        self, images: Sequence[NDArray[np.uint8]], turned: Turned | None = None
    ) -> list[Outcome]:
        """Read (H, W, 3) uint8 images, turned each way that is asked for, the surest way."""
        scores = self.score(images, quickly=True)
        first = [scored.outcome or self.choose(scored) for scored in scores]
        if turned is None:
            return first
        ways = [first, *(self._read_turned(images, turns) for turns in QUARTER_TURNS[turned])]
        return [max(own, key=_confidence) for own in zip(*ways, strict=True)]

    def _read_turned(self, images: Sequence[NDArray[np.uint8]], turns: int) -> list[Outcome]:
        outcomes = self.read([np.ascontiguousarray(np.rot90(image, turns)) for image in images])
        return [
            own._replace(reading=own.reading.turned_back(turns, image.shape))
            for own, image in zip(outcomes, images, strict=True)
        ]

    def choose(self, scored: Scored, *, as_a_whole: bool = False) -> Outcome:
        """Take the best chain of an image's spans, or what its lines show as a whole."""
        outcome = self._choose(scored, as_a_whole=as_a_whole)
        narrowed = self._in_its_alphabet(scored, outcome)
        if narrowed is not scored:
            outcome = self._choose(narrowed, as_a_whole=as_a_whole)
        return outcome.trusted(self._trust(scored, outcome), self.reject_below)

    def _trust(self, scored: Scored, outcome: Outcome) -> float:
        """Return the factor of a reading's odds that the image shows a text at all."""
        if self.kind != "text":
            return 1.0  # confidences are given that it shows what it is said to
        may_be_none = self.settings.ink is not None and self.length is None
        is_one = len(outcome.reading.text) == 1
        return scored.trust * (_TRUST_IN_ONE if may_be_none and is_one else 1.0)

    def _in_its_alphabet(self, scored: Scored, outcome: Outcome) -> Scored:
        """Rule out what is not of the alphabet that the best chain's text is likely to be of."""
        alphabet = likely_alphabet(outcome.probabilities, self.admitted.alphabets)
        return scored if alphabet is None else scored.within(alphabet)

    def _choose(self, scored: Scored, *, as_a_whole: bool = False) -> Outcome:
        if scored.columns is None:
            by_all = partial(choose, scored.lattice, scored.log_probabilities)
        else:
            spans = None if as_a_whole else scored.log_probabilities
            by_all = partial(choose_by_both, scored.columns, scored.lattice, spans)
        return by_all(
            self.charset.characters,
            length=self.length,
            reject_below=self.reject_below,
            skips=scored.skips,
            language=self.admitted.language,
        )

    def best_texts(self, image: NDArray[np.uint8], most: int) -> list[tuple[str, float]]:
        """Rank the texts that an image may show."""
        (scored,) = self.score([image])
        if len(self.admitted.alphabets):
            scored = self._in_its_alphabet(scored, self._choose(scored))
        by_all = best_texts if scored.columns is None else partial(rank_by_both, scored.columns)
        return by_all(
            scored.lattice,
            scored.log_probabilities,
            self.charset.characters,
            length=self.length,
            most=most,
            skips=scored.skips,
            language=self.admitted.language,
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

    def score(self, images: Sequence[NDArray[np.uint8]], *, quickly: bool = False) -> list[Scored]:
        """Score the candidates of images, strips of one width in one call of the network.

        With `quickly`, an outcome is enough where lines are read surely as a whole.
        """
        found = [self.settings.find(image) for image in images]
        isolated = [self._is_isolated(one.segments) for one in found]
        alone = iter(self._score_isolated(list(compress(found, isolated))))
        others = [not one for one in isolated]
        touching = list(compress(found, others))
        columns = list(map(self._columns, compress(images, others), touching))
        in_lines = iter(self._score_lines(touching, columns, quickly))
        return [next(alone if is_isolated else in_lines) for is_isolated in isolated]

    @cached_property
    def admitted(self) -> Admitted:
        """What may be answered."""
        return Admitted(
            self.charset,
            self.allowlist,
            self.case,
            self.kind,
            self.decimals,
            any_scheme=self.settings.ink is not None,
            two_looks=self.line is not None,
        )

    def _open(self, network: Trained) -> Engine:
        return network.open(self.engine, self.device)

    def _is_isolated(self, segments: Segments) -> bool:
        """Whether every segment is one character as far as widths and their number show."""
        if self.glyphs is None:
            return False
        if self.length is not None and len(segments.boxes) < self.length:
            return False
        return bool(one_character_wide(segments.boxes).all())

    def _score_isolated(self, found: list[Found]) -> list[Scored]:
        kept = [isolated_candidates(one.segments, self.length) for one in found]
        glyphs = [
            segment_glyphs(one.pixels, segments, lattice.spans)
            for one, (segments, lattice) in zip(found, kept, strict=True)
        ]
        scored = zip(found, kept, self._classify(glyphs), strict=True)
        return [_scored(one, lattice, own) for one, (_, lattice), own in scored]

    def _columns(self, image: NDArray[np.uint8], found: Found) -> Columns | None:
        """Look at an image's lines as a whole."""
        if self.line is None or self.context is None:
            return None
        calibrate = partial(self.admitted.of_columns, temperature=self.line.temperature)
        return look_at_lines(image, found.lines(), self._open(self.line), calibrate)

    def _score_lines(
        self, found: list[Found], columns: list[Columns | None], quickly: bool
    ) -> list[Scored]:
        layouts = [one.layout(self.settings.cutters) for one in found]
        if self.context is None:
            glyphs = [
                candidate_glyphs(one.pixels, one.segments, layout)
                for one, layout in zip(found, layouts, strict=True)
            ]
            alone = zip(found, layouts, self._classify(glyphs), strict=True)
            return [_scored(one, layout.lattice, own) for one, layout, own in alone]
        scored = [
            self._read_as_a_whole(*own) if quickly else None
            for own in zip(found, layouts, columns, strict=True)
        ]
        unsure = [one is None for one in scored]
        by_spans = iter(
            self._score_spans(
                list(compress(found, unsure)),
                list(compress(layouts, unsure)),
                list(compress(columns, unsure)),
            )
        )
        return [one or next(by_spans) for one in scored]

    def _read_as_a_whole(
        self, found: Found, layout: Layout, columns: Columns | None
    ) -> Scored | None:
        """Read lines by what they show as a whole, if that is sure."""
        if columns is None or not columns.is_sure:
            return None
        none = np.empty((0, len(self.charset)))
        scored = replace(_scored(found, layout.lattice, none), columns=columns)
        outcome = self.choose(scored, as_a_whole=True)
        sure = outcome.reading.confidence >= with_odds(SURE, outcome.trust)
        return replace(scored, outcome=outcome) if sure else None

    def _score_spans(
        self, found: list[Found], layouts: list[Layout], columns: list[Columns | None]
    ) -> list[Scored]:
        scores = self._classify_in_line(layouts)
        if self.glyphs is not None:
            self._classify_narrow_again(found, layouts, scores)
        scores = list(map(self.admitted.by_meaning, scores))
        return list(map(self._in_line, found, layouts, scores, columns))

    def _in_line(
        self,
        found: Found,
        layout: Layout,
        scores: NDArray[np.float64],
        columns: Columns | None,
    ) -> Scored:
        characters, skips = scores[:, : len(self.charset)], scores[:, BLANK_CLASS]
        return replace(_scored(found, layout.lattice, characters, skips), columns=columns)

    def _classify_in_line(self, layouts: list[Layout]) -> list[NDArray[np.float64]]:
        if not layouts or self.context is None:
            return []
        logits = span_logits(self._open(self.context), layouts, self.context.classes)
        nothing = len(self.charset) + len(NO_CHARACTER) + BLANK_CLASS
        temperature = self.context.temperature
        return [self.admitted.of_candidates(own, temperature, nothing=nothing) for own in logits]

    def _classify_narrow_again(
        self, found: list[Found], layouts: list[Layout], scores: list[NDArray[np.float64]]
    ) -> None:
        """Let what classifies glyphs have its say in which character a narrow segment is."""
        glyphs, places = [], []
        for (image, segments, *_), layout in zip(found, layouts, strict=True):
            spans = {tuple(box): span for span, box in enumerate(layout.lattice.boxes.tolist())}
            at = [spans.get(tuple(box), -1) for box in segments.boxes.tolist()]
            narrow = one_character_wide(segments.boxes)
            own = np.array([i for i, span in enumerate(at) if narrow[i] and span >= 0], np.int32)
            glyphs.append(segment_glyphs(image, segments, np.stack([own, own + 1], axis=1)))
            places.append(np.array(at, np.intp)[own])
        characters = len(self.charset)
        looks = zip(scores, places, self._classify_each(glyphs), strict=True)
        for in_image, span, alone in looks:
            in_line = in_image[span, :characters]
            any_character = np.logaddexp.reduce(in_line, axis=1, keepdims=True)
            both = _GLYPH_FRACTION * alone + (1 - _GLYPH_FRACTION) * (in_line - any_character)
            both += any_character - np.logaddexp.reduce(both, axis=1, keepdims=True)
            in_image[span, :characters] = both

    def _classify(self, glyphs: list[NDArray[np.float32]]) -> list[NDArray[np.float64]]:
        """Classify framed glyphs, which are all that is seen of them."""
        return list(map(self.admitted.by_meaning, self._classify_each(glyphs)))

    def _classify_each(self, glyphs: list[NDArray[np.float32]]) -> list[NDArray[np.float64]]:
        """Classify framed glyphs; those in doubt again, turned a little either way."""
        if not glyphs:
            return []
        framed = np.concatenate(glyphs)
        scores = self._classify_once(framed)
        doubtful = scores.max(axis=1) < np.log(_DOUBT)
        if doubtful.any():
            turned = [turned_glyphs(framed[doubtful], degrees) for degrees in (-_TURN, _TURN)]
            others = np.split(self._classify_once(np.concatenate(turned)), len(turned))
            scores[doubtful] = _mean_scores([scores[doubtful], *others])
        return np.split(scores, np.cumsum([len(own) for own in glyphs])[:-1])

    def _classify_once(self, framed: NDArray[np.float32]) -> NDArray[np.float64]:
        if self.glyphs is None:
            return np.empty((0, len(self.charset)))
        logits = self.glyphs.open(self.engine, self.device).logits(framed)
        return self.admitted.of_candidates(logits, self.glyphs.temperature)


def _scored(
    found: Found,
    lattice: Lattice,
    log_probabilities: NDArray[np.float64],
    skips: NDArray[np.float64] | None = None,
) -> Scored:
    """Scores of candidates in what was found, their boxes moved into the image."""
    return Scored(found.to_image(lattice), log_probabilities, skips, found.trust)


def _mean_scores(looks: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Average log-probabilities; they are some again."""
    together = np.mean(looks, axis=0)
    return together - np.logaddexp.reduce(together, axis=1, keepdims=True)


def _confidence(outcome: Outcome) -> float:
    return outcome.reading.confidence
