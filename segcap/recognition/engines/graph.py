"""Refuse ONNX networks that are more than weights and arithmetic, before ONNX Runtime opens them.

The protocol buffers are read here, field by field: the package onnx takes 31 MB, half a second to
import, and leaves unknown fields alone.
"""

from collections.abc import Iterator
from math import prod
from typing import Any, TypeAlias

import numpy as np

from segcap.core.errors import BundleError

__all__ = ["MOST_ELEMENTS", "MOST_NODES", "NEWEST_OPSET", "OPERATORS", "check_graph"]

Message: TypeAlias = dict[int, list[Any]]

NEWEST_OPSET = 20
"""That of ONNX Runtime 1.17, the oldest that segcap runs on."""
MOST_NODES = 10_000
MOST_ELEMENTS = 2**26
"""Of a tensor; the largest of segcap's own networks has 2,359,296."""

OPERATORS = frozenset(
    """
    Abs Add And ArgMax AveragePool BatchNormalization Cast Clip Concat Constant ConstantOfShape Conv
    ConvTranspose Cos Div Elu Equal Erf Exp Expand Flatten GRU Gather Gelu Gemm GlobalAveragePool
    GlobalMaxPool Greater GreaterOrEqual HardSigmoid HardSwish Identity LSTM LayerNormalization
    LeakyRelu Less LessOrEqual Log LogSoftmax MatMul Max MaxPool Min Mish Mul Neg Not Or PRelu Pad
    Pow Range Reciprocal ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum Relu Reshape Selu Shape
    Sigmoid Sign Sin Slice Softmax Softplus Softsign Split Sqrt Squeeze Sub Sum Tanh Tile Transpose
    Unsqueeze Where
    """.split()  # noqa: SIM905 a table
)
"""What segcap's own networks are made of, in every activation that Keras has, and their like:
arithmetic, convolution, pooling, recurrence, shapes. No loops, branches, random numbers, files."""

# Field numbers of onnx.proto that may occur, and the message in each; None for plain values.
_MODEL, _GRAPH, _NODE, _ATTRIBUTE, _TENSOR, _VALUE, _TYPE, _TENSOR_TYPE, _SHAPE, _SIDE, _OPSET = (
    "model", "graph", "node", "attribute", "tensor", "value", "type", "tensor type", "shape",
    "dimension", "opset",
)  # fmt: skip
_FIELDS: dict[str, dict[int, str | None]] = {
    _MODEL: {**dict.fromkeys((1, 2, 3, 4, 5, 6, 14)), 7: _GRAPH, 8: _OPSET},
    _GRAPH: {
        **dict.fromkeys((2, 10, 16)), 1: _NODE, 5: _TENSOR, 11: _VALUE, 12: _VALUE, 13: _VALUE,
    },
    _NODE: {**dict.fromkeys((1, 2, 3, 4, 6, 7, 9)), 5: _ATTRIBUTE},
    _ATTRIBUTE: {**dict.fromkeys((1, 2, 3, 4, 7, 8, 9, 13, 20)), 5: _TENSOR},
    _TENSOR: dict.fromkeys((1, 2, 4, 5, 7, 8, 9, 10, 12, 14, 16)),
    _VALUE: {**dict.fromkeys((1, 3, 4)), 2: _TYPE},
    _TYPE: {6: None, 1: _TENSOR_TYPE},
    _TENSOR_TYPE: {1: None, 2: _SHAPE},
    _SHAPE: {1: _SIDE},
    _SIDE: dict.fromkeys((1, 2, 3)),
    _OPSET: dict.fromkeys((1, 2)),
}  # fmt: skip
_REFUSED = {
    (_MODEL, 25): "functions",
    (_GRAPH, 15): "sparse weights",
    (_ATTRIBUTE, 6): "a loop or a branch",
    (_ATTRIBUTE, 11): "a loop or a branch",
    (_TENSOR, 6): "a tensor of texts",
    (_TENSOR, 13): "a tensor that lies in another file",
}
_FLOATS = {1: "<f4", 10: "<f2", 11: "<f8"}
_INTEGERS = (2, 3, 5, 6, 7, 9)
_TYPES = (*_FLOATS, *_INTEGERS)
_MOST_SIDES = 8


def check_graph(model: bytes, part: str) -> None:
    """Check that an ONNX network is weights and arithmetic alone.

    Parameters
    ----------
    model : bytes
    part : str
        What the message calls it.

    Raises
    ------
    BundleError
        It is no ONNX; reads other files; has functions, loops, branches or operators beyond
        `OPERATORS`; an opset newer than `NEWEST_OPSET`; more than `MOST_NODES` nodes; a tensor of
        more than `MOST_ELEMENTS` elements, or with NaN or infinity.
    """
    try:
        _check_model(_parsed(memoryview(model), _MODEL))
    except (ValueError, TypeError) as error:  # bytes where a number is to be, too
        raise BundleError(
            f"The part '{part}' must be an ONNX network of weights and arithmetic alone. "
            f"Got {error}."
        ) from None


