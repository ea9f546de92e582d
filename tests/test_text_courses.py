"""Courses of training on whole texts: what each leaves is kept if it helps, also after Ctrl-C."""

from types import SimpleNamespace

import numpy as np
import pytest

import segcap
from segcap.core.image import load_image
from segcap.generate import TextGenerator
from segcap.training.labelled import LabelledTexts


def clean_digits(n):
    generator = TextGenerator("clean", charset="0123456789", length=3, size=(96, 40))
    return [load_image(sample.image) for sample in generator.samples(n, seed=0)]


class Judged:
    """A course that labels held out fit so well, before and after."""

    def __init__(self, *scores, stopped=False, trained=True):
        self.scores, self.stopped, self.has_trained = list(scores), stopped, trained

    def run(self, seed, state):
        assert state.name == "state.more"
        if self.stopped:
            raise KeyboardInterrupt

    def with_network(self, pipeline):
        return "after"

    def fit_of_held_out(self):
        return self.scores.pop(0)

    def with_more(self, images, classes, epochs, report):
        assert len(images) == len(classes) == 4
        assert epochs == 3
        return self


@pytest.mark.parametrize(
    ("course", "kept", "interrupted"),
    [
        (Judged(-1.0, -0.5), "after", False),
        (Judged(-1.0, -1.5), "before", False),
        (Judged(-1.0, -1.0), "before", False),
        (Judged(-1.0, -0.5, stopped=True), "after", True),
        (Judged(-1.0, stopped=True, trained=False), "before", True),
    ],
)
def test_what_unlabelled_images_teach_is_kept_if_it_helps(course, kept, interrupted):
    from segcap.training.course import train_on_sure_readings

    before = segcap.load("digits")._pipeline()
    images = [*clean_digits(4), np.zeros((40, 96, 3), np.uint8)]
    got = train_on_sure_readings(course, before, images, 3, 0, "state", print)
    assert got[:2] == ("after" if kept == "after" else before, interrupted)
    assert got[2] == {"unlabelled": 5, "read_surely": 4, "unlabelled_help": kept == "after"}


def test_ctrl_c_before_anything_was_trained_is_passed_on():
    from segcap.training.course import run_course

    course = Judged(stopped=True, trained=False)
    with pytest.raises(KeyboardInterrupt):
        run_course(course, "before", 0, "state.more")
    assert run_course(course, "before", 0, "state.more", may_stay=True) == ("before", True)


@pytest.mark.parametrize("epochs", [0, 2])
def test_a_training_of_lines_that_is_stopped_keeps_its_epochs(monkeypatch, epochs):
    """Those of a state that it went on from, too."""
    from segcap.training import course
    from segcap.training.fit import History, Interrupted
    from segcap.training.line_course import LineCourse

    def stopped(*_, **__):
        raise Interrupted(History(loss=[2.0] * epochs, validation_accuracy=[0.25, 0.5][:epochs]))

    monkeypatch.setattr(course, "fit_network", stopped)
    settings = segcap.load("mixed")._settings()
    texts = LabelledTexts(clean_digits(4), [np.array([0, 1, 2])] * 4, np.arange(4) < 1)
    of_lines = LineCourse(lambda: None, {}, settings, texts, averages=True, epochs=3, report=print)
    with pytest.raises(KeyboardInterrupt):
        of_lines._train(of_lines._batches, None, 0, None)
    assert of_lines.has_trained == (epochs > 0)
    assert of_lines.figures == ({"line_epochs": 2, "line_texts": 0.5} if epochs else {})


