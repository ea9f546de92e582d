"""What readers of any kind answer to many images, those that cannot be loaded among them."""

from collections.abc import Iterable
from typing import NamedTuple

from segcap.batches import batched
from segcap.errors import ImageError
from segcap.image import ImageSource, load_image
from segcap.readers.base import TextReader
from segcap.readers.classifier import WholeImageClassifier
from segcap.readers.glyph import GlyphReader

__all__ = ["Answer", "classes_of", "sums_of", "texts_of"]

_BATCH = 256


class Answer(NamedTuple):
    """What was answered to one image.

    Attributes
    ----------
    value : str, int or None
        A text, a sum or a class; None for an image that could not be loaded, or has no sum.
    confidence : float
        In [0, 1].
    status : str
        As of `segcap.Reading`.
    error : str or None
    """

    value: str | int | None
    confidence: float
    status: str
    error: str | None = None


def texts_of(reader: TextReader, images: Iterable[ImageSource]) -> list[Answer]:
    """Read texts."""
    return [
        Answer(None if r.status == "unreadable" else r.text, r.confidence, r.status, r.error)
        for r in reader.read_many(images)
    ]


def sums_of(reader: GlyphReader, images: Iterable[ImageSource]) -> list[Answer]:
    """Read digits and add them up."""
    return [Answer(r.value, r.confidence, r.status, r.error) for r in reader.digit_sums(images)]


def classes_of(reader: WholeImageClassifier, images: Iterable[ImageSource]) -> list[Answer]:
    """Name sums, or what photos show."""
    answers: list[Answer] = []
    for batch in batched(images, _BATCH):
        loaded, errors = [], {}
        for place, image in enumerate(batch):
            try:
                loaded.append(load_image(image))
            except ImageError as error:
                errors[place] = Answer(None, 0.0, "unreadable", str(error))
        shares = reader.predict_proba(loaded)
        values = iter(reader.classes_[shares.argmax(axis=1)].tolist())
        confidences = iter(shares.max(axis=1).tolist())
        answers += [
            errors.get(place) or Answer(next(values), next(confidences), "ok")
            for place in range(len(batch))
        ]
    return answers
