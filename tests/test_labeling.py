"""Labels: the page's server without a browser, and the reader behind it."""

import csv
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import segcap
from segcap.cli.labeling.queue import Guess
from segcap.cli.labeling.server import make_app, open_server
from segcap.cli.labeling.session import Session
from segcap.cli.labeling.worker import Worker, trained
from segcap.core.charset import Charset
from segcap.core.errors import DataError, ParameterError
from segcap.datasets.labelled import read_labels
from segcap.evaluate.metrics import exact_match
from segcap.generate import TextGenerator, write_text
from segcap.training.labelled import encoded_labels

TOKEN = "a-token"
SAMPLES = Path(__file__).parents[1] / "data" / "samples"


@pytest.fixture
def folder(tmp_path):
    for number in range(1, 5):
        level = np.full((20, 40), 60 * number, np.uint8)
        Image.fromarray(level).save(tmp_path / f"{number}.png")
    return tmp_path


class Reader:
    """Reads an image as its name, and is the surer the further behind it stands."""

    def __init__(self):
        self.trained = []

    def read(self, images):
        return [
            f"'{path}' is torn." if path.stem == "3" else Guess(path.stem, int(path.stem) / 10)
            for path in images
        ]

    def train(self, images, labels):
        self.trained.append(dict(zip([path.name for path in images], labels, strict=True)))


@pytest.fixture
def start(folder):
    """Open a client of a folder's page, as after every start of the command."""

    def call(**options):
        session = Session(folder, **options)
        session.step(Reader())
        return make_app(session, TOKEN).test_client()

    return call


def post(client, path, status=200, **body):
    response = client.post(f"/{TOKEN}/{path}", json=body)
    assert response.status_code == status
    return response.json


def test_nothing_is_found_without_the_token(start, folder):
    client = start()
    for prefix in ("", "/wrong", f"/{TOKEN}x"):
        for path in ("/", "/state", "/image/0", "/page.js"):
            assert client.get(prefix + path).status_code == 404
        assert (
            client.post(f"{prefix}/answer", json={"image": "1.png", "text": "1"}).status_code == 404
        )
    assert not (folder / "labels.csv").exists()


def test_the_page_loads_nothing_from_elsewhere(start):
    client = start()
    for path in ("", "page.js", "page.css", "state", "image/0"):
        with client.get(f"/{TOKEN}/{path}") as response:
            assert response.status_code == 200
            assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert response.headers["Cache-Control"] == "no-store"
            assert b"http" not in response.data
    assert client.get(f"/{TOKEN}/server.py").status_code == 404
    assert client.get(f"/{TOKEN}/image/4").status_code == 404


def test_answers_are_written_and_taken_back(start, folder, tree):
    before = tree(folder)
    client = start()
    state = client.get(f"/{TOKEN}/state").json
    assert (state["image"], state["guess"]) == ("1.png", {"text": "1", "confidence": 0.1})
    assert (state["labelled"], state["total"], state["can_undo"]) == (0, 3, False)
    assert state["unreadable"] == [f"'{folder / '3.png'}' is torn."]
    assert post(client, "answer", image="1.png", text="1a")["image"] == "2.png"
    assert post(client, "answer", image="1.png", text="sent twice")["labelled"] == 1
    assert read_labels(folder / "labels.csv") == {folder / "1.png": "1a"}
    assert post(client, "skip", image="2.png")["image"] == "4.png"
    assert post(client, "undo")["image"] == "2.png"
    state = post(client, "undo")
    assert (state["image"], state["label"], state["can_undo"]) == ("1.png", "1a", False)
    assert read_labels(folder / "labels.csv") == {}
    assert post(client, "undo")["image"] == "1.png"
    assert {name: tree(folder)[name] for name in before} == before


def test_a_page_that_is_started_again_goes_on(start, folder):
    post(start(), "answer", image="1.png", text="one")
    with (folder / "labels.csv").open("a") as file:
        file.write("elsewhere.png,kept\n")
    client = start()
    state = client.get(f"/{TOKEN}/state").json
    assert (state["image"], state["labelled"]) == ("2.png", 1)
    post(client, "answer", image="2.png", text="two")
    state = post(client, "answer", image="4.png", text="four")
    assert (state["image"], state["labelled"]) == (None, 3)
    with (folder / "labels.csv").open(newline="") as file:
        assert dict(csv.reader(file)) == {
            "file": "label",
            "1.png": "one",
            "elsewhere.png": "kept",
            "2.png": "two",
            "4.png": "four",
        }


