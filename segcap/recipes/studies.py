"""Searches that are ready to be made: which settings are tried."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segcap.core.errors import ParameterError
from segcap.models.registry import network
from segcap.readers.estimator import Estimator
from segcap.readers.glyph import GlyphReader
from segcap.readers.images import ImageClassifier
from segcap.readers.whole import WholeImageReader
from segcap.segmentation.binarize import METHODS
from segcap.segmentation.components import SEGMENTERS
from segcap.segmentation.cut_candidates import CUTTERS
from segcap.segmentation.line_removal import LINE_REMOVALS

if TYPE_CHECKING:
    from segcap.training.tuning import Space

__all__ = ["STUDIES", "Study", "space_of"]


@dataclass(frozen=True)
class Study:
    """What a search tries.

    Attributes
    ----------
    space : callable
        Gives the settings, by the names that `segcap.recipes.objectives` knows.
    trials : int
        How many are enough as a rule.
    grid : bool
        Whether all combinations are tried.
    classifier : str, optional
        The network of photos that has these settings.
    """

    space: "Callable[[], Space]"
    trials: int
    grid: bool = False
    classifier: str | None = None


def _optimizer() -> "Space":
    return {
        "schedule__optimizer": ["adamw", "adam", "rmsprop", "sgd"],
        "schedule__loss": ["crossentropy", "focal", "squared"],
        "network__activation": ["leaky_relu", "relu", "elu", "tanh"],
    }


def _layers() -> "Space":
    return {
        "network__conv_layers": [2, 3, 4, 5],
        "network__filters": [8, 16, 32, 48],
        "network__dense_layers": [0, 1, 2],
        "network__neurons": [32, 64, 128, 256],
    }


def _training() -> "Space":
    from optuna.distributions import FloatDistribution, IntDistribution

    return {
        "schedule__learning_rate": FloatDistribution(1e-4, 3e-2, log=True),
        "schedule__weight_decay": FloatDistribution(1e-4, 1e-1, log=True),
        "schedule__batch_size": [32, 64, 128],
        "network__dropout": FloatDistribution(0.0, 0.6),
        "size": IntDistribution(32, 96, step=16),
        "augmentation": FloatDistribution(0.0, 2.0),
    }


def _segmentation() -> "Space":
    from optuna.distributions import FloatDistribution

    return {
        "binarization": METHODS,
        "line_removal": LINE_REMOVALS,
        "segmentation": SEGMENTERS,
        **{f"cutters__{name}": [False, True] for name in CUTTERS},
        "reject_below": FloatDistribution(0.0, 0.95),
    }


STUDIES = {
    "optimizer": Study(_optimizer, 48, grid=True, classifier="leaky_cnn"),
    "layers": Study(_layers, 40, classifier="leaky_cnn"),
    "training": Study(_training, 40),
    "segmentation": Study(_segmentation, 60),
}


def space_of(name: str, reader: Estimator, *, wrong_cost: float = 0.0) -> "Space":
    """Return what a study tries with a reader, which need not have all of its settings.

    Parameters
    ----------
    name : str
        One of `STUDIES`.
    reader : GlyphReader, ImageClassifier, SequenceReader or SumClassifier
    wrong_cost : float
        See `segcap.recipes.objectives.Cutting`; where wrong readings cost nothing, rejecting them
        gains nothing. Nor does a threshold, or a removal of lines, where a network finds ink.

    Raises
    ------
    ParameterError
        The study is unknown, or none of its settings is the reader's.
    """
    if name not in STUDIES:
        raise ParameterError(f"The study must be one of {', '.join(STUDIES)}. Got {name!r}.")
    useless = {"reject_below"} if wrong_cost == 0 else set()
    if isinstance(reader, GlyphReader) and reader.finds_ink_by_network:
        useless |= {"binarization", "line_removal"}
    space = {
        setting: values
        for setting, values in STUDIES[name].space().items()
        if _has(reader, setting) and setting not in useless
    }
    if not space:
        raise ParameterError(
            f"The study '{name}' must be of a reader that has its settings. "
            f"Got a reader of type {type(reader).__name__}."
        )
    return space


def _has(reader: Estimator, setting: str) -> bool:
    parameter, _, item = setting.partition("__")
    if isinstance(reader, GlyphReader):
        return parameter in reader.get_params()
    if parameter == "schedule":
        is_unaligned = (
            isinstance(reader, WholeImageReader)
            and network(reader.classifier).tasks[reader.task] == "ctc"
        )
        return not (item == "loss" and is_unaligned)
    if not isinstance(reader, ImageClassifier):
        return False
    if parameter == "network":
        return item in network(reader.classifier).options
    return parameter in reader.get_params()
