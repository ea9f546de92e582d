"""Networks that classify photos and read texts without the places of characters: what they are."""

from typing import get_args

import keras
import numpy as np
import pytest
from keras import layers
from reader_material import as_trained

from segcap.core.errors import DataError, ParameterError
from segcap.models import build, leaky_cnn
from segcap.models import resnet50 as resnet50_module
from segcap.models.resnet50 import start_from_imagenet

TILE = {"height": 64, "width": 64}
ACTIVATIONS = get_args(leaky_cnn.Activation)
SIX = {"height": 50, "width": 250, "length": 6}


@pytest.mark.parametrize(
    ("classifier", "classes", "options", "parameters", "count"),
    [
        ("resnet50", 36, SIX, 27_120_600, 180),
        ("resnet50", 2, TILE | {"channels": 3}, 23_591_810, 178),
        ("leaky_cnn", 10, TILE, 424_426, 24),
        ("leaky_cnn", 10, TILE | {"conv_layers": 2, "filters": 8, "neurons": 16}, 1_954, 16),
        ("leaky_cnn", 10, TILE | {"dense_layers": 3}, 458_218, 32),
        ("leaky_cnn", 10, TILE | {"dense_layers": 0}, 392_426, 20),
        *(("leaky_cnn", 10, TILE | {"activation": name}, 424_426, 24) for name in ACTIVATIONS),
        ("resnet_small", 10, TILE, 561_010, 62),
    ],
)
def test_counts(classifier, classes, options, parameters, count):
    model = build(classifier, classes, **options)
    assert model.name == classifier
    assert (model.count_params(), len(model.layers)) == (parameters, count)
    expected = (None, 6, 36) if "length" in options else (None, classes)
    assert model.output_shape == expected


@pytest.mark.slow
def test_resnet50_has_bottlenecks_3_4_6_3_after_a_7_x_7_stem():
    model = build("resnet50", 36, **SIX)
    blocks = [layer.name for layer in model.layers if layer.name.endswith("_add")]
    counts = [sum(name.startswith(f"conv{stage}_") for name in blocks) for stage in (2, 3, 4, 5)]
    assert counts == [3, 4, 6, 3]
    stem = model.get_layer("conv1_conv")
    assert (stem.kernel_size, stem.strides, stem.filters) == ((7, 7), (2, 2), 64)
    assert [layer.rate for layer in model.layers if isinstance(layer, layers.Dropout)] == [0.3]


@pytest.mark.slow
def test_blocks_of_resnet50_hand_on_what_they_get_at_first():
    model = build("resnet50", 3, height=32, width=32)
    outputs = [model.get_layer(f"conv2_block{block}_out").output for block in (1, 3)]
    images = np.random.default_rng(0).random((2, *model.input_shape[1:]), np.float32)
    first, last = keras.Model(model.inputs, outputs).predict(images, verbose=0)
    assert first.any()
    np.testing.assert_array_equal(first, last)


def test_leaky_cnn_normalises_before_it_rectifies():
    kinds = [type(layer) for layer in build("leaky_cnn", 10, **TILE).layers]
    rectified = [index for index, kind in enumerate(kinds) if kind is layers.LeakyReLU]
    assert len(rectified) == 5
    assert all(kinds[index - 1] is layers.BatchNormalization for index in rectified)
    assert not {layers.ReLU, layers.Activation} & set(kinds)


@pytest.mark.parametrize("activation", ACTIVATIONS[1:])
def test_leaky_cnn_takes_other_activations_in_the_same_places(activation):
    model = build("leaky_cnn", 10, **TILE, activation=activation)
    activated = [layer for layer in model.layers if isinstance(layer, layers.Activation)]
    assert [layer.activation.__name__ for layer in activated] == [activation] * 5
    assert not [layer for layer in model.layers if isinstance(layer, layers.LeakyReLU)]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"activation": "step"}, r"'activation' of leaky_cnn must be one of leaky_relu, .*'step'"),
        ({"conv_layers": 0}, r"'conv_layers' must be an integer of at least 1\. Got 0"),
        ({"filters": 2.5}, r"'filters' must be an integer of at least 1\. Got 2\.5"),
        ({"dense_layers": -1}, r"'dense_layers' must be an integer of at least 0\. Got -1"),
        ({"neurons": "9"}, r"'neurons' must be an integer of at least 1\. Got '9'"),
    ],
)
def test_what_leaky_cnn_cannot_be_made_of(option, message):
    with pytest.raises(ParameterError, match=message):
        build("leaky_cnn", 10, **TILE, **option)


@pytest.mark.parametrize("side", [8, 9, 31])
def test_leaky_cnn_takes_small_images(side):
    model = build("leaky_cnn", 3, height=side, width=40)
    assert model(np.zeros((2, side, 40, 3), np.float32)).shape == (2, 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("classifier", "options"),
    [
        ("leaky_cnn", {"height": 24, "width": 30, "channels": 3}),
        ("resnet_small", {"height": 24, "width": 30, "channels": 3}),
        *(("leaky_cnn", {"height": 8, "width": 9, "activation": name}) for name in ACTIVATIONS[1:]),
        ("resnet50", {"height": 32, "width": 64, "length": 2}),
    ],
)
def test_keras_and_onnx_agree(classifier, options):
    keras.utils.set_random_seed(0)
    model = build(classifier, 7, **options)
    for gamma in (weight for weight in model.trainable_weights if weight.name == "gamma"):
        gamma.assign(keras.ops.ones_like(gamma))
    images = np.random.default_rng(0).random((3, *model.input_shape[1:]), np.float32)
    opened = as_trained(model, options).open("onnx")
    expected = model.predict(images, verbose=0)
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(opened.logits(images) / scale, expected / scale, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_weights_from_imagenet_answer_alike_for_images_in_unit_range(channels, monkeypatch):
    keras.utils.set_random_seed(0)
    original = keras.applications.ResNet50
    pretrained = original(
        include_top=False, weights=None, pooling="avg", input_shape=(None, None, 3)
    )
    monkeypatch.setattr(
        keras.applications,
        "ResNet50",
        lambda weights, **options: pretrained if weights else original(weights=None, **options),
    )
    model = build("resnet50", 5, height=96, width=96, channels=channels)
    start_from_imagenet(model)
    images = np.random.default_rng(0).random((1, 96, 96, channels), np.float32)
    stem = keras.Model(model.inputs, model.get_layer("conv1_conv").output)
    theirs = keras.Model(pretrained.inputs, pretrained.get_layer("conv1_conv").output)
    as_they_want = keras.applications.resnet.preprocess_input(
        255 * np.broadcast_to(images, (1, 96, 96, 3)).copy()
    )
    inner = np.s_[:, 3:-3, 3:-3]
    np.testing.assert_allclose(
        stem.predict(images, verbose=0)[inner],
        theirs.predict(as_they_want, verbose=0)[inner],
        atol=1e-2,
    )
    np.testing.assert_array_equal(
        model.get_layer("conv5_block3_3_conv").get_weights()[0],
        pretrained.get_layer("conv5_block3_3_conv").get_weights()[0],
    )


def test_without_a_network_connection_there_are_no_weights_from_imagenet(monkeypatch):
    original = keras.applications.ResNet50

    def unreachable(weights, **options):
        if weights:
            raise Exception("URL fetch failure on https://…: None -- Name not known")
        return original(weights=None, **options)

    monkeypatch.setattr(resnet50_module.keras.applications, "ResNet50", unreachable)
    with pytest.raises(DataError, match=r"in Keras' cache or be downloaded .* URL fetch failure"):
        start_from_imagenet(build("resnet50", 5, height=32, width=32))
