"""What may be answered, and how probable that makes it."""

import numpy as np
import pytest

from segcap.core.charset import Charset
from segcap.recognition.admitted import Admitted

DIGITS = "0123456789"


def test_no_mark_is_preferred_to_another():
    admitted = Admitted(Charset(f"{DIGITS}.,"), f"{DIGITS}.,", "keep", "number")
    scores = admitted.of_columns(np.zeros((1, 13), np.float32), 1.0)
    np.testing.assert_allclose(scores[0, 11:] - scores[0, 0], 2.0)


def test_looks_that_prefer_another_mark_agree_that_it_is_one():
    admitted = Admitted(Charset("05.,"), None, "keep", "number")
    looks = np.log([[0.1, 0.05, 0.5, 0.35], [0.1, 0.05, 0.35, 0.5]])
    mean = looks.mean(axis=0, keepdims=True)
    found = np.exp(admitted.by_meaning(mean))
    assert found[0, 2:].max() > 0.8
    assert found[0, 2:].min() == 0


@pytest.mark.parametrize(
    ("kind", "allowlist", "more"),
    [
        ("number", f"{DIGITS}.", 2.0),
        ("number", None, 0.0),
        ("number", DIGITS, None),
        ("text", f"{DIGITS}.", 0.0),
    ],
)
def test_a_point_that_is_asked_for_is_more_probable(kind, allowlist, more):
    admitted = Admitted(Charset(f"{DIGITS}."), allowlist, "keep", kind)
    scores = admitted.of_columns(np.zeros((3, 12), np.float32), 1.0)
    np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1)
    if more is None:
        assert (scores[:, 11] == -np.inf).all()
    else:
        np.testing.assert_allclose(scores[:, 11] - scores[:, 0], more)
