"""How long, how fast and with what tricks a network is trained."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from numbers import Integral
from typing import Literal, TypeAlias, get_args

import numpy as np

from segcap.core.errors import ParameterError
from segcap.core.validation import is_number

__all__ = [
    "WARMUP",
    "WARMUP_STEPS",
    "Decay",
    "LossName",
    "OptimizerName",
    "Schedule",
    "plateau_rate",
]

Decay: TypeAlias = Literal["cosine", "plateau"]
LossName: TypeAlias = Literal["crossentropy", "focal", "squared"]
OptimizerName: TypeAlias = Literal["adamw", "adam", "rmsprop", "sgd"]

WARMUP = 100
"""The first epoch begins at the highest rate divided by this."""
WARMUP_STEPS = 500
"""After so many steps, or the first epoch if that has fewer, the rate is the highest."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    Attributes
    ----------
    epochs : int
        Most epochs over the data.
    batch_size : int
        Samples of one step.
    learning_rate : float
        Highest rate, reached after the first epoch, or after 500 steps of a longer one.
    weight_decay : float
        Of AdamW; the other optimisers have none.
    patience : int, optional
        Stop after so many epochs without a lower validation loss, counted once images have grown,
        and keep the epoch with the lowest; without it, train to the end and keep the last, as is
        better where few samples validate.
    decay : {"cosine", "plateau"}
        How the rate falls from there: to 0 along a cosine, or by steps whenever the
        validation loss no longer falls.
    plateau_factor : float
        What the rate is multiplied by at such a step, in (0, 1).
    plateau_patience : int
        Epochs without a lower validation loss before such a step.
    optimizer : {"adamw", "adam", "rmsprop", "sgd"}
        "sgd" has Nesterov's momentum of 0.9.
    loss : {"crossentropy", "focal", "squared"}
        What steps make smaller. Cross-entropy is the same function whether classes come as numbers
        ("sparse") or as distributions; "focal" weighs it by (1 - p)^2, so that what is nearly known
        counts less; "squared" is Brier's score of the probabilities, in which no single error is
        large. The validation loss is cross-entropy with all of them.
    label_smoothing : float
        Fraction of each target that is spread evenly over all classes, in [0, 1).
    mixup : float
        Alpha of the Beta distribution by which pairs of images and their targets are mixed; 0 for
        none, 0.2 is usual.
    cutout : float
        Side of the square that is wiped out of each image, as a fraction of the image's shorter
        side, in [0, 1]; 0 for none.
    first_scale : float
        Side of the images in the first epoch, as a fraction of theirs, in (0, 1]; they have grown
        when three quarters of the epochs are done, which makes the early ones faster. For
        networks of any size that classify photos; see `segcap.training.growing.growing_sides`.
    auxiliary : bool
        Whether the middle of the network is trained to answer, too, from the mean of both losses.
        For networks with `segcap.models.Network.auxiliary` that read texts.
    clip_norm : float
        Longest gradient of a weight tensor, longer ones are scaled down to it; 0 for any length.
    ema : float
        Decay of an exponential moving average of the weights, in [0, 1); 0 for none, 0.999 is
        usual. The average is what is validated and kept.
    steps : int, optional
        Batches of an epoch. Unless given, as many whole ones as there are, but at least 50: of few
        data one epoch shows each several times, augmented anew.
    mixed_precision : bool
        Whether Keras' own layers, but for those of auxiliary answers, compute in half precision,
        which is faster on GPUs alone. Weights and validation keep single precision.

    Raises
    ------
    ParameterError
        A value is outside its range.

    References
    ----------
    Lin, Goyal, Girshick, He, Dollár: Focal loss for dense object detection. ICCV 2017.
    Brier: Verification of forecasts expressed in terms of probability. Monthly Weather Review 78
    (1950), 1-3.
    Loshchilov, Hutter: Decoupled weight decay regularization. ICLR 2019.
    Loshchilov, Hutter: SGDR: stochastic gradient descent with warm restarts. ICLR 2017.
    Szegedy, Vanhoucke, Ioffe, Shlens, Wojna: Rethinking the Inception architecture for computer
    vision. CVPR 2016 (label smoothing).
    Zhang, Cisse, Dauphin, Lopez-Paz: mixup: beyond empirical risk minimization. ICLR 2018.
    DeVries, Taylor: Improved regularization of convolutional neural networks with cutout.
    arXiv:1708.04552, 2017.
    Tan, Le: EfficientNetV2: Smaller models and faster training. ICML 2021 (images that grow).
    Polyak, Juditsky: Acceleration of stochastic approximation by averaging. SIAM Journal on Control
    and Optimization 30 (1992), 838-855.
    Micikevicius et al.: Mixed precision training. ICLR 2018.
    """

    epochs: int = 30
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    patience: int | None = 10
    decay: Decay = "cosine"
    plateau_factor: float = 0.5
    plateau_patience: int = 2
    optimizer: OptimizerName = "adamw"
    loss: LossName = "crossentropy"
    label_smoothing: float = 0.0
    mixup: float = 0.0
    cutout: float = 0.0
    first_scale: float = 1.0
    auxiliary: bool = False
    clip_norm: float = 0.0
    ema: float = 0.0
    steps: int | None = None
    mixed_precision: bool = False

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience", "plateau_patience", "steps"):
            value = getattr(self, name)
            given = value is not None or name not in ("patience", "steps")
            whole = isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1
            self._check(name, whole or not given, "an integer of at least 1")
        rate, decay = self.learning_rate, self.weight_decay
        self._check("learning_rate", is_number(rate) and rate > 0, "a number above 0")
        self._check("weight_decay", is_number(decay) and decay >= 0, "a number of at least 0")
        for name in (
            "plateau_factor",
            "label_smoothing",
            "ema",
            "mixup",
            "cutout",
            "first_scale",
            "clip_norm",
        ):
            self._check(name, is_number(getattr(self, name)), "a number")
        self._check("plateau_factor", 0 < self.plateau_factor < 1, "between 0 and 1")
        for name in ("label_smoothing", "ema"):
            self._check(name, 0 <= getattr(self, name) < 1, "at least 0 and below 1")
        for name in ("mixup", "clip_norm"):
            self._check(name, getattr(self, name) >= 0, "at least 0")
        self._check("cutout", 0 <= self.cutout <= 1, "in 0 to 1")
        self._check("first_scale", 0 < self.first_scale <= 1, "above 0 and at most 1")
        for name in ("auxiliary", "mixed_precision"):
            self._check(name, isinstance(getattr(self, name), bool), "True or False")
        for name, kinds in (("decay", Decay), ("optimizer", OptimizerName), ("loss", LossName)):
            known = get_args(kinds)
            self._check(name, getattr(self, name) in known, f"one of {', '.join(known)}")

        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.generic):
                object.__setattr__(self, field.name, value.item())

    def _check(self, name: str, is_right: bool, rule: str) -> None:
        if not is_right:
            raise ParameterError(
                f"The '{name}' of a Schedule must be {rule}. Got {getattr(self, name)!r}."
            )


def plateau_rate(schedule: Schedule, warm: float, losses: Sequence[float]) -> float:
    """Return the learning rate of a schedule with the decay "plateau".

    It rises from a hundredth to the highest during the warm-up, and is then multiplied by
    `plateau_factor` after every `plateau_patience` epochs in a row without a lower loss.

    Parameters
    ----------
    schedule : Schedule
    warm : float
        Fraction of the warm-up that lies behind; 1 and above once it is over.
    losses : sequence of float
        On the validation part, one an epoch behind; a loss that is no number is never lower.

    Returns
    -------
    float

    Examples
    --------
    >>> schedule = Schedule(learning_rate=0.1, decay="plateau")
    >>> [plateau_rate(schedule, 3 + more, [3, 2, 2, 2, 4][:3 + more]) for more in (0, 1, 2)]
    [0.1, 0.05, 0.05]
    """
    rate = schedule.learning_rate
    if warm < 1:
        return rate / WARMUP + (rate - rate / WARMUP) * warm
    lowest, waited = float("inf"), 0
    for loss in losses:
        if loss < lowest:
            lowest, waited = loss, 0
            continue
        waited += 1
        if waited == schedule.plateau_patience:
            rate, waited = rate * schedule.plateau_factor, 0
    return rate
