"""Which image is asked next, what was answered, and how it is taken back; without a server."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from math import inf
from statistics import median
from typing import NamedTuple

from segcap.core.errors import ParameterError

__all__ = ["Guess", "LabelQueue"]

FIRST_TRAINING = 20
_AHEAD = 100
_RECENT = 20
_TIMED = 3


class Guess(NamedTuple):
    """What a reader takes an image for.

    Attributes
    ----------
    confidence : float
        In [0, 1].
    """

    text: str
    confidence: float


class LabelQueue:
    """Images that wait for their labels, those that the reader is least sure of first.

    Parameters
    ----------
    images : sequence of str
        Names, each once.
    labels : mapping of str to str, optional
        Those that are known already; they are not asked again.
    length : int, optional
        Characters of every label.
    allowlist : str, optional
        Characters that labels may hold.
    clock : callable
        Gives seconds.

    Attributes
    ----------
    unreadable : dict of str to str
        From an image that cannot be shown to the reason.
    skipped : set of str
        Not asked again.
    trained_on : int
        Labels that the reader was trained on last.
    taken_back : str or None
        What the current image was called before `undo`.
    """

    def __init__(
        self,
        images: Sequence[str],
        labels: Mapping[str, str] | None = None,
        *,
        length: int | None = None,
        allowlist: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.images = list(images)
        known = labels or {}
        self.labels = {image: known[image] for image in images if known.get(image)}
        self.guesses: dict[str, Guess] = {}
        self.unreadable: dict[str, str] = {}
        self.skipped: set[str] = set()
        self.trained_on = 0
        self._length, self._allowlist, self._clock = length, allowlist, clock
        self.taken_back: str | None = None
        self._asked: str | None = None
        self._done: list[tuple[str, bool]] = []  # and whether its guess was counted
        self._stale = dict.fromkeys(self.images)
        self._hits: deque[bool] = deque(maxlen=_RECENT)
        self._seconds: deque[float] = deque(maxlen=_RECENT)
        self._since = clock()

    @property
    def waiting(self) -> list[str]:
        """Images to be asked, in their own order."""
        gone = (self.labels, self.skipped, self.unreadable)
        return [image for image in self.images if not any(image in some for some in gone)]

    @property
    def current(self) -> str | None:
        """The image that is asked; it stays until it is answered, whatever is guessed meanwhile."""
        waiting = self.waiting
        if self._asked not in waiting:
            self.taken_back = None
            self._asked = min(waiting, key=self._sureness, default=None)
        return self._asked

    @property
    def seconds_left(self) -> float | None:
        """How long the rest may take, by the median of the last answers; None before a few."""
        if len(self._seconds) < _TIMED:
            return None
        return median(self._seconds) * len(self.waiting)

    @property
    def recent(self) -> tuple[int, int]:
        """How many of the last guesses were right, and how many these were."""
        return sum(self._hits), len(self._hits)

    @property
    def wants_training(self) -> bool:
        """Whether there are enough labels for a first training, or twice those of the last."""
        return bool(self.waiting) and len(self.labels) >= max(FIRST_TRAINING, 2 * self.trained_on)

    @property
    def is_ahead(self) -> bool:
        """Whether there are guesses enough to go on with while the reader does something else."""
        waiting = self.waiting
        return sum(image in self.guesses for image in waiting) >= min(_AHEAD, len(waiting))

    def unread(self, most: int) -> list[str]:
        """List images that wait for a guess of the present reader."""
        return [image for image in self.waiting if image in self._stale][:most]

    def guess(self, image: str, guess: Guess) -> None:
        """Take a guess; an image that is asked keeps the one that it is asked with."""
        if image != self._asked or image not in self.guesses:
            self.guesses[image] = guess
        self._stale.pop(image, None)

    def forget_reader(self) -> None:
        """Let every image be read again; what was guessed stands until then."""
        self._stale = dict.fromkeys(self.images)

    def checked(self, text: str) -> str:
        """Return a label without spaces around it.

        Raises
        ------
        ParameterError
            It is empty, or has another length or other characters than labels may have.
        """
        text = text.strip()
        if not text:
            raise ParameterError("A label must have at least one character. Got none.")
        if self._length not in (None, len(text)):
            raise ParameterError(f"A label must have {self._length} characters. Got {text!r}.")
        if self._allowlist is not None and (others := sorted(set(text) - set(self._allowlist))):
            raise ParameterError(
                f"A label must have characters of {self._allowlist!r} alone. "
                f"Got {text!r} with {', '.join(map(repr, others))}."
            )
        return text

    def answer(self, image: str, text: str) -> None:
        """Take the label of the current image."""
        text = self.checked(text)
        is_guessed = image in self.guesses
        if is_guessed:
            self._hits.append(self.guesses[image].text == text)
        self.labels[image] = text
        self._go_on(image, is_guessed)

    def skip(self, image: str) -> None:
        """Leave an image out until the next start."""
        self.skipped.add(image)
        self._go_on(image, is_counted=False)

    @property
    def last(self) -> str | None:
        """The image that was answered or skipped last, which `undo` would ask again."""
        return self._done[-1][0] if self._done else None

    def undo(self) -> None:
        """Ask the last image again."""
        image, is_counted = self._done.pop()
        self.skipped.discard(image)
        self.taken_back = self.labels.pop(image, None)
        if is_counted:
            self._hits.pop()
        self._asked = image

    def _sureness(self, image: str) -> float:
        return self.guesses[image].confidence if image in self.guesses else inf

    def _go_on(self, image: str, is_counted: bool) -> None:
        self._done.append((image, is_counted))
        self.taken_back = None
        now = self._clock()
        self._seconds.append(now - self._since)
        self._since = now
