"""The tasks that readers which answer from the whole image are shipped for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

__all__ = ["END_TO_END", "Task"]


class Task(NamedTuple):
    """How a task is trained unless the caller says otherwise.

    Attributes
    ----------
    classifier : str
    epochs : int
        Epochs over the images.
    test : float
        Fraction of the images that is held out for the test.
    settings : mapping
        Further parameters of the reader, whatever its classifier.
    own : mapping
        Those for `classifier` alone.
    """

    classifier: str
    epochs: int
    test: float
    settings: Mapping[str, Any] = MappingProxyType({})
    own: Mapping[str, Any] = MappingProxyType({})


END_TO_END: dict[str, Task] = {
    "digit-sum": Task("digit_heads", 36, 0.2),
    "captcha-v2": Task("crnn", 60, 0.2),
    "six-char": Task("multihead", 60, 0.2, own={"tta": 2}),
    "recaptcha-tiles": Task("resnet_small", 34, 0.3, {"size": (72, 72), "balance": "sampling"}),
    "cats-dogs": Task(
        "resnet_small",
        100,
        0.2,
        {"size": (112, 112), "augmentation": 1.5},
        {
            "tta": 4,
            "schedule": {"first_scale": 0.5, "mixup": 0.2, "weight_decay": 0.05},
        },
    ),
}
