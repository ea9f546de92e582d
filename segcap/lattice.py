"""Choose the best way through candidate spans of ink."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_path", "candidate_spans", "span_boxes"]


def candidate_spans(
    segment: NDArray[np.intp], joins: NDArray[np.bool_], *, most_atoms: int
) -> NDArray[np.int32]:
    """List the runs of neighbouring atoms that may be one character.

    Parameters
    ----------
    segment : (A,) int array
        Segment of each atom, ascending.
    joins : (N,) bool array
        Which segments a span may enter from the segment before; a span never leaves its segment
        otherwise.
    most_atoms : int
        Most atoms of one span.

    Returns
    -------
    (S, 2) int32 array
        First atom and the one after the last, in order of the first.
    """
    owner = segment.tolist()
    enterable = [
        index > 0 and (owner[index] == owner[index - 1] or bool(joins[owner[index]]))
        for index in range(len(owner))
    ]
    spans: list[tuple[int, int]] = []
    for first in range(len(owner)):
        stop = first + 1
        spans.append((first, stop))
        while stop < len(owner) and stop - first < most_atoms and enterable[stop]:
            stop += 1
            spans.append((first, stop))
    return np.array(spans, np.int32).reshape(-1, 2)


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
    for index in np.flatnonzero(spans[:, 1] - spans[:, 0] > 1):
        first, stop = spans[index]
        joined[index, :2] = boxes[first:stop, :2].min(axis=0)
        joined[index, 2:] = boxes[first:stop, 2:].max(axis=0)
    return joined


def best_path(
    spans: NDArray[np.int32],
    scores: NDArray[np.float64],
    *,
    atoms: int,
    length: int | None = None,
) -> NDArray[np.intp] | None:
    """Find the chain of spans with the greatest sum of scores that uses every atom once.

    Parameters
    ----------
    spans : (S, 2) int array
        First atom and the one after the last, in order of the first.
    scores : (S,) float array
        Log-scores.
    atoms : int
        Number of atoms.
    length : int, optional
        Number of spans that the chain must have; any unless given.

    Returns
    -------
    (L,) int array or None
        Indices into `spans` in order; None if no chain exists.

    References
    ----------
    Viterbi: Error bounds for convolutional codes and an asymptotically optimum decoding
    algorithm. IEEE Transactions on Information Theory 13 (1967), 260-269.
    """
    if length is not None and length > atoms:
        return None
    counts = 1 if length is None else length + 1
    step = 0 if length is None else 1
    best = np.full((atoms + 1, counts), -np.inf)
    last = np.full((atoms + 1, counts), -1, np.intp)
    best[0, 0] = 0
    for index, ((first, stop), score) in enumerate(
        zip(spans.tolist(), scores.tolist(), strict=True)
    ):
        for count in range(step, counts):
            total = best[first, count - step] + score
            if total > best[stop, count]:
                best[stop, count] = total
                last[stop, count] = index
    if best[atoms, -1] == -np.inf:
        return None
    path: list[int] = []
    atom, count = atoms, counts - 1
    while atom > 0:
        path.append(int(last[atom, count]))
        atom = int(spans[path[-1], 0])
        count -= step
    return np.array(path[::-1], np.intp)
