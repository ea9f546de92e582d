"""What happens around the steps of a training: averages, evaluation, the best weights, files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.core.files import write_atomically
from segcap.training.batching import BatchSource
from segcap.training.compiling import (
    Loss,
    compile_network,
    copy_to_train,
    warm_up_steps,
    with_all_answers,
)
from segcap.training.growing import first_grown
from segcap.training.history import HISTORY_CSV, History, history_csv
from segcap.training.logs import Tolerance
from segcap.training.schedule import Schedule, plateau_rate
from segcap.training.state import State

if TYPE_CHECKING:
    import keras

__all__ = ["OnEpoch", "Run"]

OnEpoch: TypeAlias = Callable[[int, History], None]
"""Called after each epoch with the number of epochs done and the history."""


class Run:
    """What happens around Keras' steps: evaluation, the best weights, their averages, files.

    Keras' own averages leave out what batch normalisation counts, and its backups leave out the
    best weights and the history, hence these.
    """

    def __init__(
        self,
        model: "keras.Model",
        batches: BatchSource,
        schedule: Schedule,
        steps: int,
        loss: Loss | None,
        on_epoch: OnEpoch | None,
    ) -> None:
        self._model, self._batches, self._schedule = model, batches, schedule
        self._steps, self._on_epoch = steps, on_epoch
        self._trained = copy_to_train(model, schedule)
        self.learner = with_all_answers(self._trained, auxiliary=schedule.auxiliary)
        self._optimizer = compile_network(self.learner, schedule, steps, batches, loss)
        self._averages = _weights(model) if schedule.ema else []
        self._state: State | None = None
        self._log: Path | None = None
        self.history, self.best = History(), _weights(model)

    @property
    def is_done(self) -> bool:
        """Whether all epochs are behind, or as many as patience allows without a better one."""
        done, patience = len(self.history.loss), self._schedule.patience
        waited = done - max(self.history.best_epoch, first_grown(self._schedule))
        return done == self._schedule.epochs or (patience is not None and waited > patience)

    def callback(self, shown: Any) -> "keras.callbacks.Callback":
        """Return what Keras calls."""
        import keras

        run, schedule = self, self._schedule

        class Around(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
                shown.begin(epoch)

            def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
                if schedule.decay == "plateau":
                    _ = self.model  # on JAX, this brings the variables up to date
                    run._set_rate(batch)

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
                if schedule.ema:
                    _ = self.model
                    run._average(batch)

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                run._end_epoch(epoch, logs)

        return Around()

    def write_log(self, folder: Path) -> None:
        """Write the history to a folder, and after each epoch again."""
        self._log = folder
        self._log_tolerance = Tolerance(f"The training goes on without its log in '{folder}'.")
        self._write_history()

    def keep_state(self, path: Path, identity: Mapping[str, Any]) -> None:
        """Go on from the state in a file, if it is there, and write it after each epoch.

        Raises
        ------
        DataError
            It cannot be a state, is damaged, or is that of another run.
        """
        self._state = State(path, identity)
        kept = self._state.read()
        if kept is None:
            return
        self.history, arrays = kept
        values, self._averages, self.best = (
            [arrays[f"{name}.{i}"] for i in range(len(own))] for name, own in self._arrays().items()
        )
        for variable, value in zip(self._variables(), values, strict=True):
            variable.assign(value)

    def _variables(self) -> "list[keras.Variable]":
        return [*self.learner.variables, *self.learner.optimizer.variables]

    def _arrays(self) -> dict[str, list[NDArray]]:
        """Return all that the next step depends on, and the best weights."""
        return {
            "variable": [np.array(one.numpy()) for one in self._variables()],
            "average": self._averages,
            "best": self.best,
        }

    def _set_rate(self, step: int) -> None:
        taken = len(self.history.loss) * self._steps + step + 1
        self._optimizer.learning_rate = plateau_rate(
            self._schedule, taken / warm_up_steps(self._steps), self.history.validation_loss
        )

    def _average(self, step: int) -> None:
        taken = len(self.history.loss) * self._steps + step
        rest = 1 - min(self._schedule.ema, (1 + taken) / (10 + taken))
        values = zip(self._averages, self._trained.get_weights(), strict=True)
        self._averages = [average + rest * (own - average) for average, own in values]

    def _end_epoch(self, epoch: int, logs: dict[str, float]) -> None:
        if self._trained is not self._model:
            self._model.set_weights(self._averages or self._trained.get_weights())
        history = self.history
        lowest = min((loss for loss in history.validation_loss if loss == loss), default=np.inf)
        loss, accuracy = self._batches.evaluate(self._model)
        logs.update(val_loss=loss, val_accuracy=accuracy)
        history.learning_rate.append(float(self._optimizer.learning_rate))
        history.loss.append(float(logs["loss"]))
        if "accuracy" in logs:
            history.accuracy.append(float(logs["accuracy"]))
        history.validation_loss.append(loss)
        history.validation_accuracy.append(accuracy)
        if loss == loss and (self._schedule.patience is None or loss <= lowest):
            history.best_epoch, self.best = epoch, _weights(self._model)
        if self._state is not None:
            kept = self._arrays().items()
            self._state.keep(
                history, {f"{name}.{i}": one for name, own in kept for i, one in enumerate(own)}
            )
        self._write_history()
        if self._on_epoch is not None:
            self._on_epoch(epoch + 1, history)
        self.learner.stop_training = self.is_done

    def _write_history(self) -> None:
        if self._log is not None:
            with self._log_tolerance:
                self._log.mkdir(parents=True, exist_ok=True)
                write_atomically(self._log / HISTORY_CSV, history_csv(self.history).encode())


def _weights(model: "keras.Model") -> list[NDArray]:
    """Copy a network's weights; what Keras returns may change with them."""
    return [np.array(value) for value in model.get_weights()]
