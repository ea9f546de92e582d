"""The search itself: trials one after the other, kept, pruned, resumed."""

import json
import os
import time
import warnings
from collections.abc import Callable, Mapping
from math import inf, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segcap.core.errors import DataError, ParameterError, SegcapError, SegcapWarning
from segcap.core.extras import require
from segcap.core.validation import is_number, seed_number, whole_number
from segcap.training.logs import Tolerance
from segcap.training.tuning.report import Objective, Report, trial_log
from segcap.training.tuning.result import SearchResult, quiet
from segcap.training.tuning.spaces import Space, as_distributions, grid_of, suggest

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.distributions import BaseDistribution
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

__all__ = ["search"]

_TRIALS_BEFORE_PRUNING = 5
_STEPS_BEFORE_PRUNING = 2


def search(
    objective: Objective,
    space: Space,
    *,
    trials: int,
    name: str = "search",
    seconds: float | None = None,
    storage: str | os.PathLike[str] | None = None,
    seed: int = 0,
    grid: bool = False,
    prune: bool = True,
    identity: Mapping[str, Any] | None = None,
    log: str | os.PathLike[str] | None = None,
    on_trial: Callable[[SearchResult], None] | None = None,
) -> SearchResult:
    """Search for the settings of the highest value.

    Where a search is kept, it may be stopped at any time and goes on when it is called again. The
    trial that ran is begun anew, after Ctrl-C at once, after a kill as soon as it has given no sign
    of life for a minute; the settings that follow are those that would have followed without the
    stop. Several processes may share a search; what they try depends on which trial ends first,
    and each may make one trial more than wanted at the end. Let the first begin before the others
    join: Optuna makes its tables without a lock.

    Parameters
    ----------
    objective : callable
        From the settings and a `Report` to the value. An error of segcap's, such as that of a
        network too deep for its images, makes the trial a failed one, as does a value that is no
        number; the search goes on.
    space : mapping of str to distribution, or to a sequence of values
        See `optuna.distributions`.
    trials : int
        How many, with those that were made before; at most as many as there are combinations in
        a grid.
    name : str
        Of the study.
    seconds : float, optional
        No trial is begun later than so long after the call.
    storage : path or str, optional
        A file for this search alone, or any storage URL of Optuna's, such as "postgresql://...",
        which several machines may share. Nothing is kept without.
    seed : int
        Of the choice of settings; each trial has a seed derived from it.
    grid : bool
        Whether to try all combinations, in random order, in place of what looks promising.
    prune : bool
        Whether to stop a trial whose curve is below the median of the others' at the same step.
    identity : mapping, optional
        What else, as JSON can hold it, makes the search what it is, such as a digest of the data.
        A search goes on only with the same.
    log : path, optional
        Folder in which TensorBoard finds the trials while they run, under "HParams" and as curves.
    on_trial : callable, optional
        Called with the result so far before the first trial and after each.

    Returns
    -------
    SearchResult

    Raises
    ------
    ParameterError
        A parameter is outside its range, or Optuna is not installed.
    DataError
        No trial has come to a value, or `storage` cannot be used or is of another search.
    KeyboardInterrupt
        Ctrl-C; what is kept stays, and the same call goes on.

    Warns
    -----
    SegcapWarning
        A trial has failed, or the log cannot be written.

    Examples
    --------
    >>> def fall(settings, report):
    ...     return -((settings["x"] - 3) ** 2)
    >>> search(fall, {"x": [1, 2, 3, 4]}, trials=4, grid=True).best.settings
    {'x': 3}
    """
    trials, seed = whole_number("trials", trials, least=1), seed_number("seed", seed)
    if seconds is not None and (not is_number(seconds) or seconds <= 0):
        raise ParameterError(f"The 'seconds' of search must be a number above 0. Got {seconds!r}.")
    if not callable(objective):
        raise ParameterError(f"The 'objective' of search must be a function. Got {objective!r}.")
    if not isinstance(storage, str | os.PathLike | None):
        raise ParameterError(f"The 'storage' of search must be a path or a URL. Got {storage!r}.")
    _require_json({} if identity is None else identity)
    require("optuna", "train", "Searching")
    from segcap.training.tuning.storage import finished, open_study

    until = inf if seconds is None else time.monotonic() + seconds
    distributions = as_distributions(space)
    if grid:
        trials = min(trials, prod(map(len, grid_of(distributions).values())))
    full_identity = _identity(distributions, {"seed": seed, "grid": grid, **(identity or {})})
    value = _Value(objective, distributions, seed, None if log is None else Path(log))
    with (
        quiet(),
        open_study(
            storage, name, full_identity, _sampler(distributions, seed, grid=grid), _pruner(prune)
        ) as study,
    ):
        while True:
            found = SearchResult(name, distributions, finished(study))
            if on_trial is not None:
                on_trial(found)
            if len(found.trials) >= trials or time.monotonic() >= until:
                break
            study.optimize(value, n_trials=1, catch=(SegcapError,))
    _require_value(found)
    return found


