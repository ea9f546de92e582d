"""A confusion matrix as the page shows it."""

from dataclasses import dataclass
from math import ceil

from segcap.benchmark.outcomes import MethodResult

__all__ = ["Cell", "MatrixTable", "matrix_of"]

_SHADES = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """A count, whether it is of right answers, and its shade: 0 for none, 5 for a whole row."""

    count: int
    is_right: bool
    shade: int


@dataclass(frozen=True, slots=True)
class MatrixTable:
    """Rows of a method's matrix for what occurs, each its label and a cell a column."""

    title: str
    labels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def matrix_of(method: MethodResult) -> MatrixTable:
    """Return a method's matrix without the rows of what never occurs."""
    matrix = method.accuracy.matrix
    rows = tuple(
        (
            label,
            tuple(
                Cell(count, column == row, ceil(_SHADES * count / sum(counts)))
                for column, count in enumerate(counts)
            ),
        )
        for row, (label, counts) in enumerate(zip(matrix.labels, matrix.counts, strict=True))
        if sum(counts)
    )
    return MatrixTable(method.name, matrix.labels, rows)
