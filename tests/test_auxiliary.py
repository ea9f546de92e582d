"""The middle of a deep network that reads texts is trained to classify characters, too."""

from copy import copy
from dataclasses import replace

import numpy as np
import pytest

import segcap
from segcap.core.errors import ParameterError
from segcap.models import build
from segcap.models.resnet50 import auxiliary_logits
from segcap.training.batch_sources import ImageBatches
from segcap.training.fit import fit_network
from segcap.training.schedule import Schedule
from segcap.training.shown_batches import ShownBatches

SIDES = {"height": 32, "width": 64}


def unchanged(images, rng):
    return images


@pytest.fixture(scope="module")
def batches():
    """Images whose halves are dark or bright, each with its class."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, (24, 2))
    images = np.repeat(classes, 32, axis=1)[:, None, :, None] * np.ones((1, 32, 1, 1))
    images = (0.8 * images + 0.1 * rng.random(images.shape)).astype(np.float32)
    return ImageBatches((images[:16], classes[:16]), (images[16:], classes[16:]), unchanged)


def test_the_weight_of_an_image_counts_for_all_of_its_answers(batches):
    weighted = copy(batches)
    weighted.weigh(np.arange(1.0, 17))
    targets = np.repeat(np.eye(2, dtype=np.float32)[:, None], 2, axis=1)
    shown = ShownBatches(None, weighted, Schedule(batch_size=16), 0, 1, targets)
    _, wanted, weights = shown.draw(0)
    assert wanted.shape == (16, 2, 2, 2)
    assert weights.shape == (16, 2, 2)
    np.testing.assert_allclose(np.sort(weights[:, 0, 0]), np.arange(1, 17) / 8.5, rtol=1e-6)
    assert (weights == weights[:, :1, :1]).all()


@pytest.mark.slow
def test_both_answers_teach_the_network(batches):
    """The loss is the mean of two: of those who know nothing, log K of either."""
    losses = []
    for auxiliary in (True, False):
        model = build("resnet50", 2, length=2, **SIDES)
        schedule = Schedule(
            epochs=2, batch_size=8, learning_rate=0.01, auxiliary=auxiliary, optimizer="sgd"
        )
        history = fit_network(model, batches, schedule=schedule, seed=0)
        assert model.output_shape == (None, 2, 2)
        losses.append(history.loss[0])
    assert losses[0] != pytest.approx(losses[1], rel=1e-3)


@pytest.mark.slow
def test_the_middle_answers_with_layers_of_its_own():
    model = build("resnet50", 5, length=3, **SIDES)
    assert auxiliary_logits(model).shape == (None, 3, 5)
    assert model.output_shape == (None, 3, 5)
    assert "auxiliary_logits" not in [layer.name for layer in model.layers]


@pytest.mark.parametrize(
    ("classifier", "options"),
    [("multihead", {"length": 2}), ("resnet50", {}), ("resnet_small", {}), ("sum_cnn", {})],
)
def test_other_networks_have_no_such_answers(classifier, options, batches):
    message = rf"'auxiliary' of a Schedule must be False for '{classifier}', which has.* Got T"
    with pytest.raises(ParameterError, match=message):
        fit_network(
            build(classifier, 2, height=40, width=64, **options),
            batches,
            schedule=Schedule(auxiliary=True),
            seed=0,
        )


def test_heads_of_places_want_images_of_one_size(batches):
    message = r"'first_scale' of a Schedule must be 1 where heads see one part of .*\. Got 0\.5"
    with pytest.raises(ParameterError, match=message):
        fit_network(
            build("resnet50", 2, length=2, **SIDES),
            batches,
            schedule=Schedule(first_scale=0.5),
            seed=0,
        )


def test_readers_use_it_for_the_deep_network_alone():
    def way_to_train(classifier):
        return segcap.SequenceReader(classifier=classifier, length=6)._schedule()

    usual = way_to_train("multihead")
    assert not usual.auxiliary
    assert way_to_train("resnet50") == replace(
        usual, auxiliary=True, cutout=0.4, label_smoothing=0.1, weight_decay=0.1
    )
    deep = segcap.SequenceReader(classifier="resnet50", length=6, schedule={"auxiliary": False})
    assert not deep._schedule().auxiliary
