"""What a search has found."""

import csv
import io
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from segcap.core.errors import DataError
from segcap.core.files import write_atomically

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution

__all__ = ["SearchResult", "State", "Tried", "quiet"]

_FIRST = ("trial", "state", "value", "seconds")
_LEAST_FOR_IMPORTANCE = 2

State: TypeAlias = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class Tried:
    """A trial that has ended.

    Attributes
    ----------
    trial : int
        How many began before it.
    settings : mapping
    state : {"complete", "pruned", "failed"}
    value : float or None
        Of a pruned trial the last of its curve; a failed one has none.
    seconds : float
        How long it took.
    curve : tuple of (step, value)
        What was reported.
    notes : mapping
        Its "seed", what its objective has noted, and the "error" of a failed one.
    """

    trial: int
    settings: Mapping[str, Any]
    state: State
    value: float | None
    seconds: float
    curve: tuple[tuple[int, float], ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SearchResult:
    """Trials, and what they say of the settings.

    Attributes
    ----------
    name : str
        Of the study.
    space : mapping of str to distribution
        What could be tried.
    trials : tuple of Tried
        In the order in which they began.
    """

    name: str
    space: "Mapping[str, BaseDistribution]"
    trials: tuple[Tried, ...]

    @property
    def best(self) -> Tried:
        """The first trial of the highest value.

        Raises
        ------
        DataError
            No trial is complete.
        """
        return self._ranked("complete")[0]

    def importance(self) -> dict[str, float]:
        """Return each setting's fraction of what makes values differ, the greatest first.

        Returns
        -------
        dict of str to float
            The sum is 1; the parts of each setting by itself in the variance of a random forest
            that was fitted to the complete trials.

        Raises
        ------
        DataError
            No two complete trials have different values.

        References
        ----------
        Hutter, Hoos, Leyton-Brown: An efficient approach for assessing hyperparameter importance.
        ICML 2014.
        """
        from optuna.importance import FanovaImportanceEvaluator, get_param_importances

        different = len({one.value for one in self.trials if one.state == "complete"})
        if different < _LEAST_FOR_IMPORTANCE:
            raise DataError(
                f"The importance of settings needs at least {_LEAST_FOR_IMPORTANCE} different "
                f"values of complete trials. Got {different}."
            )
        with quiet():
            evaluator = FanovaImportanceEvaluator(seed=0)
            rates = get_param_importances(self.as_study(), evaluator=evaluator)
        return {name: float(rate) for name, rate in rates.items()}

    def as_study(self) -> "Study":
        """Return the trials as a study in memory, which `optuna.visualization` draws."""
        import optuna
        from optuna.trial import TrialState

        states = {
            "complete": TrialState.COMPLETE,
            "pruned": TrialState.PRUNED,
            "failed": TrialState.FAIL,
        }
        with quiet():
            study = optuna.create_study(study_name=self.name, direction="maximize")
            study.add_trials(
                optuna.create_trial(
                    state=states[one.state],
                    value=one.value,
                    params=dict(one.settings),
                    distributions={name: self.space[name] for name in one.settings},
                    user_attrs=dict(one.notes),
                    intermediate_values=dict(one.curve),
                )
                for one in self.trials
            )
        return study

    def table(self) -> str:
        """Return the trials as a table, the best first, then what was pruned or has failed."""
        rows = [self._columns(), *(self._cells(one) for one in self._ranked())]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = (
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )
        return "\n".join(lines)

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the trials as CSV in the order of their turns, with their curves.

        Raises
        ------
        FileError
            The file cannot be written.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*self._columns(), "curve"])
        for one in self.trials:
            curve = " ".join(f"{step}:{value:.6g}" for step, value in one.curve)
            writer.writerow([*self._cells(one), curve])
        write_atomically(path, text.getvalue().encode())

    def _ranked(self, *states: State) -> list[Tried]:
        order = states or ("complete", "pruned", "failed")
        chosen = [one for one in self.trials if one.state in order]
        if states and not chosen:
            raise DataError("The best of a search must be a trial that is complete. Got none.")
        return sorted(
            chosen, key=lambda one: (order.index(one.state), -(one.value or 0), one.trial)
        )

    def _columns(self) -> list[str]:
        return [*_FIRST, *self.space, *self._noted()]

    def _noted(self) -> list[str]:
        return list(dict.fromkeys(name for one in self.trials for name in one.notes))

    def _cells(self, one: Tried) -> list[str]:
        value = "" if one.value is None else one.value
        settings = (one.settings.get(name, "") for name in self.space)
        notes = (one.notes.get(name, "") for name in self._noted())
        cells = (one.trial, one.state, value, round(one.seconds, 1), *settings, *notes)
        return [f"{cell:.6g}" if isinstance(cell, float) else str(cell) for cell in cells]


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Optuna's messages on each trial and on its new parts."""
    from optuna import logging
    from optuna.exceptions import ExperimentalWarning

    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            yield
    finally:
        logging.set_verbosity(before)
