"""Which alphabet a text is written in, where nobody says: digits alone, capitals alone, ..."""

from string import ascii_lowercase, ascii_uppercase, digits

import numpy as np
from numpy.typing import NDArray

__all__ = ["alphabets", "likely_alphabet", "within_alphabet"]

_WHOLE = digits + ascii_lowercase + ascii_uppercase
_PARTS = (
    digits,
    ascii_lowercase,
    ascii_uppercase,
    digits + ascii_lowercase,
    digits + ascii_uppercase,
    ascii_lowercase + ascii_uppercase,
)
_PRIOR = 0.3
_STRENGTH = 0.7  # 1 if each character said its own of the alphabet; several like each other do not
_LEAST = 2
_TINY = 1e-9


def alphabets(characters: str) -> NDArray[np.bool_]:
    """Return which characters are of which part of digits and letters, (A, C).

    There is none, A = 0, where `characters` lack some of them: then it is known what there is.
    """
    if not {*_WHOLE} <= {*characters}:
        return np.empty((0, len(characters)), bool)
    return np.array([[char in part for char in characters] for part in _PARTS])


def likely_alphabet(
    probabilities: NDArray[np.float64], masks: NDArray[np.bool_]
) -> NDArray[np.bool_] | None:
    """Return the alphabet that a text is of by Bayes' rule; None where any is as likely.

    A text whose characters all may be digits is one of digits: of random letters few look so.

    Parameters
    ----------
    probabilities : (N, C) float64 array
        Of each character at each place of the text.
    masks : (A, C) bool array
        See `alphabets`.

    Returns
    -------
    (C,) bool array or None
    """
    if len(masks) == 0 or len(probabilities) < _LEAST:
        return None
    fractions = probabilities @ masks.T / probabilities.sum(axis=1, keepdims=True)
    gains = (len(_WHOLE) / masks.sum(axis=1)) ** _STRENGTH
    evidence = np.log(gains * fractions + _TINY).sum(axis=0) + np.log(_PRIOR)
    best = int(evidence.argmax())
    return masks[best] if evidence[best] > 0 else None


def within_alphabet(
    log_probabilities: NDArray[np.float64], alphabet: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rule out all other characters.

    Parameters
    ----------
    log_probabilities : (S, C) float64 array
        Of the characters; what is left to 1 is the probability that a span is none.
    alphabet : (C,) bool array

    Returns
    -------
    log_probabilities : (S, C) float64 array
    shift : (S,) float64 array
        To subtract from the log-probability that a span is blank.
    """
    none = np.log(np.maximum(1 - np.exp(log_probabilities).sum(axis=1), _TINY))
    own = np.where(alphabet, log_probabilities, -np.inf)
    total = np.logaddexp(np.logaddexp.reduce(own, axis=1), none)
    return own - total[:, np.newaxis], total
