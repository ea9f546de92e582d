"""Readings are frozen and turn into JSON."""

import dataclasses
import json
import pickle

import numpy as np
import pytest

from segcap.core.reading import ClassReading, Glyph, Reading, SumReading

SEVEN = Glyph("7", 0.75, (1, 2, 13, 24), (("1", 0.2), ("2", 0.05)))
READING = Reading("7", (SEVEN,), confidence=0.75, alternatives=(("1", 0.2),))
SUM = SumReading(7, np.array([0, 0.2, 0.05, 0, 0, 0, 0, 0.75, 0, 0]), READING, confidence=0.75)


def test_reading_turns_into_json():
    assert json.loads(json.dumps(READING.to_dict())) == {
        "text": "7",
        "confidence": 0.75,
        "status": "ok",
        "alternatives": [["1", 0.2]],
        "glyphs": [
            {
                "char": "7",
                "confidence": 0.75,
                "box": [1, 2, 13, 24],
                "alternatives": [["1", 0.2], ["2", 0.05]],
            }
        ],
        "turned": 0,
        "error": None,
    }


def test_sum_turns_into_json():
    assert json.loads(json.dumps(SUM.to_dict())) == {
        "value": 7,
        "confidence": 0.75,
        "status": "ok",
        "alternatives": [],
        "error": None,
        "probabilities": [0, 0.2, 0.05, 0, 0, 0, 0, 0.75, 0, 0],
        "reading": READING.to_dict(),
    }


def test_defaults_are_a_reading_of_nothing():
    assert Reading(status="empty").to_dict() == {
        "text": "",
        "confidence": 0.0,
        "status": "empty",
        "alternatives": [],
        "glyphs": [],
        "turned": 0,
        "error": None,
    }
    assert Glyph("1", 1.0, (0, 0, 1, 1)).alternatives == ()


def test_sum_passes_on_why_its_image_could_not_be_read():
    answer = SumReading.unreadable("no such file")
    assert answer.error == "no such file"
    assert SUM.error is None
    assert json.loads(json.dumps(answer.to_dict()))["reading"]["error"] == "no such file"


@pytest.mark.parametrize(
    ("result", "attribute"), [(SEVEN, "char"), (READING, "text"), (SUM, "value")]
)
def test_results_are_frozen(result, attribute):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(result, attribute, "8")


def test_equal_results_are_equal_and_hash_alike():
    again = SumReading(7, SUM.probabilities.copy(), dataclasses.replace(READING), confidence=0.75)
    assert again == SUM
    assert hash(again) == hash(SUM)
    assert again != dataclasses.replace(SUM, value=8)


def test_dictionary_is_apart_from_the_reading():
    dictionary = READING.to_dict()
    dictionary["glyphs"][0]["box"][0] = 99
    assert READING.glyphs[0].box == (1, 2, 13, 24)


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        (READING, "7"),
        (SUM, 7),
        (ClassReading("dog", np.ones(1), confidence=1.0), "dog"),
        (Reading(status="empty"), ""),
        (SumReading(status="empty"), None),
        (Reading.unreadable("torn"), None),
        (SumReading.unreadable("torn"), None),
        (ClassReading.unreadable("torn"), None),
    ],
)
def test_all_results_are_one_family(result, answer):
    assert result.answer == answer
    assert {"confidence", "status", "alternatives", "error"} < result.to_dict().keys()
    json.dumps(result.to_dict(), allow_nan=False)
    assert pickle.loads(pickle.dumps(result)) == result
    assert "array" not in repr(result)
    assert len(repr(result)) < 100
    if result.status == "unreadable":
        assert (result.confidence, result.error) == (0.0, "torn")
