import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcap.core.errors import DataError, ParameterError, SegcapWarning
from segcap.models import build
from segcap.training.augment import warp_glyphs
from segcap.training.batch_sources import ImageBatches, TextBatches
from segcap.training.batching import Batch
from segcap.training.fit import fit_network
from segcap.training.ink import InkExamples, train_ink
from segcap.training.schedule import Schedule, plateau_rate
from segcap.training.spans import LabelledStrips, SpanBatches


@pytest.fixture
def batches(handwriting, monkeypatch):
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 6)
    pictures, names = handwriting
    inputs = pictures[..., None].astype(np.float32) / 255
    return ImageBatches((inputs[:192], names[:192]), (inputs[192:292], names[192:292]), warp_glyphs)


def run_training(batches, **settings):
    keras.utils.set_random_seed(0)
    model = build("plain_cnn", 10, height=28, width=28)
    settings = {"epochs": 2, "batch_size": 32, "patience": None} | settings
    history = fit_network(model, batches, schedule=Schedule(**settings), seed=0)
    return model, history


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "'epochs' of a Schedule must be an integer of at least 1. Got 0"),
        ({"batch_size": 0}, "'batch_size' of a Schedule must be an integer of at least 1. Got 0"),
        ({"learning_rate": 0.0}, "'learning_rate' of a Schedule must be a number above 0. Got 0.0"),
        ({"plateau_factor": 1.0}, "'plateau_factor' of a Schedule must be between 0 and 1. Got 1"),
        ({"label_smoothing": 1.0}, "'label_smoothing' of a Schedule must be at least 0 and below"),
        ({"ema": -0.1}, "'ema' of a Schedule must be at least 0 and below 1. Got -0.1"),
        ({"mixup": -1}, "'mixup' of a Schedule must be at least 0. Got -1"),
        ({"weight_decay": -1}, "'weight_decay' .* a number of at least 0. Got -1"),
        ({"ema": "0.9"}, "'ema' of a Schedule must be a number. Got '0.9'"),
        ({"clip_norm": -1}, "'clip_norm' of a Schedule must be at least 0. Got -1"),
        ({"cutout": 1.1}, "'cutout' of a Schedule must be in 0 to 1. Got 1.1"),
        ({"first_scale": 0}, "'first_scale' of a Schedule must be above 0 and at most 1. Got 0"),
        ({"auxiliary": 1}, "'auxiliary' of a Schedule must be True or False. Got 1"),
        ({"decay": "steps"}, "'decay' of a Schedule must be one of cosine, plateau. Got 'steps'"),
        ({"optimizer": "lion"}, "'optimizer' .* one of adamw, adam, rmsprop, sgd. Got 'lion'"),
        ({"loss": "hinge"}, "'loss' .* one of crossentropy, focal, squared. Got 'hinge'"),
    ],
)
def test_impossible_schedules(change, message):
    with pytest.raises(ParameterError, match=message):
        Schedule(**change)


def test_numbers_of_numpy_become_plain():
    schedule = Schedule(epochs=np.int64(3), learning_rate=np.float32(0.5))
    assert schedule == Schedule(epochs=3, learning_rate=0.5)
    assert (type(schedule.epochs), type(schedule.learning_rate)) == (int, float)


def test_the_rate_rises_for_an_epoch_and_falls_where_the_loss_does_not():
    schedule = Schedule(learning_rate=0.8, decay="plateau", plateau_patience=2, plateau_factor=0.25)
    assert plateau_rate(schedule, 0, []) == pytest.approx(0.008)
    assert plateau_rate(schedule, 0.5, []) == pytest.approx(0.404)
    losses = [5, 4, 4, 4, 3, float("nan"), 3, 3, 3]
    rates = [plateau_rate(schedule, done, losses[:done]) for done in range(1, 10)]
    assert rates == [0.8, 0.8, 0.8, 0.2, 0.2, 0.2, 0.05, 0.05, 0.0125]


