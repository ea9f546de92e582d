"""A trained network, ready to be opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from segcap.core.display import short_repr
from segcap.recognition.engines import Engine, EngineName, open_engine

__all__ = ["NOTHING", "NO_CHARACTER", "Trained"]

NO_CHARACTER = ("bad cut", "nothing")
"""A span network's classes after the characters: a fragment or more than one character; neither."""
NOTHING = -1
"""Where among all its classes that of nothing stands."""


@dataclass(frozen=True, repr=False)
class Trained:
    """A network with the temperature of its probabilities.

    Attributes
    ----------
    classifier : str
        Name of the network.
    classes : int
        Number of classes.
    parts : mapping of str to bytes
        See `segcap.recognition.engines.open_engine`.
    temperature : float
        By which logits are divided; see `segcap.decoding.compose.log_softmax`.
    options : mapping
        What the network's function takes besides the number of classes; see `segcap.models`.
    """

    classifier: str
    classes: int
    parts: Mapping[str, bytes]
    temperature: float
    options: Mapping[str, Any] = field(default_factory=dict)
    _engines: dict[EngineName, Engine] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    __repr__ = short_repr

    def open(self, engine: EngineName) -> Engine:
        """Open it, once for each engine."""
        if engine not in self._engines:
            self._engines[engine] = open_engine(
                self.parts,
                self.classifier,
                classes=self.classes,
                options=self.options,
                engine=engine,
            )
        return self._engines[engine]

    def __reduce__(self) -> tuple:
        return type(self), (
            self.classifier,
            self.classes,
            self.parts,
            self.temperature,
            self.options,
        )
