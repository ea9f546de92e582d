"""Where a search is kept, and what became of trials whose process is gone."""

import json
import os
import re
import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna import Study, Trial
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage, RDBStorage
from optuna.trial import FrozenTrial, TrialState

from segcap.core.errors import DataError, ParameterError
from segcap.training.tuning.result import NOTES, State, Tried

__all__ = ["finished", "give_up", "kept_trials", "open_study", "try_again", "turn_of"]

_IDENTITY, _LOST, _TURN, _RETRIES = "identity", "lost:", "turn", "retries"
_BEAT, GRACE = 60, 180
_STATES: dict[TrialState, State] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}
_SQLITE = b"SQLite format 3\0"


def turn_of(study: Study, trial: Trial | FrozenTrial) -> int:
    """Count the trials that began before this one; one that is tried again keeps its turn."""
    if _TURN in trial.user_attrs:
        return trial.user_attrs[_TURN]
    before = study.get_trials(deepcopy=False)[: trial.number]
    return trial.number - sum(_RETRIES in earlier.user_attrs for earlier in before)


def kept_trials(study: Study) -> list[FrozenTrial]:
    """Return all trials but those that were lost, in the order of their turns."""
    trials = study.get_trials(deepcopy=False)
    kept = [one for one in trials if f"{_LOST}{one.number}" not in study.user_attrs]
    return sorted(kept, key=lambda one: turn_of(study, one))


def finished(study: Study) -> list[Tried]:
    """List the trials that have ended and were not lost, in the order of their turns."""
    return [
        Tried(
            turn_of(study, trial),
            dict(trial.params),
            _STATES[trial.state],
            None if trial.state is TrialState.FAIL else trial.value,
            trial.duration.total_seconds() if trial.duration else 0.0,
            tuple(sorted(trial.intermediate_values.items())),
            dict(trial.user_attrs.get(NOTES, {})),
        )
        for trial in kept_trials(study)
        if trial.state in _STATES
    ]


def give_up(study: Study, trial: FrozenTrial) -> None:
    """Note that a trial was lost, and let it be tried again."""
    study.set_user_attr(f"{_LOST}{trial.number}", True)
    if not trial.state.is_finished():
        study.tell(trial.number, state=TrialState.FAIL)
    try_again(study)


def try_again(study: Study) -> None:
    """Put lost trials that wait for nobody yet back into the queue."""
    trials = study.get_trials(deepcopy=False)
    retried = {trial.user_attrs.get(_RETRIES) for trial in trials}
    for trial in trials:
        if f"{_LOST}{trial.number}" in study.user_attrs and trial.number not in retried:
            notes = {_TURN: turn_of(study, trial), _RETRIES: trial.number}
            study.enqueue_trial(trial.params, user_attrs=notes)


@contextmanager
def open_study(
    storage: str | os.PathLike[str] | None,
    name: str,
    identity: Mapping[str, Any],
    sampler: BaseSampler,
    pruner: BasePruner,
) -> Iterator[Study]:
    """Open a study, or begin it.

    In a file trials that still run are lost, for a file is used by one search at a time. Elsewhere
    they are once their process has given no sign of life for three minutes.

    Raises
    ------
    ParameterError
        `storage` is neither a path nor a URL.
    DataError
        `storage` cannot be opened, is in use, is damaged or full, or holds another search.
    """
    if not isinstance(storage, str | os.PathLike | None):
        raise ParameterError(f"The 'storage' of search must be a path or a URL. Got {storage!r}.")
    place = os.fspath(storage) if storage is not None else None
    is_file = place is not None and "://" not in place
    with (
        _alone(Path(place)) if is_file and place is not None else _anybody(),
        _intact(place),
    ):
        if is_file and place is not None:
            _check_file(Path(place), name)
        study = optuna.create_study(
            storage=_opened(f"sqlite:///{place}" if is_file else place),
            sampler=sampler,
            pruner=pruner,
            study_name=name,
            direction="maximize",
            load_if_exists=True,
        )
        _check_identity(study, identity, place)
        if is_file:
            for trial in study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
                give_up(study, trial)
            try_again(study)
        optuna.storages.fail_stale_trials(study)
        yield study


def _opened(url: str | None) -> BaseStorage | None:
    if url is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return RDBStorage(
                url,
                heartbeat_interval=_BEAT,
                grace_period=GRACE,
                heartbeat_stale_trial_callback=give_up,
            )
    except Exception as error:  # noqa: BLE001 each database has errors of its own
        raise DataError(
            "The 'storage' of search must be a file or a URL that Optuna can open. "
            f"Got '{_shown(url)}': {str(error).splitlines()[0]}"
        ) from None


def _shown(place: str | None) -> str:
    """Return a storage's name for a message, without the password that a URL may hold."""
    return re.sub(r"(://[^:/@]*):.*@", r"\1:***@", str(place))


@contextmanager
def _anybody() -> Iterator[None]:
    yield


@contextmanager
def _intact(place: str | None) -> Iterator[None]:
    """Return the error of a storage that cannot be read or written any more."""
    try:
        yield
    except StorageInternalError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise DataError(
            "The 'storage' of search must stay whole, with room to write. "
            f"Got '{_shown(place)}': {reason}"
        ) from None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other searches from a file; SQLite's lock ends with the process, however it ends."""
    if path.is_dir() or not path.parent.is_dir():
        raise DataError(
            f"The 'storage' of search must be a file in a folder that exists. Got '{path}'."
        )
    beside = path.with_name(f"{path.name}.lock")
    try:
        opened = sqlite3.connect(beside, timeout=0, isolation_level=None)
    except sqlite3.Error:
        raise DataError(
            f"The 'storage' of search must be a file that can be written. Got '{path}'."
        ) from None
    with closing(opened) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error:
            raise DataError(
                "A search file must be used by one search at a time, a URL may be by many. "
                f"Got '{path}', which is in use."
            ) from None
        try:
            yield
        finally:
            beside.unlink(missing_ok=True)


def _check_file(path: Path, name: str) -> None:
    """Check that a file is missing, empty, or holds the study of this name alone."""
    if not path.exists() or path.stat().st_size == 0:
        return
    names: set[str] = set()
    with path.open("rb") as file:
        is_database = file.read(len(_SQLITE)) == _SQLITE
    if is_database:
        with closing(sqlite3.connect(path)) as database:
            try:
                names = {row[0] for row in database.execute("SELECT study_name FROM studies")}
            except sqlite3.Error:
                is_database = False
    if not is_database:
        raise DataError(
            f"The 'storage' of search must be a file that a search wrote. Got '{path}'."
        )
    if names - {name}:
        raise DataError(
            f"A search must go on with its own file. Got '{path}', which holds "
            f"'{names.pop()}' instead of '{name}'."
        )


def _check_identity(study: Study, identity: Mapping[str, Any], place: str | None) -> None:
    own = json.loads(json.dumps(identity, default=str))
    if not study.user_attrs.get(_IDENTITY) and not study.get_trials(deepcopy=False):
        study.set_user_attr(_IDENTITY, own)
        return
    kept = study.user_attrs.get(_IDENTITY, {})
    other = [key for key in {**kept, **own} if kept.get(key) != own.get(key)]
    if other:
        raise DataError(
            f"A search must go on with what it began with. Got '{_shown(place)}', a search of "
            f"another {', another '.join(other)}."
        )