@given(st.lists(st.floats(0, 10), max_size=20), st.integers(1, 4), st.floats(0.1, 0.9))
def test_the_rate_never_rises_again(losses, patience, factor):
    schedule = Schedule(decay="plateau", plateau_patience=patience, plateau_factor=factor)
    rates = [plateau_rate(schedule, done, losses[:done]) for done in range(1, len(losses) + 1)]
    assert rates == sorted(rates, reverse=True)
    falls = sum(np.diff(rates) < 0)
    assert falls <= max(0, len(losses) - 1) // patience


@pytest.mark.slow
def test_a_cosine_ends_at_nothing_and_a_plateau_stays(batches):
    _, cosine = run_training(batches, epochs=3)
    assert cosine.learning_rate == pytest.approx([3e-3, 1.5e-3, 0], rel=1e-4, abs=1e-9)
    _, plateau = run_training(batches, epochs=2, decay="plateau", plateau_patience=2)
    assert plateau.learning_rate == pytest.approx([3e-3, 3e-3])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rate"), [("adamw", 2e-3), ("adam", 2e-3), ("rmsprop", 1e-3), ("sgd", 0.1)]
)
def test_every_optimizer_trains(batches, monkeypatch, name, rate):
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 15)
    _, history = run_training(batches, optimizer=name, learning_rate=rate, epochs=4)
    assert history.validation_loss[-1] < 0.8 * history.validation_loss[0]


@pytest.mark.slow
def test_weights_decay_with_adamw_alone(batches):
    decayed, plain, other = (
        np.linalg.norm(
            run_training(batches, optimizer=name, weight_decay=decay)[0].get_weights()[0]
        )
        for name, decay in (("adamw", 20.0), ("adam", 20.0), ("adam", 0.1))
    )
    assert plain == pytest.approx(other, rel=1e-3)
    assert decayed < 0.8 * plain


def first_loss(model, classes=0, weights=None, **settings):
    """The loss of a network that does not change, on two images of one class."""
    images, labels = np.zeros((2, 8, 8, 1), np.float32), np.full(2, classes)
    batches = ImageBatches((images, labels), (images, labels), lambda images, rng: images)
    if weights is not None:
        batches.draw = lambda order, rng: Batch([images], labels, np.array(weights, np.float32))
    schedule = Schedule(
        epochs=1, batch_size=2, learning_rate=1e-9, weight_decay=0, optimizer="adam", **settings
    )
    return fit_network(model, batches, schedule=schedule, seed=0).loss[0]


@pytest.mark.slow
def test_smoothed_targets_cost_even_those_who_know():
    model = build("plain_cnn", 4, height=8, width=8)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([0 * kernel, 0 * bias + [20, 0, 0, 0]])
    assert first_loss(model, label_smoothing=0.2) == pytest.approx(0.2 * 3 / 4 * 20, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "smoothing", "expected"),
    [
        ("crossentropy", 0.0, np.log(4)),
        ("crossentropy", 0.2, np.log(4)),
        ("focal", 0.0, (3 / 4) ** 2 * np.log(4)),
        ("squared", 0.0, (3 / 4) ** 2 + 3 * (1 / 4) ** 2),
        ("squared", 0.2, 0.6**2 + 3 * 0.2**2),
    ],
)
def test_losses_of_those_who_know_nothing(loss, smoothing, expected):
    model = build("plain_cnn", 4, height=8, width=8)
    model.layers[-1].set_weights([0 * weight for weight in model.layers[-1].get_weights()])
    settings = {"loss": loss, "label_smoothing": smoothing}
    assert first_loss(model, **settings) == pytest.approx(expected, rel=1e-4)
    weighted = first_loss(model, weights=[1, 3], **settings)
    assert weighted == pytest.approx(2 * expected, rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("loss", "rate"), [("focal", 3e-3), ("squared", 3e-3)])
