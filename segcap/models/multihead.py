"""A small network with one head for each of a fixed number of characters."""

import keras
from keras import layers

from segcap.models.blocks import convolution
from segcap.models.places import places_in_a_row

__all__ = ["multihead"]

_WIDTHS = (24, 48, 72, 96)


def multihead(
    classes: int,
    *,
    length: int,
    height: int,
    width: int,
    features: int = 96,
    dropout: float = 0.3,
) -> keras.Model:
    """Build convolutions and, for each place in the text, an attention over what they give.

    Parameters
    ----------
    classes : int
        Number of characters.
    length : int
        Characters of every text.
    height, width : int
        Pixels, at least 16 of either.
    features : int
        Features of a place.
    dropout : float
        Fraction of features dropped before each head, in [0, 1).

    Returns
    -------
    keras.Model
        From (N, height, width, 1) float32 in [0, 1] to (N, length, classes) logits; uncompiled.

    References
    ----------
    Wojna, Gorban, Lee, Murphy, Yu, Li, Ibarz: Attention-based extraction of structured information
    from street view imagery. ICDAR 2017.
    """
    images = keras.Input((height, width, 1), name="images")
    x = convolution(images, _WIDTHS[0])
    x = convolution(x, _WIDTHS[0], strides=2)
    for filters in _WIDTHS[1:]:
        x = convolution(x, filters)
        x = convolution(x, filters, strides=2 if filters != _WIDTHS[-1] else (2, 1))
    places = places_in_a_row(x, length, features=features, dropout=dropout)
    return keras.Model(images, layers.Dense(classes, name="logits")(places), name="multihead")
