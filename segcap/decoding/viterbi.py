"""Choose the best ways through candidate spans of ink."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Path", "best_path", "best_paths", "span_boxes", "spelling_scores"]


class Path(NamedTuple):
    """A chain of spans.

    Attributes
    ----------
    spans : (L,) int array
        Indices of the spans that are characters, in order.
    score : float
        Sum of the scores of all spans, of skipped ones too.
    """

    spans: NDArray[np.intp]
    score: float


def span_boxes(boxes: NDArray[np.int32], spans: NDArray[np.int32]) -> NDArray[np.int32]:
    """Box each span around its atoms.

    Parameters
    ----------
    boxes : (A, 4) int32 array
        Boxes of the atoms: x0, y0, x1, y1, half-open.
    spans : (S, 2) int32 array

    Returns
    -------
    (S, 4) int32 array
    """
    bounded = np.concatenate([boxes, np.zeros((1, 4), boxes.dtype)])  # spans may end at the end
    bounds = spans.ravel().astype(np.intp)
    low = np.minimum.reduceat(bounded[:, :2], bounds)[::2]
    high = np.maximum.reduceat(bounded[:, 2:], bounds)[::2]
    return np.concatenate([low, high], axis=1)


def best_path(
    spans: NDArray[np.int32],
    scores: NDArray[np.float64],
    *,
    atoms: int,
    length: int | None = None,
    skips: NDArray[np.float64] | None = None,
) -> Path | None:
    """Find the chain of spans with the greatest sum of scores that uses every atom once.

    Parameters as of `best_paths`.

    Returns
    -------
    Path or None
        None if no chain exists.
    """
    if skips is None and scores.ndim == 1 and length in (None, atoms) and len(spans) == atoms:
        alone = np.arange(atoms)
        if np.array_equal(spans.T, [alone, alone + 1]):  # there is no other way
            score = float(scores.sum())
            return None if score == -np.inf else Path(alone, score)
    paths = best_paths(spans, scores, atoms=atoms, length=length, skips=skips, most=1)
    return paths[0] if paths else None


def best_paths(
    spans: NDArray[np.int32],
    scores: NDArray[np.float64],
    *,
    atoms: int,
    length: int | None = None,
    skips: NDArray[np.float64] | None = None,
    most: int,
) -> list[Path]:
    """Find the chains of spans with the greatest sums of scores that use every atom once.

    Parameters
    ----------
    spans : (S, 2) int array
        First atom and the one after the last. A span may be given more than once, with a score
        for each character that it may be.
    scores : (S,) or (S, length) float array
        Log-score of each span as a character, or as the first, the second, ... character.
    atoms : int
        Number of atoms.
    length : int, optional
        Number of characters that the chain must have; any unless given.
    skips : (S,) float array, optional
        Log-score of each span as none of the characters; no span may be skipped unless given.
    most : int
        Most chains.

    Returns
    -------
    list of Path
        Best first; empty if no chain exists.

    References
    ----------
    Viterbi: Error bounds for convolutional codes and an asymptotically optimum decoding
    algorithm. IEEE Transactions on Information Theory 13 (1967), 260-269.
    Seshadri, Sundberg: List Viterbi decoding algorithms with applications. IEEE Transactions on
    Communications 42 (1994), 313-323.
    """
    if length is not None and length > atoms:
        return []
    counts = 1 if length is None else length + 1
    step = 0 if length is None else 1
    best = np.full((counts, atoms + 1, most), -np.inf)
    came = np.full((counts, atoms + 1, most), -1, np.intp)
    best[0, 0, 0] = 0
    order = np.argsort(spans[:, 1], kind="stable")
    starts = spans[order, 0].astype(np.intp)
    stops = np.searchsorted(spans[order, 1], np.arange(atoms + 2)).tolist()
    table = np.atleast_2d(scores.T)[:, order, np.newaxis]
    skipped = None if skips is None else skips[order, np.newaxis]
    rows = np.arange(counts)[:, np.newaxis]
    for atom in range(1, atoms + 1):
        into = slice(stops[atom], stops[atom + 1])
        before = best[:, starts[into]]
        arriving = before[: counts - step] + table[:, into]
        if step:
            arriving = np.concatenate([np.full_like(before[:1], -np.inf), arriving])
        if skipped is not None:
            arriving = np.concatenate([arriving, before + skipped[into]], axis=1)
        flat = arriving.reshape(counts, -1)
        if not flat.size:
            continue
        if most == 1:
            kept = flat.argmax(axis=1)[:, np.newaxis]
        else:
            kept = np.argsort(-flat, axis=1, kind="stable")[:, :most]
        found = kept.shape[1]
        best[:, atom, :found] = flat[rows, kept]
        came[:, atom, :found] = kept
    paths = []
    for rank in range(most):
        score = best[-1, atoms, rank]
        if score == -np.inf:
            break
        paths.append(Path(_walk_back(spans, order, stops, came, step, rank), score))
    return paths


def spelling_scores(
    spans: NDArray[np.int32],
    log_probabilities: NDArray[np.float64],
    texts: Sequence[Sequence[int]],
    *,
    atoms: int,
    skips: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Score known texts, each by its best chain of spans.

    Parameters
    ----------
    spans, atoms, skips
        As of `best_paths`.
    log_probabilities : (S, C) float array
        Of each character.
    texts : sequence of sequence of int
        Classes of their characters.

    Returns
    -------
    (K,) float64 array
        Minus infinity for a text that no chain spells.
    """
    lengths = np.array([len(text) for text in texts], np.intp)
    longest = int(lengths.max(initial=0))
    order = np.argsort(spans[:, 1], kind="stable")
    starts = spans[order, 0].astype(np.intp)
    stops = np.searchsorted(spans[order, 1], np.arange(atoms + 2)).tolist()
    none = log_probabilities.shape[1]  # past a text's last character
    classes = np.full((len(texts), longest), none)
    for own, text in zip(classes, texts, strict=True):
        own[: len(text)] = text
    table = np.pad(log_probabilities, ((0, 0), (0, 1)), constant_values=-np.inf)[order]
    skipped = np.full(len(spans), -np.inf) if skips is None else skips[order]
    best = np.full((len(texts), longest + 1, atoms + 1), -np.inf)
    best[:, 0, 0] = 0
    for atom in range(1, atoms + 1):
        into = slice(stops[atom], stops[atom + 1])
        if into.start == into.stop:
            continue
        before = best[..., starts[into]]
        best[..., atom] = (before + skipped[into]).max(axis=2)
        spelled = (before[:, :-1] + table[into][:, classes].transpose(1, 2, 0)).max(axis=2)
        best[:, 1:, atom] = np.maximum(best[:, 1:, atom], spelled)
    return best[np.arange(len(texts)), lengths, atoms]


def _walk_back(
    spans: NDArray[np.int32],
    order: NDArray[np.intp],
    stops: list[int],
    came: NDArray[np.intp],
    step: int,
    rank: int,
) -> NDArray[np.intp]:
    most = came.shape[2]
    atom, count = came.shape[1] - 1, len(came) - 1
    walked: list[int] = []
    while atom > 0:
        edge, before = divmod(int(came[count, atom, rank]), most)
        entering = stops[atom + 1] - stops[atom]
        span = int(order[stops[atom] + edge % entering])
        if edge < entering:
            walked.append(span)
            count -= step
        atom, rank = int(spans[span, 0]), before
    return np.array(walked[::-1], np.intp)
