"""Images that grow while a network is trained."""

import numpy as np
import pytest

from segcap.core.errors import ParameterError
from segcap.models import build
from segcap.training.batch_sources import ImageBatches
from segcap.training.fit import Interrupted, fit_network
from segcap.training.growing import growing_sides, shrink
from segcap.training.schedule import Schedule


def unchanged(images, rng):
    return images


@pytest.fixture(scope="module")
def batches():
    """Images of 64 pixels, dark or bright."""
    rng = np.random.default_rng(0)
    classes = np.arange(96) % 2
    images = rng.random((96, 64, 64, 3), np.float32) * 0.4 + 0.6 * classes[:, None, None, None]
    images = images.astype(np.float32)
    return ImageBatches((images[:64], classes[:64]), (images[64:], classes[64:]), unchanged)


@pytest.mark.parametrize("sides", [(112, 112), (72, 120), (40, 300), (20, 90)])
@pytest.mark.parametrize("first_scale", [0.25, 0.5, 0.99])
@pytest.mark.parametrize("epochs", [1, 2, 3, 20])
def test_sides_grow_to_their_own_and_stay(sides, first_scale, epochs):
    schedule = Schedule(epochs=epochs, first_scale=first_scale)
    shown = np.array([growing_sides(schedule, epoch, sides) for epoch in range(epochs)])
    assert (np.diff(shown, axis=0) >= 0).all()
    assert (shown[min(15, epochs - 1) :] == sides).all()
    assert (shown <= sides).all()
    assert shown.min(axis=1).min() >= min(*sides, 32)
    if epochs > 1:
        scale = max(first_scale, min(1, 32 / min(sides)))
        assert (abs(shown[0] - scale * np.array(sides)) <= 8).all()


def test_images_are_averaged_where_they_shrink():
    images = np.random.default_rng(0).random((3, 32, 64, 1), np.float32)
    small = shrink(images, (16, 32))
    means = images.reshape(3, 16, 2, 32, 2, 1).mean(axis=(2, 4))
    np.testing.assert_allclose(small, means, atol=1e-6)
    assert shrink(images, (32, 64)) is images


def run_training(batches, **settings):
    import keras

    keras.utils.set_random_seed(0)
    model = build("resnet_small", 2, height=64, width=64)
    schedule = Schedule(epochs=4, batch_size=16, patience=None, first_scale=0.5)
    history = fit_network(model, batches, schedule=schedule, seed=0, **settings)
    return model, history


@pytest.mark.slow
def test_a_network_sees_images_grow_and_is_judged_on_whole_ones(batches, monkeypatch):
    seen = []

    def watched(images, sides):
        small = shrink(images, sides)
        seen.append(small.shape[1:3])
        return small

    monkeypatch.setattr("segcap.training.shown_batches.shrink", watched)
    model, history = run_training(batches)
    assert list(dict.fromkeys(seen)) == [(32, 32), (48, 48), (64, 64)]
    assert model.input_shape == (None, 64, 64, 3)
    assert history.loss[-1] < history.loss[0]
    assert history.validation_accuracy[-1] > 0.9
    kept = history.validation_loss[history.best_epoch]
    assert batches.evaluate(model)[0] == pytest.approx(kept, rel=1e-5)


@pytest.mark.slow
def test_patience_begins_when_images_have_grown(batches, monkeypatch):
    losses = iter([0.1, *[1.0] * 19])
    monkeypatch.setattr(batches, "evaluate", lambda _: (next(losses), 0.5))
    model = build("resnet_small", 2, height=64, width=64)
    schedule = Schedule(epochs=12, batch_size=64, patience=1, first_scale=0.5)
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 2)
    history = fit_network(model, batches, schedule=schedule, seed=0)
    assert len(history.loss) == 11
    assert history.best_epoch == 0


@pytest.mark.slow
def test_what_grew_is_resumed_to_the_same_end(batches, tmp_path):
    def stop(done, history):
        if done == 2:
            raise KeyboardInterrupt

    whole, history = run_training(batches)
    with pytest.raises(Interrupted):
        run_training(batches, state=tmp_path / "run.state", on_epoch=stop)
    resumed, again = run_training(batches, state=tmp_path / "run.state")
    assert again.learning_rate == history.learning_rate
    assert again.validation_loss == pytest.approx(history.validation_loss, rel=1e-3, abs=1e-5)
    for own, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(own, other, atol=1e-3)


@pytest.mark.parametrize("classifier", ["digit_heads", "leaky_cnn"])
def test_networks_of_one_size_are_refused(classifier, batches):
    message = f"'first_scale' of a Schedule must be 1 for '{classifier}', which .* Got 0.5"
    with pytest.raises(ParameterError, match=message):
        fit_network(
            build(classifier, 37, height=64, width=64),
            batches,
            schedule=Schedule(first_scale=0.5),
            seed=0,
        )
