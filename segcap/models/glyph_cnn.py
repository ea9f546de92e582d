"""The glyph network: small columns of convolutions whose logits are averaged."""

from functools import partial

import keras
from keras import layers

from segcap.models.blocks import convolution
from segcap.segmentation.glyph_crops import GLYPH_SIZE

__all__ = ["glyph_cnn"]

_block = partial(convolution, momentum=0.99)


def glyph_cnn(
    classes: int,
    *,
    stems: tuple[int, ...] = (3, 5, 7),
    widths: tuple[int, int, int, int] = (24, 32, 44, 56),
    dropout: float = 0.3,
) -> keras.Model:
    """Build the network that classifies one glyph.

    Each column is five convolutions, each followed by batch normalisation and ReLU, and one dense
    layer; they differ in the size of their first convolution. Resolution falls 28, 14, 7, 5. The
    layer "columns" gives each column's logits: every column is trained with its own loss, and what
    they get wrong differs.

    Parameters
    ----------
    classes : int
        Number of classes, at least 2.
    stems : tuple of int
        Side of the first convolution of each column, pixels.
    widths : tuple of 4 int
        Filters of the 3 x 3 convolutions; the first convolution has half of the first number.
    dropout : float
        Fraction of features dropped before each dense layer, in [0, 1).

    Returns
    -------
    keras.Model
        From (N, 28, 28, 1) float32 in [0, 1] to (N, classes) logits, uncompiled.

    References
    ----------
    Cireşan, Meier, Schmidhuber: Multi-column deep neural networks for image classification. CVPR
    2012.
    """
    glyphs = keras.Input((GLYPH_SIZE, GLYPH_SIZE, 1), name="glyphs")
    columns = [
        layers.Reshape((1, classes))(_column(glyphs, classes, stem, widths, dropout))
        for stem in stems
    ]
    together = layers.Concatenate(axis=1, name="columns")(columns)
    return keras.Model(
        glyphs, layers.GlobalAveragePooling1D(name="logits")(together), name="glyph_cnn"
    )


def _column(
    glyphs: keras.KerasTensor,
    classes: int,
    stem: int,
    widths: tuple[int, int, int, int],
    dropout: float,
) -> keras.KerasTensor:
    first, second, third, fourth = widths
    x = layers.MaxPooling2D()(_block(glyphs, first // 2, kernel=stem))
    x = _block(x, first)
    x = _block(x, second, strides=2)
    x = _block(x, third)
    x = _block(x, fourth, padding="valid")
    return layers.Dense(classes)(layers.Dropout(dropout)(layers.Flatten()(x)))