@pytest.mark.parametrize(("now", "kept"), [(0.4, "before"), (0.5, "after")])
def test_lines_are_kept_unless_texts_were_read_better_before(monkeypatch, now, kept):
    from segcap.training import text_stages

    course = Judged()
    course.figures = {}
    course.begin_again = lambda: course.scores.append("begun again")
    accuracies = {"before": 0.5, "after": now}
    read = {name: {"texts_held_out": rate} for name, rate in accuracies.items()}
    before = SimpleNamespace(settings=None)
    monkeypatch.setattr(text_stages, "LineCourse", lambda *_, **__: course)
    monkeypatch.setattr(text_stages, "_described", lambda *_: {})
    monkeypatch.setattr(
        text_stages, "_accuracy", lambda own, _: read["before" if own is before else own]
    )
    stages = text_stages.TextStages(before, None, 0, "state.more", lambda done, note: None)
    stages.train_lines(None, {}, after=0, epochs=1, alone=False)
    assert stages.pipeline is (before if kept == "before" else "after")
    assert stages.accuracy() == read[kept]
    assert stages.figures == {"line_helps": kept == "after"}
    assert not stages.interrupted
    assert course.scores == (["begun again"] if kept == "before" else [])


def test_weights_are_averaged_with_those_before(monkeypatch):
    """A network of one weight, 0 before and 8 after training on 60 images."""
    from segcap.training.line_course import LineCourse

    class Network:
        weight = 0.0

        def get_weights(self):
            return [np.array(self.weight)]

        def set_weights(self, weights):
            (self.weight,) = map(float, weights)

    def trained(self, *_):
        self.has_trained, self._model.weight = True, 8.0
        raise KeyboardInterrupt

    monkeypatch.setattr(LineCourse, "_train", trained)
    monkeypatch.setattr("segcap.models.line_ctc.freeze_strokes", lambda _: None)
    settings = segcap.load("mixed")._settings()
    texts = LabelledTexts(clean_digits(4), [np.array([0, 1, 2])] * 4, np.arange(4) < 1)
    of_lines = LineCourse(Network, {}, settings, texts, averages=True, epochs=3, report=print)
    of_lines._batches = SimpleNamespace(sizes=np.full(60, 120), evaluate=lambda _: (0.0, 0.25))
    with pytest.raises(KeyboardInterrupt):
        of_lines.run(0, None)
    assert of_lines._model.weight == 6
    assert of_lines.figures == {"line_texts": 0.25}


@pytest.mark.parametrize(("images", "steps"), [(1, 1), (12, 4), (90, 26), (270, 32)])
def test_few_images_are_shown_less(monkeypatch, images, steps):
    from segcap.training.line_course import LineCourse

    monkeypatch.setattr("segcap.training.line_course._MOST_STEPS", 32)
    settings = segcap.load("mixed")._settings()
    texts = LabelledTexts(clean_digits(2), [np.array([0, 1, 2])] * 2, np.arange(2) < 1)
    of_lines = LineCourse(lambda: None, {}, settings, texts, averages=True, epochs=1, report=print)
    of_lines._batches = SimpleNamespace(sizes=np.full(images, 120))
    assert of_lines._steps() == steps


@pytest.mark.parametrize(("scores", "kept"), [((-1.0, -1.5), "before"), ((-1.0, -0.5), "after")])
def test_lines_trained_alone_are_kept_where_labels_fit_no_worse(monkeypatch, scores, kept):
    from segcap.training import text_stages

    course = Judged(*scores)
    course.figures = {}
    course.begin_again = lambda: None
    before = SimpleNamespace(settings=None)
    with_start = iter([before, "after"])
    course.with_network = lambda _: next(with_start)
    monkeypatch.setattr(text_stages, "LineCourse", lambda *_, **__: course)
    monkeypatch.setattr(text_stages, "_described", lambda *_: {})
    rates = {"texts_held_out": 0.5}
    monkeypatch.setattr(text_stages, "_accuracy", lambda own, _: rates)
    stages = text_stages.TextStages(before, None, 0, "state.more", lambda done, note: None)
    stages.train_lines(None, {}, after=0, epochs=1, alone=True)
    assert stages.pipeline is (before if kept == "before" else "after")
    assert stages.figures == {"line_helps": kept == "after", "texts_held_out_before": 0.5}
