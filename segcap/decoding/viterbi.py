"""Choose the best ways through candidate spans of ink."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Path", "best_path", "best_paths", "span_boxes"]


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
    joined = boxes[spans[:, 0]]
    lengths = spans[:, 1] - spans[:, 0]
    for further in range(1, int(lengths.max(initial=1))):
        longer = np.flatnonzero(lengths > further)
        atoms = boxes[spans[longer, 0] + further]
        joined[longer, :2] = np.minimum(joined[longer, :2], atoms[:, :2])
        joined[longer, 2:] = np.maximum(joined[longer, 2:], atoms[:, 2:])
    return joined


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
    best = np.full((atoms + 1, counts, most), -np.inf)
    came = np.full((atoms + 1, counts, most), -1, np.intp)
    best[0, 0, 0] = 0
    order = np.argsort(spans[:, 1], kind="stable")
    stops = np.searchsorted(spans[order, 1], np.arange(atoms + 2))
    table = scores if scores.ndim == 2 else scores[:, np.newaxis]
    for atom in range(1, atoms + 1):
        into = order[stops[atom] : stops[atom + 1]]
        before = best[spans[into, 0]]
        arriving = np.full((len(into) * (1 if skips is None else 2), counts, most), -np.inf)
        arriving[: len(into), step:] = before[:, : counts - step] + table[into][..., np.newaxis]
        if skips is not None:
            arriving[len(into) :] = before + skips[into, np.newaxis, np.newaxis]
        flat = arriving.transpose(1, 0, 2).reshape(counts, -1)
        if most == 1:
            kept = flat.argmax(axis=1)[:, np.newaxis] if flat.size else np.empty((counts, 0), int)
        else:
            kept = np.argsort(-flat, axis=1, kind="stable")[:, :most]
        found = kept.shape[1]
        best[atom, :, :found] = np.take_along_axis(flat, kept, axis=1)
        came[atom, :, :found] = kept
    paths = []
    for rank in range(most):
        if best[atoms, -1, rank] == -np.inf:
            break
        paths.append(Path(_walk_back(spans, order, stops, came, step, rank), best[atoms, -1, rank]))
    return paths


def _walk_back(
    spans: NDArray[np.int32],
    order: NDArray[np.intp],
    stops: NDArray[np.intp],
    came: NDArray[np.intp],
    step: int,
    rank: int,
) -> NDArray[np.intp]:
    most = came.shape[2]
    atom, count = len(came) - 1, came.shape[1] - 1
    walked: list[int] = []
    while atom > 0:
        edge, before = divmod(int(came[atom, count, rank]), most)
        entering = int(stops[atom + 1] - stops[atom])
        span = int(order[stops[atom] + edge % entering])
        if edge < entering:
            walked.append(span)
            count -= step
        atom, rank = int(spans[span, 0]), before
    return np.array(walked[::-1], np.intp)
