"""The network that reads a whole line: convolutions, then columns that look at one another."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from segcap.core.errors import DataError

__all__ = ["freeze_strokes", "line_ctc", "ppocr_file", "start_from_ppocr"]

_HEIGHT = 48
_HEADS = 8
_SQUEEZED = 4
_ROOT_OF_2 = 2**0.5
_EPSILON = 1e-5


def line_ctc(
    classes: int,
    *,
    widths: tuple[int, int, int, int] = (48, 96, 192, 384),
    depths: tuple[int, int, int] = (3, 6, 2),
    features: int = 120,
    dropout: float = 0.1,
) -> keras.Model:
    """Build the network that PP-OCRv6 calls its small recognition network.

    Its blocks, a convolution of each channel by itself and two of single pixels, halve the height
    and keep the width, so that narrow characters stay apart. What they find is averaged over the
    height; each column then looks at its neighbours, and twice at all other columns.

    Parameters
    ----------
    classes : int
        Number of characters and one: class 0 is blank.
    widths : tuple of 4 int
        Filters of the stem, and at 1/4, 1/8 and 1/16 of the line's height.
    depths : tuple of 3 int
        Blocks at each of these heights, besides those that halve it.
    features : int
        Of a column, a multiple of 8.
    dropout : float
        Rate after attention and in the columns' dense layers, in [0, 1).

    Returns
    -------
    keras.Model
        From (N, 48, W, 3) float32 BGR in [-1, 1], W a multiple of 8, to (N, W // 8, classes)
        logits; uncompiled.

    References
    ----------
    PaddleOCR: PP-OCRv6, https://github.com/PaddlePaddle/PaddleOCR (Apache-2.0).
    Du et al.: SVTR: scene text recognition with a single visual model. IJCAI 2022.
    """
    lines = keras.Input((_HEIGHT, None, 3), name="lines")
    stem, first, second, third = widths
    x = _convolution(lines, stem, 3, strides=2)
    fine = _convolution(_convolution(x, stem // 2, 2), stem, 2)
    x = layers.Concatenate()([layers.MaxPooling2D(2, 1, padding="same")(x), fine])
    x = _convolution(_convolution(x, stem, 3, strides=2), first, 1)
    for filters, depth in zip((first, second, third), depths, strict=True):
        if filters != first:
            x = _block(x, filters, halves=True)
        for number in range(depth):
            x = _block(x, filters, squeezes=number % 2 == 0 and number + 1 < depth)
    x = layers.AveragePooling2D((_HEIGHT // 16, 2))(x)
    shortcut = layers.Conv2D(features, 1, activation="silu")(x)
    x = layers.Conv2D(features, 1, activation="silu")(x)
    near = layers.DepthwiseConv2D((1, 7), padding="same", activation="silu")(x)
    x = layers.Reshape((-1, features))(layers.Add()([x, near]))
    for _ in range(2):
        x = _mixed(x, features, dropout)
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    x = layers.Add()([x, layers.Reshape((-1, features))(shortcut)])
    logits = layers.Dense(classes, name="logits")(layers.Dropout(dropout)(x))
    return keras.Model(lines, logits, name="line_ctc")


def freeze_strokes(model: keras.Model) -> None:
    """Let training leave the weights of the first blocks, at 1/4 of the line's height, as they are.

    Strokes look alike in all schemes, and these blocks take a third of a step's time.
    """
    for layer in model.layers:
        if isinstance(layer, _EveryOtherRow):
            break
        layer.trainable = False


def _convolution(x: Any, filters: int, size: int, *, strides: int = 1) -> Any:
    if strides > 1:
        x = layers.ZeroPadding2D(size // 2)(x)
    padding = "same" if strides == 1 else "valid"
    return layers.Conv2D(filters, size, strides, padding=padding, activation="relu")(x)


def _block(x: Any, filters: int, *, halves: bool = False, squeezes: bool = False) -> Any:
    """Mix each channel's pixels, then each pixel's channels."""
    x = layers.DepthwiseConv2D(3, padding="same")(x)
    if halves:
        x = _EveryOtherRow()(x)
    if squeezes:
        channels = x.shape[-1]
        seen = layers.GlobalAveragePooling2D(keepdims=True)(x)
        seen = layers.Conv2D(channels // _SQUEEZED, 1, activation="relu")(seen)
        x = layers.Multiply()([x, layers.Conv2D(channels, 1, activation="hard_sigmoid")(seen)])
    wide = layers.Conv2D(2 * x.shape[-1], 1, activation=_gelu)(x)
    mixed = layers.Conv2D(filters, 1)(wide)
    return mixed if halves else layers.Add()([x, mixed])


def _mixed(x: Any, features: int, dropout: float) -> Any:
    """Let each column look at all, then by itself."""
    seen = _Attention()(layers.Dense(3 * features)(_normalized(x)))
    x = layers.Add()([x, layers.Dropout(dropout)(layers.Dense(features)(seen))])
    own = layers.Dense(2 * features, activation="silu")(_normalized(x))
    own = layers.Dense(features)(layers.Dropout(dropout)(own))
    return layers.Add()([x, layers.Dropout(dropout)(own)])


def _normalized(x: Any) -> Any:
    return layers.LayerNormalization(epsilon=1e-5)(x)


@keras.saving.register_keras_serializable("segcap")  # type: ignore[untyped-decorator]
def _gelu(x: Any) -> Any:
    """The exact one, written so that it can be exported."""
    return 0.5 * x * (1 + ops.erf(x / _ROOT_OF_2))


class _EveryOtherRow(layers.Layer):
    """Keep rows 0, 2, 4, ...: TensorFlow has no strides of single channels that differ by axis."""

    def call(self, x: Any) -> Any:
        return x[:, ::2]

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        batch, height, *rest = input_shape
        return batch, -(-height // 2), *rest


class _Attention(layers.Layer):
    """Scaled dot-product attention in 8 heads, of queries, keys and values side by side."""

    def call(self, x: Any) -> Any:
        columns, features = ops.shape(x)[1], x.shape[-1] // 3
        each = features // _HEADS
        x = ops.transpose(ops.reshape(x, (-1, columns, 3, _HEADS, each)), (2, 0, 3, 1, 4))
        weights = ops.softmax(ops.matmul(x[0] * each**-0.5, ops.transpose(x[1], (0, 1, 3, 2))))
        seen = ops.transpose(ops.matmul(weights, x[2]), (0, 2, 1, 3))
        return ops.reshape(seen, (-1, columns, features))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return *input_shape[:-1], input_shape[-1] // 3


def start_from_ppocr(model: keras.Model, characters: str) -> None:
    """Give a network the weights of PP-OCRv6's small recognition network.

    They are in the package rapidocr, under Apache-2.0: 21 MB, most of it for characters that are
    not among those of `model`.

    Parameters
    ----------
    model : keras.Model
        See `line_ctc`; changed in place.
    characters : str
        Its classes after the blank.

    Raises
    ------
    DataError
        The package rapidocr is not installed, or has another network, which lacks a character.
    """
    import onnx

    file = ppocr_file()
    graph = onnx.load(file)
    known = next(own.value for own in graph.metadata_props if own.key == "character")
    classes = ["", *known.splitlines(), " "]
    if missing := {*characters} - {*classes}:
        raise DataError(
            f"The characters of a network that starts from PP-OCRv6 must be some of its "
            f"{len(classes) - 1:,}. Got {', '.join(map(repr, sorted(missing)))}."
        )
    chosen = [0, *map(classes.index, characters)]
    weights = _Weights(graph.graph)
    for layer in model.layers:
        if layer.weights and layer.name != "logits":
            layer.set_weights(weights.next(layer.weights[0].shape))
    kernel, bias = weights.next((model.layers[-1].weights[0].shape[0], len(classes)))
    model.layers[-1].set_weights([kernel[:, chosen], bias[chosen]])


def ppocr_file() -> Path:
    """Find PP-OCRv6's small recognition network; a DataError says how to install it."""
    found = find_spec("rapidocr")
    folders = [] if found is None else found.submodule_search_locations or []
    files = [file for folder in folders for file in Path(folder).glob("models/*v6_rec_small.onnx")]
    if not files:
        raise DataError(
            "To start from PP-OCRv6, the package rapidocr must be installed, with its network "
            f"'PP-OCRv6_rec_small.onnx': pip install --no-deps rapidocr. "
            f"Got {folders or 'no such package'}."
        )
    return files[0]


class _Weights:
    """The weights of an ONNX graph, each with its bias, given out by their shape in turn."""

    def __init__(self, graph: Any) -> None:
        from onnx import numpy_helper

        self._arrays = {own.name: numpy_helper.to_array(own) for own in graph.initializer}
        self._after: dict[str, Any] = {}
        for node in graph.node:
            if node.op_type == "Identity" and node.input[0] in self._arrays:
                self._arrays[node.output[0]] = self._arrays[node.input[0]]
            self._after.setdefault(node.input[0], node)
        found = [self._of(node) for node in graph.node]
        self._left = [own for own in found if own is not None]
        # what Keras lists after the columns' convolution stands before it in the graph
        first, second = [
            i for i, (own, _) in enumerate(self._left) if own.shape == (1, 1, 384, 120)
        ]
        self._left[first], self._left[second] = self._left[second], self._left[first]

    def next(self, shape: tuple[int, ...]) -> list[NDArray[np.float32]]:
        """Return the next weight of a shape and its bias."""
        place = next(i for i, (own, _) in enumerate(self._left) if own.shape == tuple(shape))
        return list(self._left.pop(place))

    def _of(self, node: Any) -> tuple[NDArray, NDArray] | None:
        """Return a layer's weight in Keras' order of axes and its bias, if a node has any."""
        own = self._arrays.get(node.input[1]) if len(node.input) > 1 else None
        then = self._after.get(node.output[0])
        if own is None or then is None:
            return None
        if node.op_type == "Conv":
            depthwise = any(a.name == "group" and a.i > 1 for a in node.attribute)
            kernel: NDArray[Any] = own
            if then.op_type == "BatchNormalization":
                scale, shift, mean, variance = (self._arrays[name] for name in then.input[1:5])
                factor = scale / np.sqrt(variance + _EPSILON)
                kernel, bias = own * factor[:, None, None, None], shift - mean * factor
            else:
                bias = self._arrays[then.input[1]].ravel()
            return kernel.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0)), bias
        is_norm = node.op_type == "Mul" and own.ndim == 1 and own.size > 1
        if (node.op_type == "MatMul" or is_norm) and then.op_type == "Add":
            return own, self._arrays[then.input[1]]
        return None
