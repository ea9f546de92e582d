"""What is taken for what: characters of texts, and classes."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from segcap.core.errors import ParameterError
from segcap.core.validation import whole_number
from segcap.evaluate.classes import ConfusionMatrix, confusion_matrix
from segcap.evaluate.labels import Label, Labels, paired_labels, paired_texts
from segcap.evaluate.metrics import edit_distance

__all__ = [
    "CharacterConfusion",
    "Confusion",
    "Unit",
    "aligned_characters",
    "character_confusion",
    "check_unit",
    "most_confused",
]

Unit: TypeAlias = Literal["class", "character"]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Something taken for something else.

    Attributes
    ----------
    true, read : str or int
    count : int
        How often `true` was read as `read`.
    rate : float
        Of all occurrences of `true`, in (0, 1].
    images : tuple of int
        Indices of the images in which it happened, each once, ascending.
    """

    true: Label
    read: Label
    count: int
    rate: float
    images: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CharacterConfusion:
    """How characters of texts were read.

    Attributes
    ----------
    matrix : ConfusionMatrix
        Of aligned characters; characters that were left out stand in the column of None, so that
        they lower recall. Insertions stand in no row, and lower no precision.
    insertions : dict of str to int
        Characters that were read where there is none, the most frequent first.
    """

    matrix: ConfusionMatrix
    insertions: dict[str, int]

    @property
    def deletions(self) -> dict[str, int]:
        """Characters that were left out, the most frequent first."""
        if self.matrix.classes[-1] is not None:
            return {}
        left_out = self.matrix.counts[:, -1].tolist()
        counted = zip(self.matrix.classes, left_out, strict=True)
        return _ranked({str(char): count for char, count in counted if count})


def aligned_characters(answer: str, truth: str) -> list[tuple[str | None, str | None]]:
    """Set a text beside what it should be, with as few differences as possible.

    Parameters
    ----------
    answer, truth : str

    Returns
    -------
    list of (str or None, str or None)
        Characters read and true, in reading order: None is read for a character left out, and
        true for one that was inserted. The differing pairs are as many as the edit distance; where
        ways are equally short, a substitution goes before what is left out, that before what is
        inserted.

    Notes
    -----
    The way through the table of edit distances is walked back from its end (Wagner, Fischer: The
    string-to-string correction problem. Journal of the ACM 21 (1974), 168-173), asking for a cell
    only where characters differ. The time is cubic at worst, which texts of some tens of
    characters do not feel.

    Examples
    --------
    >>> aligned_characters("134", "1234")
    [('1', '1'), (None, '2'), ('3', '3'), ('4', '4')]
    """
    pairs: list[tuple[str | None, str | None]] = []
    row, column = len(answer), len(truth)
    differences = edit_distance(answer, truth)
    while row or column:
        read = answer[row - 1] if row else None
        true = truth[column - 1] if column else None
        if read != true:
            differences -= 1
            if (
                read
                and true
                and edit_distance(answer[: row - 1], truth[: column - 1]) > differences
            ):
                if edit_distance(answer[:row], truth[: column - 1]) == differences:
                    read = None
                else:
                    true = None
        pairs.append((read, true))
        row -= read is not None
        column -= true is not None
    return pairs[::-1]


def character_confusion(answers: Labels, truths: Labels) -> CharacterConfusion:
    """Count how often each character was read as which.

    Parameters
    ----------
    answers : (N,) sequence of str or None
        None counts as an empty text.
    truths : (N,) sequence of str

    Returns
    -------
    CharacterConfusion

    Raises
    ------
    ParameterError
        There are not as many truths as answers, or none; something is no text; or the truths
        hold no character at all.

    Examples
    --------
    >>> character_confusion(["1Z", "7"], ["12", "17"]).deletions
    {'1': 1}
    """
    aligned = list(_aligned_texts(answers, truths, of="character_confusion"))
    known = [(read, true) for _, read, true in aligned if true is not None]
    inserted = Counter(read for _, read, true in aligned if true is None and read is not None)
    matrix = confusion_matrix([read for read, _ in known], [true for _, true in known])
    return CharacterConfusion(matrix, _ranked(inserted))


def most_confused(
    answers: Labels, truths: Labels, *, most: int = 6, unit: Unit = "class"
) -> list[Confusion]:
    """List what is taken for what most often.

    Parameters
    ----------
    answers : (N,) sequence of str, int or None
        None, for an image that has got no answer, is confused with nothing.
    truths : (N,) sequence of str or int
    most : int
        Give at most so many, at least 1.
    unit : {"class", "character"}
        Whether whole labels are compared, or the characters of texts, aligned; characters that
        were left out or inserted are confused with nothing: see `character_confusion`.

    Returns
    -------
    list of Confusion
        The most frequent first; of equally many those with the larger rate, then by label.

    Raises
    ------
    ParameterError
        There are not as many truths as answers, or none; labels are of different types, or, with
        characters, no texts or all empty; `most` or `unit` is unknown or outside its range.

    Examples
    --------
    >>> (pair,) = most_confused(["1Z", "22"], ["12", "22"], unit="character")
    >>> pair.true, pair.read, pair.count, pair.rate, pair.images
    ('2', 'Z', 1, 0.3333333333333333, (0,))
    """
    most = whole_number("most", most, least=1)
    check_unit(unit, of="most_confused")
    pairs = (_aligned_texts if unit == "character" else _whole_labels)(
        answers, truths, of="most_confused"
    )
    occurrences: Counter[Label] = Counter()
    places: dict[tuple[Label, Label], list[int]] = defaultdict(list)
    for image, read, true in pairs:
        if true is None:
            continue
        occurrences[true] += 1
        if read is not None and read != true:
            places[true, read].append(image)
    confusions = [
        Confusion(
            true, read, len(images), len(images) / occurrences[true], (*dict.fromkeys(images),)
        )
        for (true, read), images in sorted(places.items())
    ]
    return sorted(confusions, key=lambda pair: (-pair.count, -pair.rate))[:most]


def check_unit(unit: str, *, of: str) -> None:
    """Check what is to be compared.

    Raises
    ------
    ParameterError
        It is neither "class" nor "character".
    """
    if unit not in get_args(Unit):
        raise ParameterError(f"The 'unit' of {of} must be 'class' or 'character'. Got {unit!r}.")


def _whole_labels(
    answers: Labels, truths: Labels, *, of: str
) -> Iterator[tuple[int, Label | None, Label | None]]:
    """Return each image's index with its answer and its truth."""
    paired = zip(*paired_labels(answers, truths, of=of), strict=True)
    for image, (read, true) in enumerate(paired):
        yield image, read, true


def _aligned_texts(
    answers: Labels, truths: Labels, *, of: str
) -> Iterator[tuple[int, str | None, str | None]]:
    """Return the index of the image with each pair of aligned characters."""
    for image, texts in enumerate(paired_texts(answers, truths, of=of)):
        for pair in aligned_characters(*texts):
            yield image, *pair


def _ranked(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
