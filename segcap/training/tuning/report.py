"""What an objective reports of a trial, and where TensorBoard finds it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from segcap.core.errors import ParameterError
from segcap.core.validation import whole_number
from segcap.training.logs import EventFile, Tolerance, as_summary
from segcap.training.tuning.spaces import Choice

if TYPE_CHECKING:
    from optuna import Trial

__all__ = ["Objective", "Report", "trial_log"]


AddPoint: TypeAlias = Callable[..., None]


@contextmanager
def trial_log(
    folder: Path | None, settings: Mapping[str, Choice], tolerance: Tolerance
) -> Iterator[AddPoint]:
    """Write about a trial, from its settings to its end, as TensorBoard's "HParams" wants it.

    Parameters
    ----------
    folder : Path or None
        Nothing is written without, or where the package tensorboard is not installed.
    settings : mapping
    tolerance : Tolerance
        What becomes of errors in writing.

    Yields
    ------
    callable
        Called with a step and scalars by name.
    """
    if folder is None or find_spec("tensorboard") is None:
        yield lambda step, **scalars: None  # noqa: ARG005
        return
    from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    events = EventFile(folder)

    def add(step: int, summary: Any) -> None:
        with tolerance:
            folder.mkdir(parents=True, exist_ok=True)
            events.add(step, summary)

    shown = {name: str(value) if value is None else value for name, value in settings.items()}
    add(0, hparams_pb(shown, trial_id=folder.name))
    status = STATUS_FAILURE
    try:
        yield lambda step, **scalars: add(step, as_summary(scalars))
        status = STATUS_SUCCESS
    finally:
        add(0, _end_of_trial(status))


def _end_of_trial(status: int) -> Any:
    """Return what `tensorboard.plugins.hparams.summary` would, without importing TensorFlow."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    info = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=time.time())
    data = plugin_data_pb2.HParamsPluginData(session_end_info=info)
    value = Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(data),
        tensor=metadata.NULL_TENSOR,
    )
    return Summary(value=[value])


class Report:
    """What an objective reports while it is computed.

    Attributes
    ----------
    seed : int
        Of this trial's random choices, in 0 ... 2**32 - 1.
    """

    def __init__(self, trial: "Trial", seed: int, add: AddPoint) -> None:
        self.seed = seed
        self._trial = trial
        self._add = add
        self.note(seed=seed)

    def __call__(self, step: int, value: float) -> None:
        """Add a point to the trial's curve.

        Parameters
        ----------
        step : int
            From 1, each higher than the one before.
        value : float
            What the objective would be if it ended here.

        Raises
        ------
        ParameterError
            A number is outside its range.
        optuna.TrialPruned
            Most trials were better at this step; an objective lets it pass.
        """
        from optuna import TrialPruned

        step = whole_number("step", step, least=1)
        if not isinstance(value, Real):
            raise ParameterError(f"The 'value' of a step must be a number. Got {value!r}.")
        self._trial.report(value, step)
        self._add(step, curve=value)
        if self._trial.should_prune():
            raise TrialPruned

    def note(self, **notes: float | str) -> None:
        """Keep something about the trial, such as the size of its network, by name."""
        for name, value in notes.items():
            self._trial.set_user_attr(name, value)


class Objective(Protocol):
    """What a search maximises."""

    def __call__(self, settings: Mapping[str, Any], report: Report, /) -> float:
        """Return the value of settings."""
        ...
