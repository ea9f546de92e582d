"""Labels: the queue of images that wait, and labels.csv as it is written."""

import pytest

from segcap.cli.labeling.queue import Guess, LabelQueue
from segcap.cli.labeling.table import write_label
from segcap.core.errors import DataError, ParameterError
from segcap.datasets.labelled import read_labels


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
