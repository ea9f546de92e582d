import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import segcap
from segcap.core.errors import DataError, FileError, ParameterError, SegcapWarning
from segcap.decoding.calibration import fit_temperature
from segcap.decoding.compose import log_softmax
from segcap.models import build
from segcap.training.augment import warp_glyphs
from segcap.training.batch_sources import ImageBatches
from segcap.training.classifier import train_classifier
from segcap.training.context import inherited
from segcap.training.fit import Schedule, fit_network
from segcap.training.rounding import round_to_half
from segcap.training.spans import LabelledStrips, SpanBatches


@pytest.fixture(scope="module")
def glyphs(handwriting):
    pictures, names = handwriting
    return pictures[..., None].astype(np.float32) / 255, names


def run_training(glyphs, state=None, stop_after=None, seed=0, epochs=3, small=False, **settings):
    inputs, classes = glyphs
    model = build("plain_cnn", 10, height=28, width=28) if small else build("glyph_cnn", 10)

    def stop(epoch, history):
        if epoch == stop_after:
            raise KeyboardInterrupt

    history = fit_network(
        model,
        ImageBatches(
            (inputs[:512], classes[:512]), (inputs[512:700], classes[512:700]), warp_glyphs
        ),
        schedule=Schedule(epochs=epochs, **settings),
        seed=seed,
        state=state,
        on_epoch=stop,
    )
    return [np.array(weight.numpy()) for weight in model.weights], history


@pytest.mark.slow
def test_a_seed_gives_the_same_network_and_resuming_does_not_change_it(glyphs, tmp_path):
    import keras

    state = tmp_path / "run.state"
    keras.utils.set_random_seed(0)
    unbroken, history = run_training(glyphs, small=True)
    keras.utils.set_random_seed(0)
    with pytest.raises(KeyboardInterrupt):
        run_training(glyphs, state, stop_after=2, small=True)
    keras.utils.set_random_seed(0)
    resumed, resumed_history = run_training(glyphs, state, small=True)
    assert resumed_history == history
    for one, other in zip(unbroken, resumed, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-4)


@pytest.mark.slow
def test_training_writes_no_files_that_a_kill_would_leave(tmp_path):
    code = (
        "import sys, tempfile; sys.path.insert(0, sys.argv[1])\n"
        "from test_training import run_training\n"
        "from segcap.datasets import load_uci_digits\n"
        "pictures, names = load_uci_digits()\n"
        "tempfile.tempdir = sys.argv[2]\n"
        "run_training((pictures[..., None].astype('f') / 255, names), epochs=1, small=True)\n"
        "import pathlib; print(len(list(pathlib.Path(sys.argv[2]).iterdir())))"
    )
    command = [sys.executable, "-c", code, Path(__file__).parent, tmp_path]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "0\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"ema": 0.95, "patience": None, "small": True},
        {"decay": "plateau", "plateau_patience": 1, "learning_rate": 0.05, "small": True},
        {"mixup": 0.2, "cutout": 0.25, "optimizer": "rmsprop", "small": True},
        pytest.param(
            {"mixed_precision": True, "ema": 0.9},
            marks=pytest.mark.filterwarnings("ignore:Mixed precision only slows"),
        ),
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_every_schedule_is_resumed_to_the_same_end(glyphs, tmp_path, monkeypatch, settings):
    import keras

    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 8)
    settings = {"batch_size": 32, "epochs": 4} | settings
    state = tmp_path / "run.state"
    keras.utils.set_random_seed(0)
    unbroken, history = run_training(glyphs, **settings)
    keras.utils.set_random_seed(0)
    with pytest.raises(KeyboardInterrupt):
        run_training(glyphs, state, stop_after=2, **settings)
    keras.utils.set_random_seed(0)
    resumed, resumed_history = run_training(glyphs, state, **settings)
    assert len(history.loss) == 4
    assert history.learning_rate[3] < history.learning_rate[0]
    assert resumed_history.learning_rate == history.learning_rate
    assert resumed_history.validation_loss == pytest.approx(history.validation_loss, rel=1e-3)
    for one, other in zip(unbroken, resumed, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-3)


class Interrupted(ImageBatches):
    """Glyphs of which one batch is followed by Ctrl-C."""

    left = np.inf

    def draw(self, order, rng):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return super().draw(order, rng)


