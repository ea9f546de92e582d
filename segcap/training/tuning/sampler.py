"""What a search tries next, the same whether it was stopped in between or not."""

import numpy as np
from optuna import Study
from optuna.samplers import TPESampler
from optuna.storages import RetryHeartbeatStaleTrialCallback as Retry
from optuna.trial import FrozenTrial

__all__ = ["SeededTPE", "seed_of", "turns_of"]


def turns_of(study: Study) -> list[int]:
    """Count for each trial those that began before it; one that is tried again keeps its turn."""
    turns: list[int] = []
    retries = 0
    for trial in study.get_trials(deepcopy=False):
        first = Retry.retried_trial_number(trial)
        turns.append(trial.number - retries if first is None else turns[first])
        retries += first is not None
    return turns


def seed_of(seed: int, turn: int) -> int:
    """Derive a trial's seed, in 0 ... 2**32 - 1, from the search's and its turn."""
    return int(np.random.SeedSequence((seed, turn)).generate_state(1)[0])


class SeededTPE(TPESampler):
    """Tree-structured Parzen estimators that are seeded anew for each trial.

    Optuna's own goes on with one generator: a search that is resumed would draw the settings of
    its first trials again, and so would each process that shares it.

    Parameters
    ----------
    seed : int

    References
    ----------
    Bergstra, Bardenet, Bengio, Kégl: Algorithms for hyper-parameter optimization. NIPS 2011.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(multivariate=True, seed=seed)
        self._seed = seed

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Begin with the generator of this trial's turn."""
        own = seed_of(self._seed, turns_of(study)[trial.number])
        super().__init__(multivariate=True, seed=own)
        super().before_trial(study, trial)
