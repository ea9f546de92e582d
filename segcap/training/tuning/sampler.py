"""What a search tries next, the same whether it was stopped in between or not."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from segcap.training.tuning.spaces import Choice
from segcap.training.tuning.storage import turn_of

__all__ = ["GridTurns", "Turns", "seed_of"]


def seed_of(seed: int, turn: int) -> int:
    """Derive a trial's seed, in 0 ... 2**32 - 1, from the search's and its turn."""
    return int(np.random.SeedSequence((seed, turn)).generate_state(1)[0])


class Turns(BaseSampler):
    """Tree-structured Parzen estimators, a new one for each trial.

    Optuna's own sampler goes on with one random generator, so that a search that was stopped and
    resumed would try other settings. Here a trial depends on the seed, its turn and the trials that
    have ended before it.

    Parameters
    ----------
    seed : int

    References
    ----------
    Bergstra, Bardenet, Bengio, Kégl: Algorithms for hyper-parameter optimization. NIPS 2011.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._own = TPESampler(multivariate=True)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Take a generator of this trial's own."""
        seed = seed_of(self._seed, turn_of(study, trial))
        self._own = TPESampler(multivariate=True, seed=seed)
        self._own.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the settings that are chosen together."""
        return self._own.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Choose them."""
        return self._own.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Choose a setting by itself."""
        return self._own.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Note how a trial ended."""
        self._own.after_trial(study, trial, state, values)


class GridTurns(BaseSampler):
    """All combinations of values, the one of its turn for each trial.

    Optuna's own sampler draws from what nobody has finished, so that machines that share a search
    may try the same twice.

    Parameters
    ----------
    cells : sequence of mapping
        See `segcap.training.tuning.spaces.grid_of`.
    distributions : mapping
    """

    def __init__(
        self,
        cells: Sequence[Mapping[str, Choice]],
        distributions: Mapping[str, BaseDistribution],
    ) -> None:
        self._cells = cells
        self._distributions = dict(distributions)

    def infer_relative_search_space(
        self,
        study: Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
    ) -> dict[str, BaseDistribution]:
        """Return all settings."""
        return self._distributions

    def sample_relative(
        self,
        study: Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Return the combination."""
        return dict(self._cell(study, trial))

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,  # noqa: ARG002
    ) -> Any:
        """Return one value of it."""
        return self._cell(study, trial)[param_name]

    def _cell(self, study: Study, trial: FrozenTrial) -> Mapping[str, Choice]:
        """Return a trial's combination; one that two machines begin too many tries one again."""
        return self._cells[turn_of(study, trial) % len(self._cells)]
