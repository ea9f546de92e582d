"""How texts go wrong: by length, by character, by position, and beyond the first answer."""

from collections import Counter
from collections.abc import Sequence

from segcap.core.errors import ParameterError
from segcap.core.validation import whole_number
from segcap.evaluate.confusions import aligned_characters
from segcap.evaluate.labels import Labels, paired_labels, paired_texts, plain_labels
from segcap.evaluate.metrics import Rate, edit_distance, wilson

__all__ = ["character_error_rate", "errors_by_position", "length_accuracy", "top_k_accuracy"]


def character_error_rate(answers: Labels, truths: Labels) -> float:
    """Edit distances of all answers over the number of all true characters.

    Parameters
    ----------
    answers : (N,) sequence of str or None
        None counts as an empty text.
    truths : (N,) sequence of str

    Returns
    -------
    float
        At least 0; above 1 where far too much is read, unlike 1 - `character_accuracy`.

    Raises
    ------
    ParameterError
        There are not as many truths as answers, or none; something is no text; or the truths
        hold no character at all.

    Examples
    --------
    >>> character_error_rate(["1Z3", "45"], ["123", "4"])
    0.5
    """
    pairs = paired_texts(answers, truths, of="character_error_rate")
    total = sum(len(true) for _, true in pairs)
    return sum(edit_distance(read, true) for read, true in pairs) / total


def length_accuracy(answers: Labels, truths: Labels) -> Rate:
    """Fraction of answers that are as long as they should be, whatever they say.

    Parameters
    ----------
    answers : (N,) sequence of str or None
        None, for an image that has got no answer, counts as wrong.
    truths : (N,) sequence of str

    Returns
    -------
    Rate

    Raises
    ------
    ParameterError
        There are not as many truths as answers, or none; or something is no text.

    Examples
    --------
    >>> length_accuracy(["1Z3", "45"], ["123", "4"]).value
    0.5
    """
    pairs = paired_texts(answers, truths, of="length_accuracy", may_be_empty=True)
    right = sum(
        answer is not None and len(read) == len(true)
        for answer, (read, true) in zip(answers, pairs, strict=True)
    )
    return wilson(right, len(pairs))


def top_k_accuracy(candidates: Sequence[Labels], truths: Labels, k: int) -> Rate:
    """Fraction of images whose truth is among the first k candidates.

    Parameters
    ----------
    candidates : (N,) sequence of sequences of str or int
        Answers to each image, the best first, as many as there are; none count as wrong.
    truths : (N,) sequence of str or int
    k : int
        At least 1.

    Returns
    -------
    Rate

    Raises
    ------
    ParameterError
        There are not as many truths as lists of candidates, or none; candidates are one text
        instead of many; labels are of different types; or `k` is outside its range.

    Examples
    --------
    >>> top_k_accuracy([["12", "17"], ["34"]], ["17", "34"], 2).value
    1.0
    """
    k = whole_number("k", k, least=1)
    for one in candidates:
        if isinstance(one, str):
            raise ParameterError(
                "The 'candidates' of top_k_accuracy must be a sequence for each image. "
                f"Got the text {one!r}."
            )
    ranked = [plain_labels(one, name="candidates") for one in candidates]
    best = [one[0] if one else None for one in ranked]
    _, true = paired_labels(best, truths, of="top_k_accuracy")
    right = sum(truth in one[:k] for one, truth in zip(ranked, true, strict=True))
    return wilson(right, len(true))


def errors_by_position(answers: Labels, truths: Labels) -> tuple[Rate, ...]:
    """Fraction of characters that are not read right, for each position in the text.

    Parameters
    ----------
    answers : (N,) sequence of str or None
        None counts as an empty text.
    truths : (N,) sequence of str

    Returns
    -------
    tuple of Rate
        One for each position of the longest truth, of the texts that are long enough.

    Raises
    ------
    ParameterError
        There are not as many truths as answers, or none; something is no text; or the truths
        hold no character at all.

    Notes
    -----
    Answers are aligned by `aligned_characters`: one that lacks its second character is wrong at the
    second position alone, and characters that were inserted are wrong at none. Of a run of equal
    characters the first counts as left out.

    Examples
    --------
    >>> [rate.value for rate in errors_by_position(["134", "12"], ["1234", "12"])]
    [0.0, 0.5, 0.0, 0.0]
    """
    wrong: Counter[int] = Counter()
    reached: Counter[int] = Counter()
    for answer, truth in paired_texts(answers, truths, of="errors_by_position"):
        known = [pair for pair in aligned_characters(answer, truth) if pair[1] is not None]
        reached.update(range(len(known)))
        wrong.update(place for place, (read, true) in enumerate(known) if read != true)
    return tuple(wilson(wrong[place], reached[place]) for place in range(len(reached)))