@pytest.mark.parametrize("classifier", ["plain_cnn", "digit_heads"])
def test_every_loss_teaches_networks_with_columns_or_without(
    batches, monkeypatch, loss, rate, classifier
):
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 15)
    keras.utils.set_random_seed(0)
    model = build(classifier, 10, height=28, width=28)
    schedule = Schedule(
        epochs=4, batch_size=32, patience=None, loss=loss, learning_rate=rate, mixup=0.1
    )
    history = fit_network(model, batches, schedule=schedule, seed=0)
    assert history.loss[-1] < 0.9 * history.loss[0]
    assert history.validation_loss[-1] == pytest.approx(batches.evaluate(model)[0], rel=1e-5)


@pytest.mark.slow
def test_a_training_goes_on_with_its_own_loss_alone(batches, tmp_path):
    def fit(loss):
        model = build("plain_cnn", 10, height=28, width=28)
        schedule = Schedule(epochs=1, batch_size=32, loss=loss)
        keras.utils.set_random_seed(0)
        return fit_network(model, batches, schedule=schedule, seed=0, state=tmp_path / "state")

    fit("focal")
    with pytest.raises(DataError, match="must be of the same data, network, schedule"):
        fit("squared")


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [True, False])
def test_tricks_do_not_keep_a_network_from_training(handwriting, monkeypatch, weighted):
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 20)
    pictures, names = handwriting
    inputs = pictures[..., None].astype(np.float32) / 255
    batches = ImageBatches(
        (inputs[:600], names[:600]),
        (inputs[600:800], names[600:800]),
        warp_glyphs,
        weights=np.ones(10) if weighted else None,
    )
    tricks = {"mixup": 0.2, "cutout": 0.3, "label_smoothing": 0.1, "ema": 0.9}
    _, history = run_training(batches, epochs=5, **tricks)
    assert history.validation_accuracy[-1] > 0.7
    assert history.loss[-1] > 1.2 * history.validation_loss[-1]


@pytest.mark.slow
def test_averaged_weights_are_what_is_judged_and_kept(batches, monkeypatch):
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 1)
    monkeypatch.setattr(ImageBatches, "__len__", lambda self: 32)

    def after(ema, epochs=1):
        keras.utils.set_random_seed(0)
        model = build("plain_cnn", 10, height=28, width=28, dropout=0)
        start = model.get_weights()
        schedule = Schedule(
            epochs=epochs, batch_size=32, patience=None, ema=ema, optimizer="sgd", learning_rate=0.1
        )
        return start, model, fit_network(model, batches, schedule=schedule, seed=0)

    start, plain, _ = after(0.0)
    _, averaged, _ = after(0.5)
    weights = zip(start, plain.get_weights(), averaged.get_weights(), strict=True)
    for before, own, average in weights:  # the first step counts 1 - 1 / 10
        np.testing.assert_allclose(average, 0.1 * before + 0.9 * own, atol=1e-5)
    _, averaged, history = after(0.5, epochs=3)
    kept = history.validation_loss[-1]
    assert batches.evaluate(averaged)[0] == pytest.approx(kept, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("classifier", "options"),
    [
        ("glyph_cnn", {}),
        ("digit_heads", {"height": 28, "width": 28}),
        ("multihead", {"height": 28, "width": 28, "length": 1}),
    ],
)
def test_mixed_precision_keeps_the_network_in_single_precision(batches, classifier, options):
    model = build(classifier, 10, **options)
    if classifier == "multihead":
        batches._classes = batches._classes[:, None]
        batches.validation_classes = batches.validation_classes[:, None]
    schedule = Schedule(epochs=2, batch_size=32, mixed_precision=True)
    with pytest.warns(SegcapWarning, match="only slows training down without a GPU") as caught:
        history = fit_network(model, batches, schedule=schedule, seed=0)
    (own,) = [one for one in caught if one.category is SegcapWarning]  # Keras has remarks, too
    assert own.filename == __file__
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert history.loss[1] < history.loss[0]
    kept = history.validation_loss[history.best_epoch]
    assert batches.evaluate(model)[0] == pytest.approx(kept, rel=1e-5)


