"""MNIST, from a local file or through keras.datasets."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcap.core.display import short_repr
from segcap.core.errors import DataError, ParameterError
from segcap.recognition.engines.networks import require_keras

__all__ = ["Mnist", "load_mnist"]


class Mnist(NamedTuple):
    """Handwritten digits, ink bright on black.

    Attributes
    ----------
    x_train, x_test : (N, 28, 28) uint8 array
    y_train, y_test : (N,) uint8 array

    References
    ----------
    LeCun, Cortes, Burges: The MNIST database of handwritten digits. 1998. CC BY-SA 3.0.
    """

    x_train: NDArray[np.uint8]
    y_train: NDArray[np.uint8]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.uint8]

    def __repr__(self) -> str:
        return short_repr(self)


def load_mnist(path: str | os.PathLike[str] | None = None) -> Mnist:
    """Load MNIST.

    Parameters
    ----------
    path : path, optional
        A file "mnist.npz" as keras.datasets keeps it, or a folder that holds it. Without a path
        keras.datasets gives its own copy, which it downloads once.

    Returns
    -------
    Mnist

    Raises
    ------
    DataError
        The file is missing or of another layout, or nothing can be downloaded.
    """
    if path is None:
        return _from_keras()
    file = Path(path)
    if file.is_dir():
        file = file / "mnist.npz"
    if not file.is_file():
        raise DataError(f"MNIST must be an existing file 'mnist.npz'. Got '{file}', which is not.")
    try:
        with file.open("rb") as opened, np.load(opened) as arrays:
            mnist = Mnist(*(arrays[name] for name in Mnist._fields))
    except Exception:  # noqa: BLE001 what a damaged archive raises has no common base
        raise DataError(
            f"MNIST must be an .npz file with {', '.join(Mnist._fields)}. "
            f"Got '{file}', which is not."
        ) from None
    for x, y in ((mnist.x_train, mnist.y_train), (mnist.x_test, mnist.y_test)):
        if x.shape[1:] != (28, 28) or x.dtype != np.uint8 or y.shape != x.shape[:1]:
            raise DataError(
                "MNIST must hold (N, 28, 28) uint8 images and (N,) labels. "
                f"Got '{file}' with {x.shape} {x.dtype} and {y.shape}."
            )
    return mnist


def _from_keras() -> Mnist:
    try:
        require_keras()
    except ParameterError:
        raise DataError(
            "MNIST must be given as a file, or Keras be installed to fetch it: "
            "pip install 'segcap[train]'. Got neither."
        ) from None
    import keras

    try:
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    except Exception as error:  # noqa: BLE001 keras raises a bare Exception
        raise DataError(
            "MNIST must be given as a file 'mnist.npz' where keras.datasets cannot download it. "
            f"Got: {error}."
        ) from None
    return Mnist(x_train, y_train, x_test, y_test)
