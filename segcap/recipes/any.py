"""The reader "any": letters, digits and signs of schemes that nobody here drew."""

import os
import string
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from segcap.core.bundle import digest
from segcap.core.charset import Charset
from segcap.core.errors import SegcapWarning
from segcap.readers.glyph import GlyphReader
from segcap.recipes.ink import wild_sources
from segcap.recognition.engines.networks import WEIGHTS, pack_weights
from segcap.recognition.trained import NO_CHARACTER, Trained, TrainedInk
from segcap.training.schedule import Schedule
from segcap.training.spans import LabelledStrips, SpanBatches
from segcap.training.synthetic import inked_texts

if TYPE_CHECKING:
    from segcap.training.fit import OnEpoch

__all__ = [
    "ANY_CHARSET",
    "draw_lines",
    "train_any",
    "train_ink_network",
    "train_line_network",
    "train_span_network",
]

ANY_CHARSET = string.digits + string.ascii_letters + "+-*/÷=?.,:"
_WIDEST = 256
_IMAGES, _LINES, _PICTURES = 50_000, 150_000, 100_000
_EMA = 0.998
_INK_VALIDATED_ON, _LINES_VALIDATED_ON = 1000, 2000
_SEED, _OTHER_SEED = 0, 7
_NUMBERS_KEPT = 0.45


def train_any(
    data: str | os.PathLike[str] | None = None,
    *,
    fonts: str | Path | None = None,
    epochs: int = 2,
    seed: int = 0,
    state: str | os.PathLike[str] | None = None,
    on_epoch: "OnEpoch | None" = None,
) -> GlyphReader:
    """Train the reader for any scheme on drawn images: its ink, its spans, then its whole lines.

    What reads whole lines starts from PP-OCRv6's small network, see
    `segcap.models.line_ctc.start_from_ppocr`; all else from nothing.

    Parameters
    ----------
    data : path, optional
        See `segcap.datasets.load_mnist`.
    fonts : path, optional
        A folder of several hundred typefaces, see data/collect_fonts.py; the shipped ones unless
        given, with which it reads less.
    epochs : int
        Over the images, and over the lines of spans; over whole lines one.
    seed : int
    state : path, optional
        Files of this name, with ".ink", ".spans" and ".line", from which a killed training goes on.
    on_epoch : callable, optional
        Called after each epoch of any of the three networks with the number of its epochs done
        and its history.

    Returns
    -------
    GlyphReader

    Raises
    ------
    DataError
        PP-OCRv6's network is not installed, or `state` is of another training.

    Warns
    -----
    SegcapWarning
        No `fonts` are given.
    """
    from segcap.models.line_ctc import ppocr_file

    ppocr_file()  # before hours of training that would come to nothing without it
    if fonts is None:
        warnings.warn(
            "To read most schemes, \"any\" must be trained on hundreds of typefaces, 'fonts'. "
            "Got none: it is trained on the shipped ones.",
            SegcapWarning,
            stacklevel=2,
        )
    ink, ink_figures = train_ink_network(
        fonts,
        data,
        epochs=epochs,
        seed=seed,
        state=None if state is None else f"{os.fspath(state)}.ink",
        on_epoch=on_epoch,
    )
    train = draw_lines(ink, fonts, data)
    validation = draw_lines(ink, fonts, data, held_out=True)
    spans, figures = train_span_network(
        train,
        validation,
        epochs=epochs,
        seed=seed,
        state=None if state is None else f"{os.fspath(state)}.spans",
        on_epoch=on_epoch,
    )
    line, line_figures = train_line_network(
        fonts,
        data,
        seed=seed,
        state=None if state is None else f"{os.fspath(state)}.line",
        on_epoch=on_epoch,
    )
    figures = ink_figures | figures | line_figures
    return as_reader(ink, spans, line, digest(*train), figures, seed=seed)


def as_reader(
    ink: Trained, spans: Trained, line: Trained, sha256: str, figures: dict[str, Any], *, seed: int
) -> GlyphReader:
    """Put the networks into a reader."""
    from segcap.training.classifier import versions

    reader = GlyphReader(ANY_CHARSET, classifier=spans.classifier, random_state=seed)
    reader.charset_, reader.glyphs_, reader.context_, reader.ink_ = ANY_CHARSET, None, spans, ink
    reader.line_ = line
    reader.settings_ = reader._settings()
    reader.provenance_ = {
        "data": {
            "name": "wild and mixed images, handwriting of MNIST x_train",
            "samples": figures["lines"],
            "sha256": sha256,
        },
        "seed": seed,
        "versions": versions(),
        "figures": figures,
    }
    return reader