def test_what_cannot_be_written_is_still_asked(start, folder):
    client = start(length=2)
    assert "must have 2 characters" in post(client, "answer", 422, image="1.png", text="1")["error"]
    (folder / "labels.csv").write_text("picture,name\n")
    assert (
        "must have a column file" in post(client, "answer", 422, image="1.png", text="12")["error"]
    )
    state = client.get(f"/{TOKEN}/state").json
    assert (state["image"], state["labelled"]) == ("1.png", 0)
    assert (folder / "labels.csv").read_text() == "picture,name\n"


def test_an_image_that_cannot_be_shown_is_left_out(start, folder):
    client = start()
    (folder / "1.png").write_bytes(b"torn")
    assert client.get(f"/{TOKEN}/image/0").status_code == 404
    state = client.get(f"/{TOKEN}/state").json
    assert (state["image"], len(state["unreadable"])) == ("2.png", 2)


def test_an_image_whose_label_could_not_be_found_again_is_left_out(start, folder):
    (folder / "1.png").rename(folder / " 1.png")
    state = start().get(f"/{TOKEN}/state").json
    assert len(state["unreadable"]) == 2
    assert any("without spaces at its ends. Got ' 1.png'" in one for one in state["unreadable"])


def test_the_reader_is_trained_on_what_was_answered(folder, monkeypatch):
    monkeypatch.setattr("segcap.cli.labeling.queue.FIRST_TRAINING", 2)
    session, reader = Session(folder), Reader()
    session.answer("1.png", "one")
    session.answer("2.png", "two")
    session.step(reader)  # guesses go first
    assert not reader.trained
    session.step(reader)
    assert reader.trained == [{"1.png": "one", "2.png": "two"}]
    assert session.queue.unread(9) == ["4.png"]
    state = session.state()
    assert "trained on 2 labels" in state["note"]
    untrained = Session(folder, trains=False)
    untrained.step(reader)
    untrained.step(reader)
    assert len(reader.trained) == 1


def test_a_training_that_fails_says_why_and_the_guesses_stand(folder, monkeypatch):
    def refuse(*_):
        raise DataError("Training needs more. Got little.")

    monkeypatch.setattr("segcap.cli.labeling.queue.FIRST_TRAINING", 1)
    session, reader = Session(folder), Reader()
    session.step(reader)
    session.answer("1.png", "one")
    reader.train = refuse
    session.step(reader)
    state = session.state()
    assert state["note"] == "Not trained. Training needs more. Got little."
    assert state["guess"]["text"] == "2"
    assert not session.queue.wants_training


def test_a_reader_that_stops_says_why(folder):
    def stop():
        raise DataError("It must go on. Got its end.")

    session = Session(folder)
    session.run(stop)
    assert session.state()["note"] == "No more guesses. It must go on. Got its end."
    session.answer("1.png", "1")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path / "none", "must be in a folder. Got '{}', which is none."),
        (lambda path: path / "1.png", "must be in a folder. Got '{}', which is none."),
        (lambda path: empty(path), "must hold at least one image"),
        (lambda path: columns(path), "must have a column file"),
    ],
)
def test_folders_that_cannot_be_labelled(make, message, folder, command):
    place = make(folder)
    status, out, err = command("label", place, "--no-browser")
    assert (status, out) == (2, "")
    assert message.format(place) in err
    assert err.count("\n") == 1


def empty(folder):
    (folder / "empty").mkdir()
    return folder / "empty"


def columns(folder):
    (folder / "labels.csv").write_text("picture,name\n1.png,1\n")
    return folder


def test_a_port_in_use_is_refused(folder, command):
    server, address = open_server(Session(folder))
    assert address.startswith(f"http://127.0.0.1:{server.port}/")
    try:
        status, _, err = command("label", folder, "--port", server.port, "--no-browser")
    finally:
        server.server_close()
    assert status == 2
    assert f"must be free to use, or 0 for any. Got {server.port}: " in err
    assert err.count("\n") == 1


