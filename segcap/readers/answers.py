"""What readers of any kind answer to many images, those that cannot be loaded among them."""

from collections.abc import Iterable

from segcap.core.image import ImageSource
from segcap.readers.base import TextReader
from segcap.readers.classifier import Answer, WholeImageClassifier
from segcap.readers.glyph import GlyphReader
from segcap.readers.sums import SumClassifier

__all__ = ["Answer", "classes_of", "sums_of", "texts_of"]


def texts_of(reader: TextReader, images: Iterable[ImageSource]) -> list[Answer]:
    """Read texts."""
    return [
        Answer(None if r.status == "unreadable" else r.text, r.confidence, r.status, r.error)
        for r in reader.read_many(images)
    ]


def sums_of(reader: GlyphReader | SumClassifier, images: Iterable[ImageSource]) -> list[Answer]:
    """Name the sums of digits."""
    return [Answer(r.value, r.confidence, r.status, r.error) for r in reader.digit_sums(images)]


def classes_of(reader: WholeImageClassifier, images: Iterable[ImageSource]) -> list[Answer]:
    """Name what photos show."""
    return reader.answer_many(images)