def train_ink_network(
    fonts: str | Path | None,
    data: str | os.PathLike[str] | None,
    *,
    images: int = _IMAGES,
    epochs: int = 2,
    seed: int = 0,
    state: str | os.PathLike[str] | None = None,
    on_epoch: "OnEpoch | None" = None,
) -> tuple[Trained, dict[str, Any]]:
    """Train the network that finds ink on wild images; return it and its figures."""
    from segcap.models import build
    from segcap.training.ink import ink_examples, train_ink
    from segcap.training.rounding import round_to_half

    model = build("ink_unet", 1, seed=seed)
    figures = train_ink(
        model,
        ink_examples(wild_sources(fonts, data, held_out=False), images, seed=_SEED, n_jobs=-1),
        ink_examples(
            wild_sources(fonts, data, held_out=True), _INK_VALIDATED_ON, seed=_OTHER_SEED, n_jobs=-1
        ),
        epochs=epochs,
        seed=seed,
        state=state,
        on_epoch=on_epoch,
    )
    round_to_half(model)
    return Trained("ink_unet", 1, {WEIGHTS: pack_weights(model)}, 1.0), figures


def draw_lines(
    ink: Trained,
    fonts: str | Path | None,
    data: str | os.PathLike[str] | None,
    *,
    lines: int | None = None,
    held_out: bool = False,
) -> LabelledStrips:
    """Draw wild images and find their lines by learned ink."""
    return inked_texts(
        wild_sources(fonts, data, held_out=held_out),
        lines or (_LINES_VALIDATED_ON if held_out else _LINES),
        TrainedInk(ink),
        seed=_OTHER_SEED if held_out else _SEED + 1,
        charset=Charset(ANY_CHARSET),
        widest=_WIDEST,
        n_jobs=-1,
    )


def train_span_network(
    train: LabelledStrips,
    validation: LabelledStrips,
    *,
    epochs: int = 2,
    batch_size: int = 16,
    learning_rate: float = 1.2e-3,
    seed: int = 0,
    state: str | os.PathLike[str] | None = None,
    on_epoch: "OnEpoch | None" = None,
) -> tuple[Trained, dict[str, Any]]:
    """Train the network that classifies spans; return it and its figures."""
    from segcap.models import build
    from segcap.training.context import finish
    from segcap.training.fit import fit_network

    characters = len(ANY_CHARSET)
    model = build("span_roi", characters + len(NO_CHARACTER), seed=seed)
    train = _without_most_numbers(train, seed)
    examples = SpanBatches(train, validation, characters)
    schedule = Schedule(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        clip_norm=1.0,
        patience=None,
    )
    fit_network(model, examples, schedule=schedule, seed=seed, state=state, on_epoch=on_epoch)
    trained = finish(model, examples, {})
    figures = {
        "lines": len(train.pixels),
        "span_accuracy": round(examples.evaluate(model)[1], 4),
        "character_accuracy": round(examples.character_accuracy(model), 4),
    }
    return trained, figures


def train_line_network(
    fonts: str | Path | None,
    data: str | os.PathLike[str] | None,
    *,
    lines: int = _PICTURES,
    epochs: int = 1,
    seed: int = 0,
    state: str | os.PathLike[str] | None = None,
    on_epoch: "OnEpoch | None" = None,
) -> tuple[Trained, dict[str, Any]]:
    """Train the network that reads whole lines, from PP-OCRv6's; return it and its figures."""
    from segcap.models import build
    from segcap.models.line_ctc import start_from_ppocr
    from segcap.training.fit import fit_network
    from segcap.training.line_course import finish_line, line_schedule
    from segcap.training.lines import LineBatches, drawn_pictures

    charset = Charset(ANY_CHARSET)
    train = drawn_pictures(
        wild_sources(fonts, data, held_out=False), lines, seed=_SEED + 2, charset=charset, n_jobs=-1
    )
    validation = drawn_pictures(
        wild_sources(fonts, data, held_out=True),
        _LINES_VALIDATED_ON,
        seed=_OTHER_SEED,
        charset=charset,
        n_jobs=-1,
    )
    model = build("line_ctc", 1 + len(ANY_CHARSET), seed=seed)
    start_from_ppocr(model, ANY_CHARSET)
    batches = LineBatches(train, validation)
    schedule = line_schedule(epochs, ema=_EMA)
    fit_network(model, batches, schedule=schedule, seed=seed, state=state, on_epoch=on_epoch)
    trained = finish_line(model, batches, {})
    return trained, {
        "pictures": len(train.pixels),
        "line_texts": round(batches.evaluate(model)[1], 4),
    }


def _without_most_numbers(lines: LabelledStrips, seed: int) -> LabelledStrips:
    """Leave out most lines of digits alone, so that letters are not taken for digits."""
    numbers = (lines.classes < len(string.digits)).all(axis=1)
    chosen = np.random.default_rng(seed).random(len(lines.classes)) < _NUMBERS_KEPT
    return lines.part(~numbers | chosen)