@pytest.mark.slow
def test_a_reader_reads_in_a_process_of_its_own(folder):
    worker = Worker("digits", {"length": 4})
    (folder / "torn.png").write_bytes(b"torn")
    guess, error = worker.read([SAMPLES / "sum-apart-0.png", folder / "torn.png"])
    assert guess.text == "2395"
    assert "torn.png" in error
    with pytest.raises(DataError, match="To be trained further"):
        worker.train([SAMPLES / "sum-apart-0.png"], ["2395"])


@pytest.mark.slow
def test_a_reader_guesses_otherwise_once_it_is_trained(tmp_path):
    write_text(TextGenerator("gradient-line"), 20, tmp_path, seed=3)
    known = read_labels(tmp_path / "labels.csv")
    images, labels = list(known), list(known.values())
    worker = Worker("any", {"length": 5})
    before = worker.read(images)
    worker.train(images, labels)
    after = worker.read(images)
    assert after != before
    rights = [[own.text for own in guesses] for guesses in (before, after)]
    assert exact_match(rights[1], labels).value >= exact_match(rights[0], labels).value


def test_a_reader_that_does_not_cut_is_not_trained():
    with pytest.raises(ParameterError, match="must be a reader that cuts"):
        trained(segcap.load("six-char"), [], [])


def test_labels_that_a_reader_cannot_answer_do_not_train_it():
    with pytest.raises(DataError, match="Got none among 1"):
        trained(segcap.load("digits"), [SAMPLES / "sum-apart-0.png"], ["abcd"])


def test_what_has_become_worse_by_training_is_refused(monkeypatch):
    def spoil(self, images, labels, *, on_progress):
        self.provenance_["figures"] = {"characters_held_out": 0.5}
        return self

    monkeypatch.setattr(segcap.GlyphReader, "partial_fit", spoil)
    with pytest.raises(DataError, match="Got 50% of the characters held out, and 100% of all"):
        trained(segcap.load("digits"), [SAMPLES / "sum-apart-0.png"], ["2395"])


def test_undo_wakes_the_reader(tmp_path):
    for name in ("sum-apart-0.png", "sum-apart-1.png"):
        (tmp_path / name).write_bytes((SAMPLES / name).read_bytes())
    session = Session(tmp_path)
    asked = session.queue.current
    session.answer(asked, "12")
    session.queue.forget_reader()
    for name in session.queue.unread(9):
        session.queue.guess(name, Guess("1", 0.5))
    woken = threading.Event()

    def wait():
        with session._changed:
            session._changed.wait_for(lambda: session.queue.unread(1), timeout=20)
            woken.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    session.undo()
    waiting.join(10)
    assert woken.is_set()
    session.cannot_show(asked, "It is damaged.")
    assert session.state()["label"] is None


def test_a_full_disk_loses_no_label(start, folder, no_room):
    client = start()
    post(client, "answer", image="1.png", text="one")
    before = (folder / "labels.csv").read_bytes()
    with no_room():
        post(client, "answer", 422, image="2.png", text="two")
    assert (folder / "labels.csv").read_bytes() == before
    assert client.get(f"/{TOKEN}/state").json["image"] == "2.png"
    assert post(client, "answer", image="2.png", text="two")["labelled"] == 2


def test_what_has_become_worse_is_refused_whatever_case_labels_are_typed_in(monkeypatch):
    def spoil(self, images, labels, *, on_progress):
        assert encoded_labels(images, labels, charset=Charset(self.charset), length=None)
        self.provenance_["figures"] = {"characters_held_out": 0.5}
        return self

    sample = TextGenerator("wordpress").sample(seed=1)
    reader = segcap.load("wordpress", case="fold")
    assert reader.read(sample.image).text == sample.label
    monkeypatch.setattr(segcap.GlyphReader, "partial_fit", spoil)
    with pytest.raises(DataError, match="Got 50% of the characters held out, and 100% of all"):
        trained(reader, [sample.image], [sample.label.swapcase()])
