"""Choose what a training on whole texts starts from: what letters look like, what finds them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segcap.core.charset import Charset
from segcap.recognition.engines.networks import WEIGHTS, pack_weights
from segcap.recognition.trained import Trained
from segcap.segmentation.candidates import Layout
from segcap.segmentation.settings import SegmentationSettings
from segcap.training.context import inherit
from segcap.training.forced_alignment import align, mean_score
from segcap.training.labelled import LabelledTexts

if TYPE_CHECKING:
    import keras

__all__ = ["chosen_start"]

_CLEARLY_BETTER = 0.02


def chosen_start(
    start: Trained,
    known: str,
    charset: Charset,
    texts: LabelledTexts,
    tried: NDArray[np.intp],
    choices: Sequence[SegmentationSettings],
) -> tuple[str, Trained, SegmentationSettings]:
    """Choose by some images what letters look like, and the settings that find them.

    Parameters
    ----------
    start : Trained
        Span network to start from.
    known : str
        The characters that it distinguishes.
    charset : Charset
        Those of the labels.
    texts : LabelledTexts
    tried : (n,) int array
        Which images are looked at.
    choices : sequence of SegmentationSettings
        The preferred ones first.

    Returns
    -------
    drawn : str
        The characters as they are drawn: as labelled, or letters in the other case.
    context : Trained
        The span network for them, as it was.
    settings : SegmentationSettings
    """
    images, classes = [texts.images[i] for i in tried], [texts.classes[i] for i in tried]
    shown = [choices[0].layout(image) for image in images]
    drawn, model = _drawn_as(start, known, charset.characters, shown, classes)
    parts = {WEIGHTS: pack_weights(model)}
    context = Trained(model.name, model.output_shape[-1], parts, start.temperature, start.options)
    return drawn, context, _chosen(model, images, classes, choices)


def _drawn_as(
    start: Trained,
    known: str,
    characters: str,
    layouts: list[Layout],
    classes: list[NDArray[np.intp]],
) -> tuple[str, "keras.Model"]:
    """Return whether letters are drawn as labelled or in the other case, and start from there."""
    other = characters.swapcase()
    forms = [characters]
    if other != characters != known and len(other) == len(set(other)) == len(characters):
        forms.append(other)
    models = [inherit(start, known, form) for form in forms]
    scores = [mean_score(align(model, layouts, classes)) for model in models]
    best = int(np.argmax(scores))
    return forms[best], models[best]


def _chosen(
    model: "keras.Model",
    images: list[NDArray[np.uint8]],
    classes: list[NDArray[np.intp]],
    choices: Sequence[SegmentationSettings],
) -> SegmentationSettings:
    """Take the settings under which labels fit their images best; earlier ones unless clearly."""
    best, best_score = choices[0], -np.inf
    for settings in choices if len(choices) > 1 else ():
        score = mean_score(align(model, [settings.layout(image) for image in images], classes))
        if score > best_score + _CLEARLY_BETTER:
            best, best_score = settings, score
    return best
