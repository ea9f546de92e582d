import sys

import numpy as np
import pytest
from PIL import Image
from tensorboard.util import tensor_util

from segcap.core.errors import DataError, ParameterError, SegcapWarning
from segcap.models import build
from segcap.training.batch_sources import ImageBatches, TextBatches
from segcap.training.fit import Schedule, fit_network
from segcap.training.history import History, history_csv, plot_history

HISTORY = History(
    loss=[2.1, 1.2, 0.8, 0.6],
    accuracy=[0.3, 0.6, 0.75, 0.8],
    validation_loss=[1.9, 1.1, 0.9, 1.0],
    validation_accuracy=[0.4, 0.7, 0.8, 0.78],
    best_epoch=2,
    learning_rate=[3e-3, 2e-3, 1e-3, 0.0],
)


@pytest.fixture
def run_training(handwriting, monkeypatch):
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 3)
    pictures, names = handwriting
    inputs = pictures[..., None].astype(np.float32) / 255

    def call(log, *, state=None, on_epoch=None, unaligned=False):
        kind, classes = ImageBatches, names
        network = build("plain_cnn", 10, height=28, width=28)
        if unaligned:
            kind, classes = TextBatches, names[:, None] + 1
            network = build("crnn", 11, height=28, width=28)
        batches = kind(
            (inputs[:96], classes[:96]),
            (inputs[96:196], classes[96:196]),
            lambda images, rng: images,
        )
        schedule = Schedule(epochs=3, batch_size=32, patience=None)
        return fit_network(
            network, batches, schedule=schedule, seed=0, state=state, log=log, on_epoch=on_epoch
        )

    return call


def events(folder):
    """From scalar to its steps and values, as TensorBoard reads them."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    read = accumulator.EventAccumulator(str(folder))
    read.Reload()
    return {
        tag: [
            (event.step, float(tensor_util.make_ndarray(event.tensor_proto)))
            for event in read.Tensors(tag)
        ]
        for tag in read.Tags()["tensors"]
    }


@pytest.mark.slow
def test_every_epoch_becomes_a_row(run_training, tmp_path):
    rows = []
    path = tmp_path / "new" / "logs" / "history.csv"
    history = run_training(
        path.parent, on_epoch=lambda *_: rows.append(len(path.read_text().splitlines()))
    )
    assert rows == [2, 3, 4]
    assert path.read_text() == history_csv(history)


@pytest.mark.slow
def test_what_is_unknown_stays_empty(run_training, tmp_path):
    run_training(tmp_path, unaligned=True)
    header, first, *_ = (tmp_path / "history.csv").read_text().splitlines()
    cells = dict(zip(header.split(","), first.split(","), strict=True))
    assert cells["epoch"] == "1"
    assert cells["accuracy"] == ""
    assert float(cells["validation_accuracy"]) >= 0


@pytest.mark.slow
def test_a_resumed_run_goes_on_with_its_log(run_training, tmp_path):
    def stop(epoch, history):
        if epoch == 2:
            raise KeyboardInterrupt

    log, state = tmp_path / "log", tmp_path / "run.state"
    with pytest.raises(KeyboardInterrupt):
        run_training(log, state=state, on_epoch=stop)
    before = (log / "history.csv").read_text()
    history = run_training(log, state=state)
    assert (log / "history.csv").read_text() == history_csv(history)
    assert history_csv(history).startswith(before)
    assert len(before.splitlines()) == 3


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_to_stops_nothing(run_training, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.warns(SegcapWarning, match=r"goes on without its log in '.*log'\. Got") as caught:
        history = run_training(blocked / "log")
    assert len([one for one in caught if one.category is SegcapWarning]) == 1
    assert len(history.loss) == 3


@pytest.mark.slow
def test_a_log_in_place_of_a_file_is_refused(run_training, tmp_path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(DataError, match=r"must go to a folder\. Got '.*file', which is a file"):
        run_training(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "precious"


@pytest.mark.slow
def test_rows_that_could_not_be_written_are_written_later(run_training, tmp_path):
    path = tmp_path / "history.csv"
    path.mkdir()

    def make_room(epoch, history):
        if epoch == 2:
            path.rmdir()

    with pytest.warns(SegcapWarning, match="without its log"):
        history = run_training(tmp_path, on_epoch=make_room)
    assert path.read_text() == history_csv(history)


@pytest.mark.slow
def test_tensorboard_reads_the_same_scalars(run_training, tmp_path):
    history = run_training(tmp_path)
    for folder, prefix in (("train", ""), ("validation", "validation_")):
        read = events(tmp_path / folder)
        for name in ("loss", "accuracy"):
            steps, values = zip(*read[f"epoch_{name}"], strict=True)
            assert steps == (0, 1, 2)
            assert values == pytest.approx(getattr(history, f"{prefix}{name}"))


@pytest.mark.slow
def test_a_log_is_written_without_tensorboard(run_training, tmp_path, monkeypatch):
    monkeypatch.setattr("segcap.training.fit.find_spec", lambda name: None)
    run_training(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["history.csv"]


@pytest.mark.parametrize("history", [HISTORY, History([2.0], [], [1.5], [0.1])])
def test_curves_are_drawn(history, tmp_path):
    plot_history(history, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert pixels.shape == (540, 1350, 3)
    for half in (pixels[:, :675], pixels[:, 675:]):
        assert (np.abs(half - [0xD9, 0x5F, 0x02]).sum(axis=2) < 30).sum() > 40


def test_nothing_to_draw(tmp_path):
    with pytest.raises(ParameterError, match=r"must be of at least one epoch\. Got none"):
        plot_history(History(), tmp_path / "curves.png")


@pytest.mark.parametrize("name", ["curves.xyz", "missing/curves.png"])
def test_a_picture_that_cannot_be_written(name, tmp_path):
    with pytest.raises(ParameterError, match=r"'path' of plot_history must be an image file"):
        plot_history(HISTORY, tmp_path / name)


def test_drawing_without_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ParameterError, match=r"Drawing needs the extra 'plot'"):
        plot_history(HISTORY, tmp_path / "curves.png")