@pytest.mark.slow
def test_layers_inside_layers_learn_in_half_precision_too():
    rng = np.random.default_rng(0)
    images, classes = rng.random((8, 16, 32, 1), np.float32), rng.integers(1, 5, (8, 2))
    batches = TextBatches((images, classes), (images, classes), lambda images, rng: images)
    model = build("crnn", 5, height=16, width=32)
    schedule = Schedule(epochs=1, batch_size=4, mixed_precision=True)
    with pytest.warns(SegcapWarning, match="without a GPU"):
        history = fit_network(model, batches, schedule=schedule, seed=0)
    assert np.isfinite(history.loss[0])
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}


@pytest.mark.slow
def test_long_gradients_are_cut_to_one_length(batches):
    settings = {"epochs": 1, "optimizer": "sgd", "learning_rate": 1.0}
    start = run_training(batches, **settings | {"learning_rate": 1e-9})[0].get_weights()
    clipped = run_training(batches, clip_norm=1e-6, **settings)[0].get_weights()
    for before, after in zip(start[:2], clipped[:2], strict=True):
        assert 0 < np.linalg.norm(after - before) < 1e-3


@pytest.mark.parametrize("trick", [{"mixup": 0.2}, {"cutout": 0.25}, {"label_smoothing": 0.1}])
def test_tricks_that_texts_of_unknown_places_refuse(trick):
    images, classes = np.zeros((4, 16, 32, 1), np.float32), np.array([[1, 2]] * 4)
    batches = TextBatches((images, classes), (images, classes), warp_glyphs)
    (name,) = trick
    message = rf"'{name}' of a Schedule must be 0 where the places of characters are unknown. Got"
    with pytest.raises(ParameterError, match=message):
        fit_network(
            build("crnn", 3, height=16, width=32), batches, schedule=Schedule(**trick), seed=0
        )


def test_texts_of_unknown_places_have_a_loss_of_their_own():
    images, classes = np.zeros((4, 16, 32, 1), np.float32), np.array([[1, 2]] * 4)
    batches = TextBatches((images, classes), (images, classes), warp_glyphs)
    message = "'loss' of a Schedule must be crossentropy where the places .* Got focal"
    with pytest.raises(ParameterError, match=message):
        fit_network(
            build("crnn", 3, height=16, width=32), batches, schedule=Schedule(loss="focal"), seed=0
        )


def strips():
    pixels = np.zeros((4, 32, 64, 2), np.uint8)
    pixels[:, 8:24, 4:40] = 255
    spans = np.tile(np.float32([[4, 20], [24, 40]]), (4, 1, 1))
    lines = LabelledStrips(pixels, spans, np.array([[0, 1]] * 4))
    return SpanBatches(lines, lines, 2)


@pytest.mark.parametrize("trick", [{"mixup": 0.2}, {"cutout": 0.25}])
def test_tricks_that_spans_refuse(trick):
    (name,) = trick
    message = rf"'{name}' of a Schedule must be 0 where a network sees more than images. Got 0.2"
    with pytest.raises(ParameterError, match=message):
        fit_network(build("span_cnn", 4), strips(), schedule=Schedule(**trick), seed=0)


@pytest.mark.slow
def test_spans_take_smoothed_targets(monkeypatch):
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 2)
    schedule = Schedule(epochs=1, batch_size=4, label_smoothing=0.1, ema=0.9)
    history = fit_network(build("span_cnn", 4), strips(), schedule=schedule, seed=0)
    assert np.isfinite(history.validation_loss[0])


@pytest.mark.slow
def test_ink_is_learned_by_a_loss_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 4)
    ink = np.zeros((8, 48, 192), np.uint8)
    ink[:, 10:38, 20:120] = 255
    examples = InkExamples(np.repeat((255 - ink)[..., None], 3, axis=3), ink)
    losses = []
    figures = train_ink(
        build("ink_unet", 1),
        examples,
        examples,
        epochs=2,
        batch_size=2,
        state=tmp_path / "state",
        on_epoch=lambda done, history: losses.append(history.validation_loss[-1]),
    )
    assert 0 <= figures["ink_f1"] <= 1
    assert len(losses) == 2
    assert np.isfinite(losses).all()
