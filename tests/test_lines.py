"""Pictures of whole lines: how they are cut, drawn, shown; what reads them goes on to know."""

import pickle
import string

import cv2
import numpy as np
import pytest

import segcap
from segcap.core.charset import Charset
from segcap.core.errors import BundleError, DataError
from segcap.decoding.compose import log_softmax
from segcap.decoding.ctc import greedy_classes
from segcap.generate import TextGenerator
from segcap.recognition.engines.logits import check_logits
from segcap.recognition.line_columns import look_at_lines
from segcap.segmentation.line_pictures import cut_line, network_input
from segcap.training.lines import LabelledPictures, LineBatches, as_classes, drawn_pictures
from segcap.training.schedule import Schedule
from segcap.training.synthetic import Source


def test_a_line_is_cut_out_with_what_is_around_it():
    image = np.zeros((100, 300, 3), np.uint8)
    image[40:60, 100:200] = 255
    line = cut_line(image, np.array([100, 40, 200, 60]))
    assert line.box == (95, 35, 205, 65)
    assert line.pixels.shape == (48, 176, 3)
    assert line.pixels[24, 88].tolist() == [255] * 3
    assert line.pixels[2].max() < 60
    columns = line.columns
    assert len(columns) == 22
    assert columns[0].tolist() == [95, 35, 100, 65]
    assert columns[-1, 2] == 205
    assert (columns[1:, 0] <= columns[:-1, 2]).all()


@pytest.mark.parametrize(
    ("shape", "width"), [((1, 1), 48), ((3, 4000), 1920), ((4000, 3), 32), ((20, 21), 48)]
)
def test_lines_of_any_shape_have_bounded_pictures(shape, width):
    image = np.zeros((*shape, 3), np.uint8)
    line = cut_line(image, np.array([0, 0, shape[1], shape[0]]))
    assert line.pixels.shape == (48, width, 3)
    boxes = line.columns
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert (boxes[:, 2:] <= [shape[1], shape[0]]).all()


def test_the_network_sees_blue_first():
    given = network_input(np.array([[[[255, 0, 51]]]], np.uint8))
    np.testing.assert_allclose(given, [[[[-0.6, -1, 1]]]], atol=1e-6)
    assert given.dtype == np.float32


def test_lines_are_found_where_the_text_is():
    sample = TextGenerator("clean", charset=string.digits, length=4, size=(110, 36)).sample(2)
    canvas = np.full((300, 400, 3), sample.image[0, 0], np.uint8)
    canvas[200:236, 250:360] = sample.image[..., np.newaxis]
    found = segcap.load("any")._settings().find(canvas).lines()
    low, high = sample.boxes[:, :2].min(axis=0), sample.boxes[:, 2:].max(axis=0)
    true = np.concatenate([low, high]) + np.array([250, 200, 250, 200])
    assert np.abs(found - true).max() < 8


class OfOneColour:
    """Sees a character in each column that is not white, by its colour: red "a", green "b"."""

    def __init__(self, sure=9.0):
        self.sure, self.widths = sure, []

    def logits(self, pictures):
        self.widths.append(pictures.shape[2])
        middles = pictures[:, 24, 4::8]
        blue, green, red = np.moveaxis(middles > 0, -1, 0)
        seen = np.stack([red & green & blue, red & ~green, green & ~red], axis=-1)
        return self.sure * seen.astype(np.float32)


def in_two_lines():
    image = np.full((100, 96, 3), 255, np.uint8)
    image[10:40, 8:40], image[60:90, 8:40] = (255, 0, 0), (255, 0, 0)
    image[60:90, 56:88] = (0, 255, 0)
    return image, np.array([[8, 10, 40, 40], [8, 60, 88, 90]])


def test_characters_at_an_end_and_a_beginning_are_two():
    engine = OfOneColour()
    columns = look_at_lines(*in_two_lines(), engine, log_softmax)
    assert greedy_classes(columns.log_probabilities).tolist() == [0, 0, 1]
    assert len(columns.boxes) == len(columns.log_probabilities)
    assert columns.boxes[:, 1].tolist() == sorted(columns.boxes[:, 1].tolist())
    assert not columns.others
    assert len(engine.widths) == 2


def test_what_is_read_unsurely_is_looked_at_twice_more():
    engine = OfOneColour(sure=1.0)
    columns = look_at_lines(*in_two_lines(), engine, log_softmax)
    assert len(columns.others) == 2
    assert len({*engine.widths}) > 2
    assert look_at_lines(in_two_lines()[0], np.empty((0, 4), int), engine, log_softmax) is None


def test_a_network_of_other_columns_is_refused():
    reader = segcap.load("any")
    pictures = np.zeros((1, 48, 80, 3), np.float32)
    logits = reader.line_.open("onnx").logits(pictures)
    given = {"classes": reader.line_.classes, "options": {}}
    check_logits(logits, [pictures], "line_ctc", **given)
    with pytest.raises(BundleError, match=r"logits of shape \(1, 10, 73\)\. Got \(1, 9, 73\)"):
        check_logits(logits[:, :9], [pictures], "line_ctc", **given)


