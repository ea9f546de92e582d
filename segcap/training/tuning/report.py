"""What an objective reports of a trial, and where TensorBoard finds it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from segcap.core.errors import ParameterError
from segcap.core.validation import whole_number
from segcap.training.logs import EventFile, Tolerance, as_summary
from segcap.training.tuning.result import NOTES
from segcap.training.tuning.spaces import Choice

if TYPE_CHECKING:
    from optuna import Trial

__all__ = ["Objective", "Report", "TrialLog"]


class TrialLog:
    """A folder with one folder for each trial, as TensorBoard's "HParams" wants them.

    Parameters
    ----------
    folder : Path or None
        Nothing is written without, or where the package tensorboard is not installed.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder if find_spec("tensorboard") else None
        self._tolerance = Tolerance(f"The search goes on without its log in '{folder}'.")
        self._events: EventFile | None = None

    @contextmanager
    def of(self, turn: int, settings: Mapping[str, Choice]) -> Iterator[Callable[[float], None]]:
        """Write about a trial from its settings to its end.

        Yields
        ------
        callable
            Called with the value of a trial that has come to one.
        """
        if self._folder is None:
            yield lambda _: None
            return
        from tensorboard.plugins.hparams import api_pb2

        values: list[float] = []
        self._begin(self._folder / f"trial-{turn:04d}", settings)
        try:
            yield values.append
        finally:
            status = api_pb2.STATUS_SUCCESS if values else api_pb2.STATUS_FAILURE
            self._end(status, values)

    def add(self, step: int, value: float) -> None:
        """Write a point of the curve of the trial that is under way."""
        if self._events is not None:
            with self._tolerance:
                self._events.add(step, as_summary({"curve": value}))

    def _begin(self, folder: Path, settings: Mapping[str, Choice]) -> None:
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

        self._events = EventFile(folder)
        shown = {name: str(value) if value is None else value for name, value in settings.items()}
        with self._tolerance:
            folder.mkdir(parents=True, exist_ok=True)
            self._events.add(0, hparams_pb(shown, trial_id=folder.name))

    def _end(self, status: int, values: list[float]) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.hparams import metadata, plugin_data_pb2

        info = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=time.time())
        data = plugin_data_pb2.HParamsPluginData(session_end_info=info)
        ended = Summary.Value(
            tag=metadata.SESSION_END_INFO_TAG,
            metadata=metadata.create_summary_metadata(data),
            tensor=metadata.NULL_TENSOR,
        )
        if self._events is not None:
            with self._tolerance:
                for value in values:
                    self._events.add(0, as_summary({"value": value}))
                self._events.add(0, Summary(value=[ended]))
        self._events = None


class Report:
    """What an objective reports while it is computed.

    Attributes
    ----------
    seed : int
        Of this trial's random choices, in 0 ... 2**32 - 1.
    """

    def __init__(self, trial: "Trial", seed: int, log: TrialLog) -> None:
        self.seed = seed
        self._trial = trial
        self._log = log
        self._notes: dict[str, Any] = {"seed": seed}
        self.note()

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

        step = whole_number("step", step)
        if not isinstance(value, Real):
            raise ParameterError(f"The 'value' of a step must be a number. Got {value!r}.")
        self._trial.report(value, step)
        self._log.add(step, value)
        if self._trial.should_prune():
            raise TrialPruned

    def note(self, **notes: float | str) -> None:
        """Keep something about the trial, such as the size of its network, by name."""
        self._notes |= notes
        self._trial.set_user_attr(NOTES, self._notes)


class Objective(Protocol):
    """What a search maximises."""

    def __call__(self, settings: Mapping[str, Any], report: Report, /) -> float:
        """Return the value of settings."""
        ...
