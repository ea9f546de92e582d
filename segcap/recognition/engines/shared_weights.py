"""Keep a network's weights once, though both of its files hold them.

An ONNX file is mostly weights, and mostly those of the safetensors file beside it. Where it has
the same numbers, they are left out when a reader is saved, and put back when it is opened.
"""

import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import BundleError
from segcap.recognition.engines.networks import MODEL_ONNX, WEIGHTS, described_arrays

__all__ = ["LEFT_OUT", "whole_onnx", "without_shared_weights"]

LEFT_OUT = "model.weights.json"
"""Which weights were left out of an ONNX file, and where."""
_LEAST = 256
_LONGEST = 1_000_000
_KINDS = {"F16": "<f2", "F32": "<f4"}
_OF_CONVOLUTION: tuple[int, ...] = (3, 2, 0, 1)
_OF_DEPTHWISE: tuple[int, ...] = (2, 3, 0, 1)
_OF_DENSE: tuple[int, ...] = (1, 0)


def without_shared_weights(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Leave out of a network's ONNX file the weights that its safetensors file holds, too.

    Parameters
    ----------
    parts : mapping of str to bytes
        With "model.onnx" and "weights.safetensors"; others are returned as they are.

    Returns
    -------
    dict of str to bytes
        With "model.weights.json" besides, if anything was left out.
    """
    if not {MODEL_ONNX, WEIGHTS} <= parts.keys() or LEFT_OUT in parts:
        return dict(parts)
    model = parts[MODEL_ONNX]
    found = []
    for name, array in _arrays(parts[WEIGHTS]).items():
        if array.size < _LEAST:
            continue
        for order in _orders(array.ndim):
            numbers = _as_onnx(array, order)
            at = model.find(numbers)
            if at >= 0:
                found.append((at, len(numbers), name, order))
                break
    kept: list[bytes] = []
    described: list[tuple[int, str, tuple[int, ...]]] = []
    end = 0
    for at, size, name, order in sorted(found):
        if at >= end:
            kept.append(model[end:at])
            described.append((at, name, order))
            end = at + size
    if not described:
        return dict(parts)
    left_out = json.dumps(described).encode()
    return {**parts, MODEL_ONNX: b"".join([*kept, model[end:]]), LEFT_OUT: left_out}


def whole_onnx(parts: Mapping[str, bytes]) -> bytes:
    """Return a network's ONNX file with all of its weights.

    Raises
    ------
    BundleError
        What was left out is not described as it must be, or is not in the safetensors file.
    """
    model = parts[MODEL_ONNX]
    if LEFT_OUT not in parts:
        return model
    pieces: list[bytes] = []
    end = length = 0
    try:
        if len(parts[LEFT_OUT]) > _LONGEST:
            raise ValueError(f"{len(parts[LEFT_OUT]):,} bytes, more than {_LONGEST:,}")
        arrays = _arrays(parts[WEIGHTS])
        for at, name, order in json.loads(parts[LEFT_OUT]):
            # each is there once, so that what comes of it is no larger than all weights
            numbers = _as_onnx(arrays.pop(name), tuple(order))
            piece = model[end : end + at - length]
            if length + len(piece) != at:
                raise ValueError(f"place {at}")
            pieces += [piece, numbers]
            end, length = end + len(piece), at + len(numbers)
    except (KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise BundleError(
            f"The part '{LEFT_OUT}' must say which weights '{MODEL_ONNX}' lacks, and where. "
            f"Got: {error}."
        ) from None
    return b"".join([*pieces, model[end:]])


def _arrays(weights: bytes) -> dict[str, NDArray]:
    """Return the arrays of a safetensors file; to read with it, the package is not needed."""
    described, begin = described_arrays(weights)
    arrays = {}
    for name, own in described.items():
        first, last = (begin + offset for offset in own["data_offsets"])
        numbers = np.frombuffer(weights[first:last], _KINDS[own["dtype"]])
        arrays[name] = numbers.reshape(own["shape"])
    return arrays


def _orders(axes: int) -> list[tuple[int, ...]]:
    """Return the orders in which ONNX may have the axes of a weight."""
    others = {4: [_OF_CONVOLUTION, _OF_DEPTHWISE], 2: [_OF_DENSE]}.get(axes, [])
    return [tuple(range(axes)), *others]


def _as_onnx(array: NDArray, order: tuple[int, ...]) -> bytes:
    return array.transpose(order).astype("<f4").tobytes()
