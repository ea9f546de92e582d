"""The reader "any": letters, digits and signs of schemes that nobody here drew."""

import string
from pathlib import Path

from segcap.core.charset import Charset
from segcap.decoding.calibration import fit_temperature
from segcap.recipes.ink import wild_shares
from segcap.recognition.engines.networks import export_network
from segcap.recognition.trained import NO_CHARACTER, Trained, TrainedInk
from segcap.training.spans import LabelledStrips, SpanBatches
from segcap.training.synthetic import inked_texts

__all__ = ["ANY_CHARSET", "draw_lines", "train_ink_network", "train_span_network"]

ANY_CHARSET = string.digits + string.ascii_letters + "+-*/÷=?.,:"
_WIDEST = 256
_IMAGES, _LINES = 60_000, 100_000
_INK_VALIDATED_ON, _LINES_VALIDATED_ON = 1500, 3000
_SEED, _OTHER_SEED = 0, 7


def train_ink_network(
    fonts: str | Path | None,
    data: str | Path | None,
    *,
    images: int = _IMAGES,
    epochs: int = 2,
    backup: str | None = None,
) -> tuple[Trained, dict[str, float]]:
    """Train the network that finds ink on wild images; return it and its figures."""
    from segcap.models.ink_unet import ink_unet
    from segcap.training.ink import ink_examples, train_ink

    shares = wild_shares(fonts, data, held_out=False)
    others = wild_shares(fonts, data, held_out=True)
    train = ink_examples(shares, images, seed=_SEED, n_jobs=-1)
    validation = ink_examples(others, _INK_VALIDATED_ON, seed=_OTHER_SEED, n_jobs=-1)
    model = ink_unet()
    figures = train_ink(model, train, validation, epochs=epochs, checkpoint=backup)
    return Trained("ink_unet", 1, export_network(model), 1.0), figures


def draw_lines(
    ink: Trained,
    fonts: str | Path | None,
    data: str | Path | None,
    *,
    lines: int = _LINES,
    held_out: bool = False,
) -> LabelledStrips:
    """Draw wild images and find their lines by learned ink."""
    return inked_texts(
        wild_shares(fonts, data, held_out=held_out),
        lines,
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
    epochs: int,
    batch_size: int = 48,
    learning_rate: float = 2e-3,
    seed: int = 0,
    backup: str | None = None,
) -> tuple[Trained, dict[str, float]]:
    """Train the network that classifies spans; return it and its figures."""
    from segcap.models.span_roi import span_roi
    from segcap.training.keras_fit import fit_by_keras
    from segcap.training.rounding import round_to_half

    characters = len(ANY_CHARSET)
    model = span_roi(characters + len(NO_CHARACTER))
    examples = SpanBatches(train, validation, characters)
    fit_by_keras(
        model,
        examples,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        backup=backup,
    )
    round_to_half(model)
    temperature = fit_temperature(*examples.validation_logits(model))
    figures = {
        "lines": len(train.pixels),
        "span_accuracy": round(examples.evaluate(model)[1], 4),
        "character_accuracy": round(examples.character_accuracy(model), 4),
    }
    trained = Trained("span_roi", model.output_shape[-1], export_network(model), temperature)
    return trained, figures