def test_a_reader_keeps_what_reads_lines(tmp_path):
    reader = segcap.load("any")
    sample = TextGenerator("clean", charset=string.digits, length=4).sample(5)
    reader.save(tmp_path / "copy.segcap")
    for copy in (segcap.load(tmp_path / "copy.segcap"), pickle.loads(pickle.dumps(reader))):
        assert copy.line_.temperature == reader.line_.temperature
        assert copy.read(sample.image) == reader.read(sample.image)
    reader.line_ = None
    reader.save(tmp_path / "without.segcap")
    assert segcap.load(tmp_path / "without.segcap").line_ is None


def test_a_sure_value_is_as_sure_as_its_text():
    sample = TextGenerator("clean", charset="123456789", length=5).sample(5)
    value = segcap.load("any", kind="number", allowlist=string.digits).value(sample.image)
    assert value.value == int(sample.label)
    assert value.confidence >= value.reading.confidence > 0.8


def test_drawn_lines_are_as_wide_as_their_texts_need():
    charset = Charset(string.digits)
    sources = [Source(TextGenerator("clean", charset=string.digits, length=(3, 8)), 1.0)]
    drawn = drawn_pictures(sources, 20, seed=0, charset=charset)
    again = drawn_pictures(sources, 20, seed=0, charset=charset, n_jobs=2)
    assert drawn.classes.tolist() == again.classes.tolist()
    for one, other, classes in zip(drawn.pixels, again.pixels, drawn.classes, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.shape[0] == 48
        assert one.shape[1] % 8 == 0
        assert one.shape[1] // 8 > (classes > 0).sum()


def test_batches_have_one_width():
    rng = np.random.default_rng(0)
    pixels = [rng.integers(0, 255, (48, width, 3), np.uint8) for width in (48, 72, 96, 136)]
    texts = as_classes([np.array([1, 2]), np.array([3]), np.array([1, 1, 1]), np.array([0])])
    assert texts.tolist() == [[2, 3, 0], [4, 0, 0], [2, 2, 2], [1, 0, 0]]
    pictures = LabelledPictures(pixels, texts)
    batch = LineBatches(pictures, pictures).draw(np.array([0, 3]), rng)
    assert batch.inputs[0].shape == (2, 48, 144, 3)
    assert np.abs(batch.inputs[0]).max() <= 1
    assert batch.classes.tolist() == [[2, 3, 0], [1, 0, 0]]
    chosen = pictures.part(np.array([True, False, False, True]))
    assert [own.shape[1] for own in chosen.pixels] == [48, 136]


def test_without_the_package_there_is_nothing_to_start_from(monkeypatch):
    pytest.importorskip("keras")
    from segcap.models import line_ctc

    monkeypatch.setattr(line_ctc, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"package rapidocr must be installed.*no such package"):
        line_ctc.start_from_ppocr(None, "01")


@pytest.mark.slow
def test_it_starts_from_what_ppocr_knows():
    pytest.importorskip("rapidocr")
    from segcap.models import build
    from segcap.models.line_ctc import start_from_ppocr

    model = build("line_ctc", 11)
    start_from_ppocr(model, string.digits)
    image = np.full((48, 160, 3), 255, np.uint8)
    cv2.putText(image, "48213", (12, 36), cv2.FONT_HERSHEY_SIMPLEX, 1.3, (0, 0, 0), 3)
    logits = model.predict(network_input(image[np.newaxis]), verbose=0)[0]
    assert greedy_classes(logits).tolist() == [4, 8, 2, 1, 3]


@pytest.mark.slow
def test_a_reader_for_other_characters_goes_on_to_know_them():
    from segcap.training.context import inherit
    from segcap.training.fit import fit_network
    from segcap.training.line_course import finish_line, line_schedule

    known = segcap.load("any")
    model = inherit(known.line_, known.charset_, "03b5#a", before=1)
    generator = TextGenerator("clean", charset="035ab", length=4)
    samples = generator.samples(20, seed=4)
    charset = Charset("03b5#a")
    pixels = [
        cut_line(
            np.dstack([one.image] * 3) if one.image.ndim == 2 else one.image,
            np.concatenate([one.boxes[:, :2].min(axis=0), one.boxes[:, 2:].max(axis=0)]),
        ).pixels
        for one in samples
    ]
    pictures = LabelledPictures(pixels, as_classes([charset.encode(one.label) for one in samples]))
    batches = LineBatches(pictures, pictures)
    assert batches.evaluate(model)[1] > 0.6
    fit_network(model, batches, schedule=line_schedule(1, steps=1), seed=0)
    trained = finish_line(model, batches, {})
    assert trained.classes == 7
    assert 1 <= trained.temperature < 3
    assert batches.character_accuracy(model) > 0.9


def test_a_training_on_few_lines_leaves_first_blocks_as_they_are():
    pytest.importorskip("keras")
    from segcap.models import build
    from segcap.models.line_ctc import freeze_strokes

    model = build("line_ctc", 3)
    freeze_strokes(model)
    frozen = [layer.count_params() for layer in model.layers if not layer.trainable]
    assert frozen[2] > 0
    assert 0.04 < sum(frozen) / model.count_params() < 0.1


def test_a_network_of_lines_is_copied_where_its_weights_are_averaged():
    pytest.importorskip("keras")
    from segcap.models import build
    from segcap.training.compiling import copy_to_train

    model = build("line_ctc", 3)
    copy = copy_to_train(model, Schedule(ema=0.9))
    assert copy is not model
    pictures = np.random.default_rng(0).random((1, 48, 64, 3), np.float32)
    assert np.array_equal(copy(pictures), model(pictures))
