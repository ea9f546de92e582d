"""Results as a data frame of pandas."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from segcap.core.extras import require
from segcap.core.reading import Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["to_frame"]


def to_frame(results: Iterable[Result]) -> "pd.DataFrame":
    """Return results as a data frame, one row for each.

    Parameters
    ----------
    results : iterable of Reading, SumReading or ClassReading
        As of `read_many`.

    Returns
    -------
    pandas.DataFrame
        The columns are those of the results' `to_dict`; texts are no numbers there.

    Raises
    ------
    ParameterError
        pandas is not installed.

    Examples
    --------
    >>> from segcap import Reading, to_frame
    >>> to_frame([Reading(text="0042"), Reading.unreadable("Got none.")])[["text", "status"]]
       text      status
    0  0042          ok
    1        unreadable
    """
    require("pandas", "pandas", "A data frame")
    import pandas as pd

    return pd.DataFrame([result.to_dict() for result in results])