def _identity(
    distributions: "Mapping[str, BaseDistribution]", more: Mapping[str, Any]
) -> dict[str, Any]:
    from optuna.distributions import distribution_to_json

    space = {key: distribution_to_json(value) for key, value in distributions.items()}
    return {"space": space, **more}


def _sampler(
    distributions: "Mapping[str, BaseDistribution]", seed: int, *, grid: bool
) -> "BaseSampler":
    from optuna.samplers import GridSampler

    from segcap.training.tuning.sampler import SeededTPE

    return GridSampler(grid_of(distributions), seed) if grid else SeededTPE(seed)


def _pruner(prune: bool) -> "BasePruner":
    from optuna.pruners import MedianPruner, NopPruner

    return MedianPruner(_TRIALS_BEFORE_PRUNING, _STEPS_BEFORE_PRUNING) if prune else NopPruner()


def _require_value(found: SearchResult) -> None:
    if any(one.state == "complete" for one in found.trials):
        return
    reasons = [str(one.notes["error"]) for one in found.trials if "error" in one.notes]
    raise DataError(
        f"At least one trial of a search must come to a value. Got {len(found.trials)} without"
        + (f", the last: {reasons[-1]}" if reasons else ".")
    )


class _Value:
    """An objective as Optuna calls it."""

    def __init__(
        self,
        objective: Objective,
        distributions: "Mapping[str, BaseDistribution]",
        seed: int,
        log: Path | None,
    ) -> None:
        self._objective = objective
        self._distributions = distributions
        self._seed = seed
        self._log = log
        self._tolerance = Tolerance(f"The search goes on without its log in '{log}'.")

    def __call__(self, trial: "Trial") -> float:
        """Return a trial's value; what is no fault of its settings leaves it to be tried again."""
        from optuna import TrialPruned
        from optuna.storages import RetryHeartbeatStaleTrialCallback

        from segcap.training.tuning.sampler import seed_of, turns_of

        turn = turns_of(trial.study)[trial.number]
        settings = suggest(trial, self._distributions)
        folder = None if self._log is None else self._log / f"trial-{turn:04d}"
        try:
            with trial_log(folder, settings, self._tolerance) as add:
                report = Report(trial, seed_of(self._seed, turn), add)
                value = self._objective(settings, report)
                if not is_number(value):
                    raise ParameterError(f"An objective must give a number. Got {value!r}.")
                add(0, value=value)
            return float(value)
        except SegcapError as error:
            trial.set_user_attr("error", str(error))
            warnings.warn(f"Trial {turn} has failed: {error}", SegcapWarning, stacklevel=2)
            raise
        except TrialPruned:
            raise
        except (Exception, KeyboardInterrupt):
            study = trial.study
            RetryHeartbeatStaleTrialCallback()(study, study.get_trials()[trial.number])
            raise


def _require_json(identity: Mapping[str, Any]) -> None:
    try:
        text = json.dumps(identity, allow_nan=False, default=str)
    except (TypeError, ValueError):
        text = ""
    if not text.startswith("{"):
        raise ParameterError(
            "The 'identity' of search must be a mapping that JSON can hold, without NaN. "
            f"Got {identity!r}."
        )