@pytest.fixture
def ctrl_c():
    """Let Ctrl-C interrupt, as it does in a terminal, where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("settings", [{}, {"ema": 0.9}], ids=["plain", "ema"])
def test_ctrl_c_in_mid_epoch_loses_that_epoch_alone(glyphs, tmp_path, monkeypatch, settings):
    import keras

    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 12)
    inputs, classes = glyphs
    train, validation = (inputs[:256], classes[:256]), (inputs[512:612], classes[512:612])
    schedule = Schedule(epochs=3, batch_size=16, patience=None, **settings)
    kept = []

    def run(batches, state):
        keras.utils.set_random_seed(0)
        model = build("plain_cnn", 10, height=28, width=28)

        def keep(epoch, history):
            kept.append(model.get_weights())

        try:
            history = fit_network(
                model, batches, schedule=schedule, seed=0, state=state, on_epoch=keep
            )
        except KeyboardInterrupt:
            return model, None
        return model, history

    broken = Interrupted(train, validation, warp_glyphs)
    broken.left = 16 + 14
    model, history = run(broken, tmp_path / "run.state")
    assert history is None
    assert len(kept) == 1
    for own, best in zip(model.get_weights(), kept[0], strict=True):
        np.testing.assert_array_equal(own, best)
    resumed, history = run(ImageBatches(train, validation, warp_glyphs), tmp_path / "run.state")
    unbroken, expected = run(ImageBatches(train, validation, warp_glyphs), None)
    assert history.validation_loss == pytest.approx(expected.validation_loss, rel=1e-3)
    for own, other in zip(resumed.get_weights(), unbroken.get_weights(), strict=True):
        np.testing.assert_allclose(own, other, atol=1e-3)


class Sized(ImageBatches):
    """Glyphs of several sizes, which note what is drawn together."""

    def __init__(self, glyphs, sizes):
        inputs, classes = glyphs
        super().__init__((inputs, classes), (inputs[:50], classes[:50]), warp_glyphs)
        self.sizes = sizes
        self.orders = []

    def draw(self, order, rng):
        self.orders.append(order)
        return super().draw(order, rng)


@pytest.mark.slow
def test_an_epoch_shows_each_sample_equally_often_and_like_sizes_together(glyphs, monkeypatch):
    inputs, classes = glyphs
    sizes = np.random.default_rng(0).permutation(700)
    batches = Sized((inputs[:700], classes[:700]), sizes)
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 50)
    model = build("plain_cnn", 10, height=28, width=28)
    fit_network(model, batches, schedule=Schedule(epochs=1, batch_size=35), seed=0)
    orders = batches.orders[-50:]  # Keras looks at a few before it begins
    counts = np.bincount(np.concatenate(orders), minlength=700)
    assert set(counts) == {2, 3}
    spreads = [np.ptp(sizes[batch]) for batch in orders]
    assert np.mean(spreads) < 100
    middles = np.array([sizes[batch].mean() for batch in orders])
    assert abs(np.corrcoef(middles[:-1], middles[1:])[0, 1]) < 0.5


@pytest.mark.slow
def test_batches_may_differ_in_shape():
    rng = np.random.default_rng(0)
    widths = np.array([64] * 40 + [96] * 40 + [160] * 20)
    pixels = rng.integers(0, 60, (100, 32, 160, 2), np.uint8)
    pixels[np.arange(100), :, widths - 1] = 255
    spans = np.tile(np.float32([[4, 20], [24, 40]]), (100, 1, 1))
    lines = LabelledStrips(pixels, spans, rng.integers(0, 3, (100, 2)))
    batches = SpanBatches(lines, lines.part(np.arange(20)), 3)
    history = fit_network(
        build("span_cnn", 5), batches, schedule=Schedule(epochs=1, batch_size=10), seed=0
    )
    assert np.isfinite(history.loss[0])


@pytest.mark.slow
def test_the_state_of_another_run_is_refused(glyphs, tmp_path):
    state = tmp_path / "run.state"
    run_training(glyphs, state, epochs=1)
    with pytest.raises(
        DataError, match=r"same data, network, schedule, seed and versions.*run\.state"
    ):
        run_training(glyphs, state, seed=1, epochs=1)
    state.write_text("no state")
    with pytest.raises(DataError, match="file that a run wrote"):
        run_training(glyphs, state, epochs=1)


@pytest.mark.slow
def test_a_damaged_state_is_refused(glyphs, tmp_path, monkeypatch):
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 1)
    state = tmp_path / "run.state"
    with pytest.raises(KeyboardInterrupt):
        run_training(glyphs, state, stop_after=1, small=True, batch_size=512)
    content = bytearray(state.read_bytes())
    content[-1000] ^= 0x40
    state.write_bytes(content)
    with pytest.raises(DataError, match=r"as a run wrote it\. Got '.*', which is damaged"):
        run_training(glyphs, state, small=True, batch_size=512)


@pytest.mark.slow
def test_training_that_diverges_is_reported(glyphs, monkeypatch):
    monkeypatch.setattr(ImageBatches, "evaluate", lambda *_: (np.nan, 0.1))
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 1)
    with pytest.warns(SegcapWarning, match="Training has diverged"):
        run_training(glyphs, small=True, batch_size=512)


@pytest.mark.slow
def test_the_last_epoch_before_a_divergence_is_kept(glyphs, monkeypatch):
    seen = []

    def evaluate(_, model):
        seen.append(model.get_weights())
        return (np.nan if len(seen) > 1 else 1.0), 0.1

    monkeypatch.setattr(ImageBatches, "evaluate", evaluate)
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 1)
    model = build("glyph_cnn", 10)
    pixels, classes = glyphs
    batches = ImageBatches((pixels[:64], classes[:64]), (pixels[:64], classes[:64]), warp_glyphs)
    schedule = Schedule(epochs=2, patience=None)
    with pytest.warns(SegcapWarning, match="Training has diverged"):
        fit_network(model, batches, schedule=schedule, seed=0)
    assert len(seen) == 2
    assert all(map(np.array_equal, model.get_weights(), seen[0]))


@pytest.mark.slow
def test_training_stops_early_and_keeps_the_best_epoch(glyphs):
    inputs, classes = glyphs
    model = build("glyph_cnn", 10)
    noise = np.random.default_rng(0).permutation(classes[512:700])
    history = fit_network(
        model,
        ImageBatches((inputs[:256], classes[:256]), (inputs[512:700], noise), warp_glyphs),
        schedule=Schedule(epochs=30, patience=2),
        seed=0,
    )
    assert len(history.loss) < 30
    assert len(history.loss) - 1 == history.best_epoch + 2
    assert history.validation_loss[history.best_epoch] == min(history.validation_loss)


@pytest.mark.slow
def test_a_loss_that_is_no_number_is_never_the_lowest(glyphs, monkeypatch):
    losses = iter([np.nan, 1.0, 2.0])
    monkeypatch.setattr(ImageBatches, "evaluate", lambda *_: (next(losses), 0.5))
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 1)
    _, history = run_training(glyphs, small=True, batch_size=512)
    assert history.best_epoch == 1


def test_weights_that_half_precision_cannot_hold_stay_as_they_are():
    model = build("plain_cnn", 10, height=28, width=28)
    bias = next(weight for weight in model.weights if weight.shape == (10,))
    bias.assign(np.full(10, 1e5 + 0.1, np.float32))
    before = model.get_weights()
    round_to_half(model)
    np.testing.assert_array_equal(bias.numpy(), np.full(10, 1e5 + 0.1, np.float32))
    for old, new in zip(before, model.get_weights(), strict=True):
        if old.max() < 1e4:
            np.testing.assert_array_equal(new, old.astype(np.float16))


@pytest.mark.slow
def test_a_reader_trains_on_glyphs(glyphs, tmp_path, monkeypatch):
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 40)
    inputs, classes = glyphs
    epochs = []
    reader = segcap.GlyphReader(classifier="glyph_cnn", epochs=5).fit_glyphs(
        inputs[:1300],
        classes[:1300],
        data="scikit-learn's digits",
        on_epoch=lambda epoch, history: epochs.append(epoch),
    )
    right = reader.logits(inputs[1300:]).argmax(axis=1) == classes[1300:]
    assert right.mean() > 0.6
    assert epochs == [1, 2, 3, 4, 5]
    assert reader.provenance_["data"]["samples"] == 1300
    assert reader.provenance_["figures"]["epochs"] == 5
    reader.save(tmp_path / "mine.segcap")
    copy = segcap.load(tmp_path / "mine.segcap", engine="keras")
    np.testing.assert_allclose(copy.logits(inputs[:50]), reader.logits(inputs[:50]), atol=1e-4)


def test_unknown_classifier(glyphs):
    with pytest.raises(ParameterError, match=r"one of glyph_cnn. Got 'oracle'"):
        train_classifier(*glyphs, classes=10, classifier="oracle")


def test_a_class_without_glyphs(glyphs):
    inputs, classes = glyphs
    with pytest.raises(DataError, match=r"at least 2 glyphs to train on\. Got 0 of class 3"):
        train_classifier(inputs[classes != 3], classes[classes != 3], classes=10)


@pytest.mark.parametrize("truth", [0.5, 1.0, 3.0])
def test_temperature_is_found_again(truth):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 5))
    probabilities = np.exp(log_softmax(logits))
    labels = (probabilities.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)
    assert fit_temperature(logits * truth, labels) == pytest.approx(truth, rel=0.05)


@pytest.mark.slow
def test_a_full_disk_does_not_end_a_training(glyphs, tmp_path, monkeypatch):
    import keras

    def full(path, content):
        raise FileError("A bundle must go where there is room. Got 'No space left on device'.")

    settings = {"small": True, "epochs": 3, "batch_size": 64}
    keras.utils.set_random_seed(0)
    unbroken, history = run_training(glyphs, **settings)
    monkeypatch.setattr("segcap.training.state.write_atomically", full)
    keras.utils.set_random_seed(0)
    message = r"goes on without its state in '.*run\.state'\. Got:.*No space"
    with pytest.warns(SegcapWarning, match=message) as caught:
        weights, again = run_training(glyphs, tmp_path / "run.state", **settings)
    assert len(caught) == 1
    assert again.validation_loss == pytest.approx(history.validation_loss, rel=1e-3)
    for one, other in zip(unbroken, weights, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-3)


def test_trainings_of_other_augmentation_are_others():
    images, classes = np.zeros((4, 8, 8, 1), np.uint8), np.array([0, 1, 0, 1])
    digests = {
        ImageBatches((images, classes), (images, classes), None, variation=own).digest
        for own in (1.0, 1.5, 2.0)
    }
    assert len(digests) == 3


def test_characters_that_are_new_begin_as_their_other_case_or_as_the_mean():
    rows = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.testing.assert_array_equal(
        inherited(rows, "aB1", "1bA+"), [rows[2], rows[1], rows[0], rows.mean(axis=0)]
    )
