import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcap.core.errors import ParameterError
from segcap.models import build
from segcap.training.batch_sources import ImageBatches, TextBatches
from segcap.training.class_balance import balanced_order, class_weights
from segcap.training.fit import Schedule, fit_network


def unchanged(images, rng):
    return images


@pytest.fixture
def uneven(handwriting):
    """Ninety zeros, nine ones and three twos, and what they show."""
    pictures, names = handwriting
    kept = np.concatenate(
        [np.flatnonzero(names == name)[:n] for name, n in ((0, 90), (1, 9), (2, 3))]
    )
    return pictures[kept][..., None], names[kept]


def test_weights_are_the_inverse_of_the_counts():
    weights = class_weights(np.array([0] * 6 + [1] * 3 + [3]), 4)
    np.testing.assert_allclose(weights, [10 / 18, 10 / 9, 1, 10 / 3], rtol=1e-6)
    assert weights.dtype == np.float32


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_all_classes_weigh_alike_together(names):
    classes = np.array(names)
    weights = class_weights(classes, 5)
    together = np.bincount(classes, weights=weights[classes], minlength=5)
    present = np.unique(classes)
    np.testing.assert_allclose(together[present], len(classes) / len(present), rtol=1e-5)


def test_places_are_weighed_together():
    np.testing.assert_array_equal(
        class_weights(np.array([[0, 1], [0, 0]]), 2), class_weights(np.array([0, 1, 0, 0]), 2)
    )


@pytest.mark.parametrize(
    ("classes", "got"), [([0, 3], "0 to 3"), ([-1, 0], "-1 to 0"), ([], "none")]
)
def test_classes_that_cannot_be_weighed(classes, got):
    with pytest.raises(ParameterError, match=rf"class_weights must lie in 0 to 2\. Got {got}"):
        class_weights(np.array(classes, int), 3)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(1, 100), st.integers(0, 9))
def test_every_class_comes_once_in_each_round(names, draws, seed):
    classes = np.array(names)
    order = balanced_order(classes, draws, np.random.default_rng(seed))
    present = np.unique(classes)
    assert len(order) == draws
    for start in range(0, draws - len(present) + 1, len(present)):
        assert sorted(classes[order[start : start + len(present)]]) == present.tolist()
    for name in present:
        members = np.flatnonzero(classes == name)
        times = np.bincount(order, minlength=len(classes))[members]
        assert np.ptp(times) <= 1


@pytest.mark.slow
def test_a_balanced_epoch_shows_rare_classes_as_often(uneven, monkeypatch):
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 10)
    shown = []

    class Watched(ImageBatches):
        """Notes what is drawn."""

        def draw(self, order, rng):
            shown.extend(self._classes[order])
            return super().draw(order, rng)

    schedule = Schedule(epochs=1, batch_size=30)
    for balanced, expected in ((False, {0: 265, 1: 27, 2: 8}), (True, {0: 100, 1: 100, 2: 100})):
        shown.clear()
        batches = Watched(uneven, uneven, unchanged, balanced=balanced)
        fit_network(build("plain_cnn", 3, height=28, width=28), batches, schedule=schedule, seed=0)
        for name, times in expected.items():  # Keras looks at a few more before it begins
            assert abs(shown[-300:].count(name) - times) <= (0 if balanced else 6)


def test_weights_go_with_each_image(uneven):
    batches = ImageBatches(uneven, uneven, unchanged, weights=[1, 10, 30])
    drawn = batches.draw(np.array([0, 95, 101]), np.random.default_rng(0))
    assert drawn.weights.tolist() == [1, 10, 30]
    assert drawn.weights.dtype == np.float32


@pytest.mark.slow
@pytest.mark.parametrize("places", [1, 2])
def test_weights_count_in_the_loss(uneven, monkeypatch, places):
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 3)
    images, classes = uneven
    name, options = "glyph_cnn", {}
    if places > 1:
        classes = np.stack([classes] * places, axis=1)
        name, options = "multihead", {"length": places, "height": 28, "width": 28}
    losses = []
    for weights in (None, np.full(3, 2.0)):
        batches = ImageBatches((images, classes), (images, classes), unchanged, weights=weights)
        model = build(name, 3, **options)
        model.set_weights([0 * value for value in model.get_weights()])
        schedule = Schedule(epochs=1, batch_size=32, optimizer="sgd", learning_rate=1e-9)
        losses.append(fit_network(model, batches, schedule=schedule, seed=0).loss[0])
    assert losses == pytest.approx([np.log(3), 2 * np.log(3)], rel=1e-4)


def test_a_run_with_other_weights_is_another_run(uneven):
    digests = {
        ImageBatches(uneven, uneven, unchanged, **settings).digest
        for settings in ({}, {"balanced": True}, {"weights": [1, 1, 1]}, {"weights": [1, 1, 2]})
    }
    assert len(digests) == 4


@pytest.mark.parametrize("weights", [[1, 2], [1, 0, 1], [[1, 1, 1]]])
def test_weights_that_say_nothing(uneven, weights):
    with pytest.raises(ParameterError, match=r"must be above 0, one for each class up to 2\. Got"):
        ImageBatches(uneven, uneven, unchanged, weights=weights)


def test_several_classes_cannot_be_balanced(uneven):
    images, classes = uneven
    pairs = images, np.stack([classes, classes], axis=1)
    with pytest.raises(ParameterError, match=r"'balanced'.*several classes\. Got.*\(102, 2\)"):
        ImageBatches(pairs, pairs, unchanged, balanced=True)


def test_texts_cannot_be_weighed(uneven):
    images, classes = uneven
    texts = images, classes[:, None] + 1
    with pytest.raises(ParameterError, match=r"'weights' of TextBatches must be None.*\(4,\)"):
        TextBatches(texts, texts, unchanged, weights=np.ones(4))