def _check_model(model: Message) -> None:
    for opset in model.get(8, []):
        version = max(opset.get(2, [0]))
        if not _text(opset, 1) and version > NEWEST_OPSET:
            raise ValueError(f"opset {version}, which is newer than {NEWEST_OPSET}")
    if len(model.get(7, [])) != 1:
        raise ValueError(f"{len(model.get(7, []))} graphs")
    (graph,) = model[7]
    nodes = graph.get(1, [])
    if len(nodes) > MOST_NODES:
        raise ValueError(f"{len(nodes):,} nodes, which are more than {MOST_NODES:,}")
    for node in nodes:
        name = _text(node, 4)
        if name not in OPERATORS or _text(node, 7) not in ("", "ai.onnx"):
            raise ValueError(f"the operator {_text(node, 7)}:{name}"[:80])
        for attribute in node.get(5, []):
            graph.setdefault(5, []).extend(attribute.get(5, []))
            _check_finite(attribute.get(2, []) + attribute.get(7, []), "<f4", "an attribute")
    for tensor in graph.get(5, []):
        _check_tensor(tensor)
    for value in [one for number in (11, 12, 13) for one in graph.get(number, [])]:
        for given in value.get(2, []):
            for tensor_type in given.get(1, []):
                for shape in tensor_type.get(2, []):
                    _check_sides([side for one in shape.get(1, []) for side in one.get(1, [1])])


def _check_tensor(tensor: Message) -> None:
    _check_sides(_integers(tensor.get(1, [])))
    kinds = tensor.get(2, [0])
    if len(kinds) != 1 or kinds[0] not in _TYPES:
        raise ValueError(f"a tensor of type {kinds}")
    if any(tensor.get(14, [])):
        raise ValueError("a tensor that lies in another file")
    for number, kind in ((9, _FLOATS.get(kinds[0])), (4, "<f4"), (10, "<f8")):
        _check_finite(tensor.get(number, []) if kind else [], kind or "", "a tensor")
    if _FLOATS.get(kinds[0]) == "<f2":  # which may lie bit by bit in integers
        bits = np.array([own & 0xFFFF for own in _integers(tensor.get(5, []))], "<u2")
        _check_finite([memoryview(bits.tobytes())], "<f2", "a tensor")


def _check_finite(contents: list[Any], kind: str, what: str) -> None:
    for content in contents:
        if not isinstance(content, memoryview):
            raise ValueError(f"{what} whose numbers are not packed")
        if not np.isfinite(np.frombuffer(content, kind)).all():
            raise ValueError(f"{what} with NaN or infinity")


def _check_sides(sides: list[int]) -> None:
    if len(sides) > _MOST_SIDES or max([prod(sides), *sides]) > MOST_ELEMENTS:
        raise ValueError(f"a tensor of shape {sides[:8]}, more than {MOST_ELEMENTS:,} elements")


def _text(message: Message, number: int) -> str:
    values = message.get(number, [b""])
    if len(values) != 1 or isinstance(values[0], int):
        raise ValueError("a name that is given twice")
    return bytes(values[0]).decode("utf-8", errors="replace")


def _integers(values: list[Any]) -> list[int]:
    """Read a repeated integer, packed or not."""
    found = []
    for value in values:
        if isinstance(value, int):
            found.append(value)
            continue
        place = 0
        while place < len(value):
            number, place = _varint(value, place)
            found.append(number)
    return found


def _parsed(data: memoryview, kind: str) -> Message:
    """Read a message, of whose fields each must be known and of the type that is expected."""
    message: Message = {}
    for number, value in _fields(data):
        if number not in _FIELDS[kind]:
            raise ValueError(_REFUSED.get((kind, number), f"field {number} of a {kind}"))
        inner = _FIELDS[kind][number]
        if inner is not None:
            if not isinstance(value, memoryview):
                raise ValueError(f"field {number} of another type of a {kind}")
            message.setdefault(number, []).append(_parsed(value, inner))
        else:
            message.setdefault(number, []).append(value)
    return message


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        wire = key & 7
        if wire == 0:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        if wire not in (1, 2, 5) or key >= 2**32:
            raise ValueError(f"bytes that are no protocol buffer at {place}")
        size, place = _varint(data, place) if wire == 2 else (8 if wire == 1 else 4, place)
        if place + size > len(data):
            raise ValueError("a file that is cut off")
        yield key >> 3, data[place : place + size]
        place += size


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise ValueError("a file that is cut off")
        byte = data[place]
        place += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, place
    raise ValueError("a number that is too long")
