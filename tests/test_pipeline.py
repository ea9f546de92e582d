"""Glyphs in doubt are looked at again; nothing is done twice."""

import cv2
import numpy as np
import pytest

from segcap.core.charset import Charset
from segcap.core.image import load_image
from segcap.decoding.compose import log_softmax
from segcap.generate import digit_sums
from segcap.recognition.pipeline import Pipeline
from segcap.segmentation.settings import SegmentationSettings


class Wavering:
    """Names of glyphs that are sure or not by how often they were asked for."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    temperature = 1.0

    def open(self, engine, device):
        return self

    def logits(self, glyphs):
        self.asked.append(len(glyphs))
        answers = np.atleast_2d(np.float32(self.answers.pop(0)))
        return np.repeat(answers, len(glyphs) // len(answers), axis=0)


@pytest.fixture(scope="module")
def row(handwriting):
    rows = digit_sums(1, 26, seed=1, digits=handwriting, count=3)
    return load_image(rows.images[0])


def named(names, row):
    pipeline = Pipeline(Charset("ab"), names, None, SegmentationSettings(), 3)
    (scored,) = pipeline.score([row])
    return scored.log_probabilities


def test_what_is_sure_is_asked_once(row):
    names = Wavering([9, 0])
    assert np.exp(named(names, row)[:, 0]).min() > 0.99
    assert names.asked == [3]


def test_what_is_in_doubt_is_looked_at_thrice_and_averaged(row):
    looks = [[0.5, 0], [3, 0], [0, 2]]
    names = Wavering(looks[0], looks[1:])
    found = named(names, row)
    assert names.asked == [3, 6]
    together = np.mean([log_softmax(np.float32([look]))[0] for look in looks], axis=0)
    np.testing.assert_allclose(found, [together - np.logaddexp.reduce(together)] * 3)


def dark_is_ink(images):
    return np.where(images.mean(axis=-1, keepdims=True) < 0.5, np.float32(9), np.float32(-9))


@pytest.mark.parametrize("binarization", ["auto", "learned"])
def test_components_are_found_once(row, binarization, monkeypatch):
    calls = []
    found = cv2.connectedComponentsWithStats
    monkeypatch.setattr(
        cv2, "connectedComponentsWithStats", lambda *a, **k: calls.append(a) or found(*a, **k)
    )
    image = row if row.mean() > 127 else 255 - row
    assert len(SegmentationSettings(binarization, ink=dark_is_ink).find(image).segments.boxes) == 3
    assert len(calls) == 1
