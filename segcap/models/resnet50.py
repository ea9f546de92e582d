"""ResNet50 for whole images, with one head for each character or a single one."""

import keras
import numpy as np
from keras import layers

from segcap.core.errors import DataError
from segcap.models.places import places_in_a_row

__all__ = ["auxiliary_logits", "resnet50", "start_from_imagenet"]

_STEM = "conv1_conv"
_LAST_OF_BLOCK = "_3_bn"
_MIDDLE = "conv3_block4_out"
_FEATURES_OF_MIDDLE, _DROPOUT_OF_MIDDLE = 96, 0.3
_MEANS_BGR = (103.939, 116.779, 123.68)


def resnet50(
    classes: int,
    *,
    height: int,
    width: int,
    length: int | None = None,
    channels: int = 1,
    dropout: float = 0.3,
) -> keras.Model:
    """Build ResNet50: bottleneck blocks 3-4-6-3 after a 7 x 7 convolution of stride 2.

    Every block's last normalisation starts from a scale of 0, so that the network trains like a
    shallow one at first.

    Heads of characters see the last map averaged over its rows, so that they know where along the
    text something is; a single head sees its average.

    Parameters
    ----------
    classes : int
        Number of classes, of characters if there is a `length`.
    height, width : int
        Pixels, at least 32 of either.
    length : int, optional
        Characters of every text, each with a head of its own.
    channels : int
        1 for grey images, 3 for RGB.
    dropout : float
        Fraction of features dropped before the heads, in [0, 1).

    Returns
    -------
    keras.Model
        From (N, height, width, channels) float32 in [0, 1] to (N, classes) logits, or to
        (N, length, classes); uncompiled.

    References
    ----------
    He, Zhang, Ren, Sun: Deep residual learning for image recognition. CVPR 2016.
    Goyal et al.: Accurate, large minibatch SGD: training ImageNet in 1 hour. arXiv:1706.02677,
    2017 (scales of 0).
    """
    images = keras.Input((height, width, channels), name="images")
    x = _from_nothing(images).output
    if length is None:
        x = layers.Dropout(dropout)(layers.GlobalAveragePooling2D()(x))
        return keras.Model(images, layers.Dense(classes, name="heads")(x), name="resnet50")
    x = layers.Flatten()(layers.AveragePooling2D((x.shape[1], 1))(x))
    logits = layers.Dense(length * classes, name="heads")(layers.Dropout(dropout)(x))
    logits = layers.Reshape((length, classes), name="logits")(logits)
    return keras.Model(images, logits, name="resnet50")


def auxiliary_logits(model: keras.Model) -> keras.KerasTensor:
    """Let the middle of a `resnet50` that reads texts classify the characters, too.

    What it is trained on reaches the lower convolutions without passing the upper ones, so that
    these soon have characters to look at.

    Parameters
    ----------
    model : keras.Model
        With one head for each character.

    Returns
    -------
    (N, length, classes) keras.KerasTensor
        Of layers that are none of the model's.

    References
    ----------
    Szegedy et al.: Going deeper with convolutions. CVPR 2015 (auxiliary classifiers).
    Lee, Xie, Gallagher, Zhang, Tu: Deeply-supervised nets. AISTATS 2015.
    """
    _, length, classes = model.output_shape
    x = model.get_layer(_MIDDLE).output
    places = places_in_a_row(x, length, features=_FEATURES_OF_MIDDLE, dropout=_DROPOUT_OF_MIDDLE)
    return layers.Dense(classes, name="auxiliary_logits")(places)


def start_from_imagenet(model: keras.Model) -> None:
    """Load into a `resnet50` the weights of keras.applications, trained on ImageNet.

    They expect BGR in [0, 255] without the mean; the first convolution is changed to take images
    in [0, 1], grey or RGB, instead.

    Parameters
    ----------
    model : keras.Model
        Of `resnet50`; changed in place.

    Raises
    ------
    DataError
        The weights are neither in Keras' cache nor can be downloaded.
    """
    try:
        pretrained = _backbone(keras.Input((None, None, 3)), weights="imagenet")
    except Exception as error:  # noqa: BLE001 Keras raises a bare Exception
        raise DataError(
            "Weights trained on ImageNet must be in Keras' cache or be downloaded by Keras. "
            f"Got: {str(error).splitlines()[0]}"
        ) from None
    for layer in pretrained.layers:
        own = model.get_layer(layer.name) if layer.weights and layer.name != _STEM else None
        if own is not None:
            own.set_weights(layer.get_weights())
    kernel, bias = pretrained.get_layer(_STEM).get_weights()
    stem = model.get_layer(_STEM)
    stem.set_weights(list(_for_unit_range(kernel, bias, stem.get_weights()[0].shape[2])))


def _backbone(images: keras.KerasTensor, *, weights: str | None) -> keras.Model:
    return keras.applications.ResNet50(include_top=False, weights=weights, input_tensor=images)


def _from_nothing(images: keras.KerasTensor) -> keras.Model:
    """Return a backbone whose blocks hand on what they get until training changes that."""
    backbone = _backbone(images, weights=None)
    for layer in backbone.layers:
        if layer.name.endswith(_LAST_OF_BLOCK):
            layer.gamma.assign(keras.ops.zeros_like(layer.gamma))
    return backbone


def _for_unit_range(
    kernel: np.ndarray, bias: np.ndarray, channels: int
) -> tuple[np.ndarray, np.ndarray]:
    """Change a first convolution's (H, W, 3, F) kernel for BGR - mean to one for images in [0, 1].

    Only at the border, which is padded with the mean before and with black afterwards, do answers
    change.
    """
    shift = np.einsum("hwcf,c->f", kernel, np.array(_MEANS_BGR, kernel.dtype))
    rgb = 255 * kernel[:, :, ::-1]
    return (rgb if channels == 3 else rgb.sum(axis=2, keepdims=True)), bias - shift
