"""Ask methods, whatever they raise."""

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial

from segcap.benchmark.adapters import Method, ReaderMethod
from segcap.benchmark.outcomes import Judged, Problem
from segcap.benchmark.split_task import Images, SplitTask
from segcap.core.batching import batched
from segcap.core.errors import DataError, SegcapWarning
from segcap.core.image import ImageSource
from segcap.core.parallel import run
from segcap.core.reading import Result

__all__ = ["described", "heard", "replies_of", "with_failures"]

_AT_ONCE = 64

_Answering = Callable[[Sequence[ImageSource]], Sequence[Result]]


def replies_of(
    method: Method,
    images: Images,
    *,
    ranked: bool = False,
    folded: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> list[Judged]:
    """Get a method's reply to each image; an error counts as a wrong answer to its image.

    Parameters
    ----------
    ranked : bool
        Ask for alternatives, too, of whoever can give them.
    folded : bool
        Whether letters of both cases are one: answers are in small ones.
    on_progress : callable, optional
        Called with the number of images that are answered.
    """
    answer = method.ranked if ranked and isinstance(method, ReaderMethod) else method.answer
    replies: list[Judged] = []
    # of whom else can it be known that workers may have it?
    n_jobs = None if isinstance(method, ReaderMethod) else 1
    task = partial(_some_heard, os.getpid(), answer)
    for some, problems in run(task, batched(images, _AT_ONCE), n_jobs=n_jobs):
        for problem in problems:
            for _ in range(problem.count):
                warnings.warn(problem.message, SegcapWarning, stacklevel=1)
        replies += map(_folded, some) if folded else some
        if on_progress is not None:
            on_progress(len(replies))
    return replies


def with_failures(method: Method, split_task: SplitTask, replies: Sequence[Judged]) -> list[Judged]:
    """Find why a segmenting reader's wrong replies are wrong, where the characters are known."""
    if not isinstance(method, ReaderMethod) or method.approach != "segment":
        return list(replies)
    judged = []
    for index, (reply, true) in enumerate(zip(replies, split_task.truths, strict=True)):
        known = split_task.characters(index)
        kind: str | None = None
        if reply.status in ("unreadable", "rejected"):
            kind = reply.status
        elif reply.value != true and known is not None and reply.status != "failed":
            kind = method.failure(split_task.tested.images[index], known)
        judged.append(replace(reply, failure=kind))
    return judged


@contextmanager
def heard(problems: list[Problem]) -> Iterator[None]:
    """Note segcap's warnings as problems instead of showing them."""
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.filterwarnings("always", category=SegcapWarning)
            warnings.filterwarnings("ignore", category=FutureWarning, module="keras")
            yield
    finally:
        own = Counter(str(one.message) for one in caught if _is_ours(one))
        problems += [Problem(message, count) for message, count in own.items()]
        for other in caught:
            if not _is_ours(other):
                warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)


def _is_ours(warning: warnings.WarningMessage) -> bool:
    return issubclass(warning.category, SegcapWarning)


def described(error: BaseException) -> str:
    """Name an error in a line that a file can hold."""
    line = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return line.encode("utf-8", errors="backslashreplace").decode("utf-8")


def _folded(reply: Judged) -> Judged:
    value = None if reply.value is None else reply.value.lower()
    others = tuple((text.lower(), probability) for text, probability in reply.alternatives)
    return replace(reply, value=value, alternatives=others)


def _some_heard(
    client: int, answer: _Answering, images: Sequence[ImageSource]
) -> tuple[list[Judged], list[Problem]]:
    """Answer, and hand over what is warned of in a worker, where nobody hears it."""
    problems: list[Problem] = []
    with nullcontext() if os.getpid() == client else heard(problems):
        return _some(answer, images), problems


def _some(answer: _Answering, images: Sequence[ImageSource]) -> list[Judged]:
    try:
        return _checked(answer(images), len(images))
    except (Exception, SystemExit):  # noqa: BLE001 a third party raises what it likes
        return [_single(answer, image) for image in images]


def _single(answer: _Answering, image: ImageSource) -> Judged:
    try:
        return _checked(answer([image]), 1)[0]
    except (Exception, SystemExit) as error:  # noqa: BLE001 as above
        return Judged(None, 0.0, "failed", error=described(error))


def _checked(results: Sequence[Result], count: int) -> list[Judged]:
    if len(results) != count:
        raise DataError(
            f"A method must give a result an image. Got {len(results)} for {count} images."
        )
    for result in results:
        if not isinstance(result, Result):
            raise DataError(
                "A method must answer with a Reading, a SumReading or a ClassReading. "
                f"Got {result!r}."
            )
    return [Judged.of(result) for result in results]
