"""All that the rest of segcap must know of a network; Keras is imported when one is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from segcap.core.errors import ParameterError

if TYPE_CHECKING:
    import keras

__all__ = [
    "NETWORKS",
    "Decoder",
    "Function",
    "Network",
    "Task",
    "build",
    "network",
    "networks_for",
    "register",
    "resolve",
]

Task: TypeAlias = Literal["glyphs", "spans", "lines", "sums", "texts", "photos", "ink"]
Decoder: TypeAlias = Literal["classes", "positions", "ctc", "pixels"]
Function: TypeAlias = str | Callable[..., Any]


@dataclass(frozen=True)
class Network:
    """What a reader, a training or a benchmark must know of a network.

    Attributes
    ----------
    name : str
        Also of the `keras.Model`.
    tasks : mapping of task to decoder
        What it is for, and what its logits say there. Tasks: "glyphs", "spans" of a line, whole
        "lines", "sums", "texts" and "photos" of whole images, "ink". Decoders: "classes", (N, C)
        logits, of spans (N, K, C); "positions", (N, length, C); "ctc", (N, columns, 1 + C), the
        blank first;
        "pixels", (N, H, W, 1).
    function : str or callable, optional
        Builds it from the number of classes and options by name; "module:function", imported when
        it is called. `segcap.models.NAME:NAME` unless given.
    options : tuple of str
        What the function takes by name, besides what a reader says: height, width, channels and
        length.
    least_side : int
        Least height and width of images, pixels.
    any_size : bool
        Whether its weights are the same for images of any size.
    column_width : int
        Pixels of the image's width for one column of logits; "ctc" only.
    columns : str, optional
        Its layer, if any, of (N, K, classes) logits, each of which is trained with its own loss.
    auxiliary : str or callable, optional
        Adds logits in its middle, where it reads texts, that are trained too.
    learned_ink : bool
        Whether it classifies spans in strips of learned ink and colours, and by their rows, too.
    start : str, optional
        The shipped reader whose network training starts from.
    pretrained : mapping of str to str or callable
        What gives a model weights trained on other images, by the name of these.
    schedules : mapping of task to mapping
        How it is trained in a task, where that differs from the reader's own schedule.
    """

    name: str
    tasks: Mapping[Task, Decoder]
    function: Function | None = None
    options: tuple[str, ...] = ()
    least_side: int = 1
    any_size: bool = False
    column_width: int = 1
    columns: str | None = None
    auxiliary: Function | None = None
    learned_ink: bool = False
    start: str | None = None
    pretrained: Mapping[str, Function] = field(default_factory=dict)
    schedules: Mapping[Task, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def has_boxes(self) -> bool:
        """Whether what it says of a whole image shows where characters are."""
        return "ctc" in self.tasks.values()


def register(new: Network) -> None:
    """Add a network to `NETWORKS`, in every process that is to use it.

    Raises
    ------
    ParameterError
        There is one of its name.
    """
    if new.name in NETWORKS:
        raise ParameterError(f"A network must have a name of its own. Got {new.name!r} again.")
    NETWORKS[new.name] = new


def network(name: str) -> Network:
    """Look up a network.

    Raises
    ------
    ParameterError
        The name is unknown.
    """
    if name not in NETWORKS:
        raise ParameterError(f"A network must be one of {', '.join(NETWORKS)}. Got {name!r}.")
    return NETWORKS[name]


def networks_for(task: Task) -> dict[str, Network]:
    """Networks that serve a task, by name.

    Examples
    --------
    >>> list(networks_for("texts"))
    ['crnn', 'multihead', 'resnet50']
    """
    return {name: one for name, one in NETWORKS.items() if task in one.tasks}


def build(name: str, classes: int, *, seed: int | None = None, **options: Any) -> "keras.Model":
    """Build an untrained network.

    Parameters
    ----------
    name : str
        One of `NETWORKS`.
    classes : int
        Number of classes.
    seed : int, optional
        Of its first weights, and of what is dropped out in training; Keras' own unless given.
    **options
        What the network's function takes besides.

    Returns
    -------
    keras.Model
        Uncompiled.

    Raises
    ------
    ParameterError
        The name is unknown.
    """
    function = network(name).function or f"segcap.models.{name}:{name}"
    if seed is not None:
        import keras

        keras.utils.set_random_seed(seed)
    return resolve(function)(classes, **options)


def resolve(function: Function) -> Callable[..., Any]:
    """Import a "module:function"; a callable is returned as it is."""
    if not isinstance(function, str):
        return function
    module, _, name = function.partition(":")
    return getattr(import_module(module), name)


_ALL = (
    Network(
        "glyph_cnn",
        {"glyphs": "classes"},
        options=("stems", "widths", "dropout"),
        columns="columns",
    ),
    Network(
        "span_cnn",
        {"spans": "classes"},
        options=("widths", "features", "dropout"),
        start="mixed",
    ),
    Network(
        "span_roi",
        {"spans": "classes"},
        options=("widths", "features", "dropout"),
        learned_ink=True,
        start="any",
    ),
    Network(
        "line_ctc",
        {"lines": "ctc"},
        options=("widths", "depths", "features", "dropout"),
        column_width=8,
    ),
    Network("ink_unet", {"ink": "pixels"}, options=("widths",)),
    Network("sum_cnn", {"sums": "classes"}, options=("dropout",), least_side=36),
    Network("lenet5", {"sums": "classes"}, least_side=32),
    Network("plain_cnn", {"sums": "classes"}, options=("dropout",), least_side=8),
    Network(
        "digit_heads",
        {"sums": "classes"},
        options=("widths", "features", "dropout"),
        least_side=16,
    ),
    Network(
        "crnn",
        {"texts": "ctc"},
        options=("features", "dropout"),
        least_side=16,
        column_width=4,
    ),
    Network("multihead", {"texts": "positions"}, options=("features", "dropout"), least_side=16),
    Network(
        "leaky_cnn",
        {"photos": "classes"},
        options=("conv_layers", "filters", "dense_layers", "neurons", "dropout", "activation"),
        least_side=8,
    ),
    Network(
        "resnet_small",
        {"photos": "classes"},
        options=("dropout",),
        least_side=16,
        any_size=True,
    ),
    Network(
        "resnet50",
        {"texts": "positions", "photos": "classes"},
        options=("dropout",),
        least_side=32,
        any_size=True,
        auxiliary="segcap.models.resnet50:auxiliary_logits",
        pretrained={"imagenet": "segcap.models.resnet50:start_from_imagenet"},
        schedules={
            "texts": {
                "label_smoothing": 0.1,
                "auxiliary": True,
                "cutout": 0.4,
                "weight_decay": 0.1,
            }
        },
    ),
)
NETWORKS = {one.name: one for one in _ALL}
"""All networks by name."""
