"""Where a search is kept, by Optuna's storage."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import optuna
from optuna import Study
from optuna.exceptions import StorageInternalError
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage, RDBStorage
from optuna.storages import RetryHeartbeatStaleTrialCallback as Retry
from optuna.trial import TrialState

from segcap.core.errors import DataError
from segcap.training.tuning.result import State, Tried
from segcap.training.tuning.sampler import turns_of

__all__ = ["finished", "open_study"]

_IDENTITY = "identity"
_BEAT, _GRACE = 15, 60
"""Seconds between signs of life; one that missed four is dead, not busy."""
_LOCKED = 60
"""Seconds that SQLite waits for another process; its five do not do for several on one disk."""
_STATES: dict[TrialState, State] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


def finished(study: Study) -> tuple[Tried, ...]:
    """List the trials that have ended, in the order of their turns, without those tried again."""
    trials = study.get_trials(deepcopy=False)
    retried = {number for one in trials for number in Retry.retry_history(one)}
    ended = (
        Tried(
            turn,
            dict(one.params),
            _STATES[one.state],
            None if one.state is TrialState.FAIL else one.value,
            one.duration.total_seconds() if one.duration else 0.0,
            tuple(sorted(one.intermediate_values.items())),
            dict(one.user_attrs),
        )
        for turn, one in zip(turns_of(study), trials, strict=False)
        if one.state in _STATES and one.number not in retried
    )
    return tuple(sorted(ended, key=lambda tried: tried.trial))


@contextmanager
def open_study(
    storage: str | os.PathLike[str] | None,
    name: str,
    identity: Mapping[str, Any],
    sampler: BaseSampler,
    pruner: BasePruner,
) -> Iterator[Study]:
    """Open a study, or begin it.

    Raises
    ------
    DataError
        `storage` cannot be opened, is damaged or full, or holds another search.
    """
    place = None if storage is None else os.fspath(storage)
    is_file = place is not None and "://" not in place
    kept = _opened(f"sqlite:///{place}" if is_file else place)
    try:
        others = {*optuna.get_all_study_names(kept)} - {name} if kept and is_file else ()
        if others:
            raise DataError(
                f"A search must go on with its own file. Got '{place}', which holds "
                f"'{min(others)}' instead of '{name}'."
            )
        study = optuna.create_study(
            storage=kept,
            sampler=sampler,
            pruner=pruner,
            study_name=name,
            direction="maximize",
            load_if_exists=True,
        )
        _check_identity(study, identity, place)
        yield study
    except Exception as error:
        broken: BaseException | None = error
        while broken and not isinstance(broken, StorageInternalError):
            broken = broken.__context__  # on a broken storage Optuna's own clean-up fails, too
        if broken is None:
            raise
        raise DataError(
            "The 'storage' of search must stay whole, with room to write. "
            f"Got '{_shown(place)}': {_first_line(broken.__cause__ or broken)}"
        ) from None


def _opened(url: str | None) -> BaseStorage | None:
    if url is None:
        return None
    waiting = {"connect_args": {"timeout": _LOCKED}} if url.startswith("sqlite") else {}
    try:
        return RDBStorage(
            url,
            waiting,
            heartbeat_interval=_BEAT,
            grace_period=_GRACE,
            heartbeat_stale_trial_callback=Retry(),
        )
    except Exception as error:  # noqa: BLE001 each database has errors of its own
        raise DataError(
            "The 'storage' of search must be a file or a URL that Optuna can open. "
            f"Got '{_shown(url.removeprefix('sqlite:///'))}': {_first_line(error).rstrip('.')}."
        ) from None


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _shown(place: str | None) -> str:
    """Return a storage's name for a message, without the password that a URL may hold."""
    return re.sub(r"(://[^:/@]*):.*@", r"\1:***@", str(place))


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
