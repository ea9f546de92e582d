"""A trained network, ready to be opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from segcap.recognition.engines import Engine, EngineName, open_engine

__all__ = ["CONTEXT", "NOTHING", "NO_CHARACTER", "Trained"]

CONTEXT = "span_cnn"
"""Name of the network that names spans of a line."""
NO_CHARACTER = ("bad cut", "nothing")
"""Its classes after the characters: a fragment or more than one; neither these nor a character."""
NOTHING = -1
"""Where among all its classes that of nothing stands."""


@dataclass(frozen=True)
class Trained:
    """A network with the temperature of its probabilities.

    Attributes
    ----------
    architecture : str
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

    architecture: str
    classes: int
    parts: Mapping[str, bytes]
    temperature: float
    options: Mapping[str, Any] = field(default_factory=dict)
    _engines: dict[EngineName, Engine] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def open(self, engine: EngineName) -> Engine:
        """Open it, once for each engine."""
        if engine not in self._engines:
            self._engines[engine] = open_engine(
                self.parts,
                self.architecture,
                classes=self.classes,
                options=self.options,
                engine=engine,
            )
        return self._engines[engine]

    def __reduce__(self) -> tuple:
        return type(self), (
            self.architecture,
            self.classes,
            self.parts,
            self.temperature,
            self.options,
        )
