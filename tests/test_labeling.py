"""Labels: the queue alone, labels.csv, and the page's server without a browser."""

import csv
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import segcap
from segcap.cli.labeling.queue import Guess, LabelQueue
from segcap.cli.labeling.server import make_app, open_server
from segcap.cli.labeling.session import Session
from segcap.cli.labeling.table import write_label
from segcap.cli.labeling.worker import Worker, trained
from segcap.core.errors import DataError, ParameterError
from segcap.datasets.labelled import read_labels

TOKEN = "a-token"
SAMPLES = Path(__file__).parents[1] / "data" / "samples"


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def queue_of(names, labels=(), **options):
    return LabelQueue(list(names), dict(labels), **options)


def test_what_is_least_sure_is_asked_first_and_what_is_not_guessed_last():
    queue = queue_of("abcd")
    for name, confidence in [("a", 0.9), ("b", 0.2), ("d", 0.5)]:
        queue.guess(name, Guess("12", confidence))
    asked = []
    while queue.current:
        asked.append(queue.current)
        queue.answer(queue.current, "12")
    assert asked == ["b", "d", "a", "c"]
    assert queue.labels == dict.fromkeys("bdac", "12")


def test_what_is_asked_stays_and_keeps_its_guess():
    queue = queue_of("ab")
    assert queue.current == "a"
    queue.guess("b", Guess("1", 0.1))
    queue.guess("a", Guess("2", 0.9))
    queue.guess("a", Guess("3", 0.9))
    assert queue.current == "a"
    assert queue.guesses["a"].text == "2"


def test_what_has_a_label_is_not_asked_again():
    queue = queue_of("abc", {"a": "1", "b": "", "other": "2"})
    assert queue.labels == {"a": "1"}
    assert queue.waiting == ["b", "c"]


def test_answers_and_skips_are_taken_back_one_by_one():
    queue = queue_of("abc")
    queue.guess("a", Guess("1", 0.5))
    queue.answer("a", "2")
    queue.skip("b")
    assert (queue.current, queue.recent) == ("c", (0, 1))
    queue.undo()
    assert (queue.current, queue.taken_back, queue.skipped) == ("b", None, set())
    queue.undo()
    assert (queue.current, queue.taken_back, queue.labels) == ("a", "2", {})
    assert (queue.last, queue.recent) == (None, (0, 0))
    queue.answer("a", "1")
    assert (queue.taken_back, queue.recent) == (None, (1, 1))


def test_a_guess_that_comes_after_its_answer_does_not_count():
    queue = queue_of("ab")
    queue.answer("a", "1")
    queue.guess("a", Guess("1", 0.5))
    queue.undo()
    assert (queue.current, queue.recent) == ("a", (0, 0))


def test_images_that_cannot_be_read_are_left_out():
    queue = queue_of("ab")
    assert queue.current == "a"
    queue.unreadable["a"] = "torn"
    assert queue.current == "b"
    queue.unreadable["b"] = "torn"
    assert queue.current is None


def test_the_rest_takes_as_long_as_most_answers_did():
    clock = Clock()
    queue = queue_of("abcdefg", clock=clock)
    for name, seconds in [("a", 4), ("b", 300), ("c", 2)]:
        assert queue.seconds_left is None
        clock.now += seconds
        queue.answer(name, "1")
    assert queue.seconds_left == 4 * 4


def test_training_is_wanted_at_twenty_labels_and_at_twice_as_many():
    names = [str(number) for number in range(50)]
    queue = queue_of(names)
    wanted = []
    for name in names:
        queue.answer(name, "1")
        if queue.wants_training:
            wanted.append(len(queue.labels))
            queue.trained_on = len(queue.labels)
    assert wanted == [20, 40]
    assert queue_of(names, dict.fromkeys(names[:30], "1")).wants_training
    assert not queue_of(names, dict.fromkeys(names, "1")).wants_training


def test_a_new_reader_reads_all_that_wait_again():
    queue = queue_of("abc")
    assert queue.unread(2) == ["a", "b"]
    for name in "abc":
        queue.guess(name, Guess("1", 0.5))
    queue.answer("b", "1")
    assert queue.unread(9) == []
    queue.forget_reader()
    assert queue.unread(9) == ["a", "c"]
    assert queue.guesses["a"].text == "1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" ", "at least one character. Got none"),
        ("123", "must have 4 characters. Got '123'"),
        ("12a4", "characters of '1234' alone. Got '12a4' with 'a'"),
    ],
)
def test_what_cannot_be_a_label_is_refused(text, message):
    queue = queue_of("a", length=4, allowlist="1234")
    with pytest.raises(ParameterError, match=message):
        queue.answer("a", text)
    assert queue.labels == {}
    queue.answer("a", " 1234 ")
    assert queue.labels == {"a": "1234"}


def test_a_label_is_written_and_all_else_is_kept(tmp_path):
    file = tmp_path / "labels.csv"
    file.write_bytes('\ufeffFilename,text,by\nold.png,é1,Ann\ngone.png,"2,3",\n'.encode())
    write_label(file, "new/a.png", "0042")
    write_label(file, "old.png", "e1")
    expected = '\ufeffFilename,text,by\nold.png,e1,Ann\ngone.png,"2,3",\n'
    assert file.read_text(encoding="utf-8") == expected + "new/a.png,0042,\n"
    write_label(file, "new/a.png", None)
    assert file.read_text(encoding="utf-8") == expected
    file.write_text("file,label,by\nold.png,e1,Ann\n")
    write_label(file, "old.png", None)
    assert file.read_text() == "file,label,by\nold.png,,Ann\n"
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]


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


def test_a_reader_that_does_not_cut_is_not_trained():
    with pytest.raises(ParameterError, match="must be a reader that cuts"):
        trained(segcap.load("six-char"), [], [])


def test_what_has_become_worse_by_training_is_refused(monkeypatch):
    def spoil(self, images, labels, *, on_progress):
        self.provenance_["figures"] = {"characters_held_out": 0.5}
        return self

    monkeypatch.setattr(segcap.GlyphReader, "partial_fit", spoil)
    with pytest.raises(DataError, match="Got 50% of the characters held out, and 100% of all"):
        trained(segcap.load("digits"), [SAMPLES / "sum-apart-0.png"], ["2395"])


def test_quotes_after_spaces_are_none_of_the_labels(tmp_path):
    file = tmp_path / "labels.csv"
    file.write_text('file, label\n"a.png", "4,7"\n"c.png", "12"\n')
    before = read_labels(file)
    write_label(file, "b.png", "3")
    assert read_labels(file) == {**before, tmp_path / "b.png": "3"}
    assert set(before.values()) == {"4,7", "12"}


def test_a_row_with_too_many_cells_is_refused(tmp_path):
    file = tmp_path / "labels.csv"
    file.write_text("file,label\n,,x\n")
    with pytest.raises(DataError, match="its one label"):
        write_label(file, "b.png", "3")


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
