"""The settings that a search may try."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from segcap.core.errors import ParameterError

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.distributions import BaseDistribution

__all__ = ["Choice", "Space", "as_distributions", "grid_of", "suggest"]

Choice: TypeAlias = bool | int | float | str | None
Space: TypeAlias = "Mapping[str, BaseDistribution | Sequence[Choice]]"


def as_distributions(space: Space) -> "dict[str, BaseDistribution]":
    """Convert every setting to a distribution of Optuna's.

    Parameters
    ----------
    space : mapping of str to distribution, or to a sequence of values
        Values are numbers, texts, True, False or None.

    Raises
    ------
    ParameterError
        There is no setting, or one is neither.

    Examples
    --------
    >>> as_distributions({"decay": ["cosine", "plateau"]})
    {'decay': CategoricalDistribution(choices=('cosine', 'plateau'))}
    """
    from optuna.distributions import BaseDistribution, CategoricalDistribution

    if not isinstance(space, Mapping) or not space:
        raise ParameterError(
            f"The 'space' of search must map at least one name to what to try. Got {space!r}."
        )
    distributions: dict[str, BaseDistribution] = {}
    for name, values in space.items():
        if isinstance(values, BaseDistribution):
            distributions[name] = values
        elif _are_choices(values):
            distributions[name] = CategoricalDistribution(values)
        else:
            raise ParameterError(
                f"The 'space' of search must have for '{name}' a distribution of Optuna's or a "
                f"list of numbers, texts, True, False or None. Got {values!r}."
            )
    return distributions


def _are_choices(values: Any) -> bool:
    return (
        isinstance(values, list | tuple)
        and len(values) > 0
        and all(value is None or isinstance(value, bool | int | float | str) for value in values)
    )


def grid_of(distributions: "Mapping[str, BaseDistribution]") -> dict[str, list[Choice]]:
    """List the values of every setting.

    Raises
    ------
    ParameterError
        A setting has no list of values.
    """
    from optuna.distributions import CategoricalDistribution

    grid = {}
    for name, distribution in distributions.items():
        if not isinstance(distribution, CategoricalDistribution):
            raise ParameterError(
                f"The 'space' of a search by 'grid' must have a list of values for '{name}'. "
                f"Got {distribution!r}."
            )
        grid[name] = list(distribution.choices)
    return grid


def suggest(trial: "Trial", distributions: "Mapping[str, BaseDistribution]") -> dict[str, Choice]:
    """Let a trial choose a value for every setting."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    chosen: dict[str, Choice] = {}
    for name, by in distributions.items():
        if isinstance(by, CategoricalDistribution):
            chosen[name] = trial.suggest_categorical(name, by.choices)
        elif isinstance(by, IntDistribution):
            chosen[name] = trial.suggest_int(name, by.low, by.high, step=by.step, log=by.log)
        elif isinstance(by, FloatDistribution):
            chosen[name] = trial.suggest_float(name, by.low, by.high, step=by.step, log=by.log)
    return chosen
