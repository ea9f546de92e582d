"""Every check of arguments has one table here; elsewhere one case shows that a function has it."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from segcap.core import validation
from segcap.core.batching import check_batching, check_jobs
from segcap.core.errors import ParameterError, SegcapWarning

NAN, INFINITE = float("nan"), float("inf")

whole = partial(validation.whole_number, "n")
bounded = partial(validation.whole_number, "n", least=1, most=9)
seed = partial(validation.seed_number, "seed")
few = partial(validation.one_of, "tta", known=(1, 2, 4), of="a reader")
single = partial(validation.one_of, "tta", known=(1,), of="'crnn'")
fractions = partial(validation.fractions, "p")
inner = partial(validation.inner_fraction, "p")
number = partial(validation.number, "x")
positive = partial(validation.number, "x", above_zero=True)
fraction = partial(validation.check_fraction, "p")


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (whole, -1, "The 'n' must be an integer of at least 0. Got -1."),
        (whole, 2.0, "an integer of at least 0. Got 2.0."),
        (whole, True, "Got True."),
        (whole, "3", "Got '3'."),
        (whole, None, "Got None."),
        (whole, NAN, "Got nan."),
        (whole, np.arange(2), "Got array"),
        (bounded, 0, "The 'n' must be an integer in 1 ... 9. Got 0."),
        (bounded, 10, "in 1 ... 9. Got 10."),
        (seed, -1, "The 'seed' must be an integer in 0 ... 4294967295. Got -1."),
        (seed, 2**32, "Got 4294967296."),
        (few, 3, "The 'tta' of a reader must be one of 1, 2, 4. Got 3."),
        (few, True, "Got True."),
        (few, "2", "Got '2'."),
        (single, 2, "The 'tta' of 'crnn' must be 1. Got 2."),
        (fractions, "0.5", "The 'p' must be a number in [0, 1], or many. Got '0.5'."),
        (fractions, None, "Got None."),
        (fractions, True, "Got True."),
        (fractions, [[1], [1, 1]], "Got [[1], [1, 1]]."),
        (fractions, 1.5, "The 'p' must lie in [0, 1]. Got 1.5."),
        (fractions, [0.5, -0.25], "Got -0.25."),
        (fractions, NAN, "Got nan."),
        (inner, 0, "The 'p' must be a number in (0, 1). Got 0."),
        (inner, 1.0, "Got 1.0."),
        (inner, NAN, "Got nan."),
        (inner, "0.5", "Got '0.5'."),
        (number, -0.5, "The 'x' must be a number of at least 0. Got -0.5."),
        (number, INFINITE, "Got inf."),
        (number, NAN, "Got nan."),
        (number, 10**400, "Got 1000"),
        (number, True, "Got True."),
        (number, "1", "Got '1'."),
        (number, None, "Got None."),
        (positive, 0, "The 'x' must be a number greater than 0. Got 0."),
        (fraction, -0.1, "The 'p' must be a number in [0, 1]. Got -0.1."),
        (fraction, 1.1, "Got 1.1."),
        (fraction, NAN, "Got nan."),
        (fraction, "1", "Got '1'."),
        (fraction, True, "Got True."),
        (validation.check_length, 0, "The 'length' must be an integer of at least 1. Got 0."),
        (validation.check_length, 4.0, "Got 4.0."),
        (validation.check_size, 5, "The 'size' of images must be a width and a height. Got 5."),
        (validation.check_size, (5,), "Got (5,)."),
        (validation.check_size, "48", "Got '48'."),
        (validation.check_size, (0, 5), "The 'size' must be an integer of at least 1. Got 0."),
        (validation.check_errors, "ignore", "must be 'record' or 'raise'. Got 'ignore'."),
        (validation.check_errors, None, "Got None."),
        (validation.check_many, "a.png", "must be a sequence of images. Got str instead."),
        (validation.check_many, Path("a.png"), "Got "),
        (validation.check_many, b"png", "Got bytes instead."),
        (validation.check_many, 3, "Got int instead."),
        (
            validation.check_many,
            np.zeros((8, 9)),
            "must have shape (N, H, W) or (N, H, W, 1, 3 or 4).",
        ),
        (validation.check_many, np.zeros((8, 9, 3)), "Got (8, 9, 3) instead."),
        (validation.check_many, np.array("a.png"), "Got () instead."),
        (lambda value: check_batching(value, 1), 0, "Got 0."),
        (check_jobs, 0, "'n_jobs' must be at least 1"),
        (check_jobs, -2, "Got -2."),
    ],
)
def test_what_is_refused(check, value, message):
    with pytest.raises(ParameterError) as raised:
        check(value)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("check", "value", "taken"),
    [
        (whole, 0, 0),
        (whole, np.int64(7), 7),
        (bounded, 9, 9),
        (seed, 2**32 - 1, 2**32 - 1),
        (few, np.uint8(4), 4),
        (fractions, [0, 1], [0, 1]),
        (fractions, [], []),
        (inner, 0.5, 0.5),
        (number, 0, 0.0),
        (positive, np.float32(0.5), 0.5),
        (fraction, 0, None),
        (fraction, 1, None),
        (validation.check_length, None, None),
        (validation.check_length, 1, None),
        (validation.check_size, None, None),
        (validation.check_size, np.array([5, 7]), None),
        (validation.check_errors, "raise", None),
        (validation.check_many, [], None),
        (validation.check_many, np.zeros((0, 8, 9)), None),
        (validation.check_many, np.zeros((2, 8, 9, 3)), None),
        (validation.check_many, np.array(["a.png"]), None),
        (check_jobs, -1, None),
    ],
)
def test_what_is_taken(check, value, taken):
    result = check(value)
    assert type(result) not in (np.int64, np.uint8, np.float32)
    np.testing.assert_array_equal(result, taken)


def test_labels_that_no_reader_accepts_are_counted():
    with pytest.warns(SegcapWarning, match="2 of 3 labels .* such as 'a'") as warned:
        validation.warn_impossible(np.array(["a", "b", "1"]), str.isdigit, stacklevel=1)
    assert warned[0].filename == __file__
    validation.warn_impossible([], str.isdigit, stacklevel=1)


def test_weights_of_nothing_and_of_no_shape():
    assert validation.sample_weights([], 0).shape == (0,)
    with pytest.raises(ParameterError, match="Got rows of several lengths"):
        validation.sample_weights([[1, 2], [3]], 2)
