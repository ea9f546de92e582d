"""Two thousand cases of those that `python -m tests.fuzz` runs by the hundred thousand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import segcap
from segcap.core.errors import ImageError, ParameterError

from . import run as runs
from .cases import NAMES, READABLE, checked, one_sentence
from .run import KINDS, run

pytestmark = pytest.mark.filterwarnings("ignore:Images of another size")

CASES = {"image": 1730, "shape": 40, "bundle": 100, "argument": 130}
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=20),
    st.lists(st.one_of(st.integers(), st.text(max_size=5)), max_size=5),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_outcome_is_a_documented_one(kind):
    report = run(CASES[kind], kinds=(kind,))
    assert not report.faults, str(report)
    assert sum(report.outcomes.values()) == report.done == CASES[kind]


def test_a_run_that_was_stopped_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "SAVED_EVERY", 10)
    whole = run(40, 5, ("image",))

    def stop(done, count, faults):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(40, 5, ("image",), saved=tmp_path / "report.json", on_progress=stop)
    seen = []
    resumed = run(
        40, 5, ("image",), saved=tmp_path / "report.json", on_progress=lambda *at: seen.append(at)
    )
    assert seen == [(20, 40, 0), (30, 40, 0), (40, 40, 0)]
    assert (resumed.done, resumed.outcomes) == (whole.done, whole.outcomes)
    assert str(resumed).splitlines()[0] == "40 cases"


@pytest.fixture(scope="module")
def readers():
    return [segcap.load(name) for name in READABLE]


@settings(max_examples=60)
@given(st.sampled_from(NAMES), VALUES, st.integers(0, len(READABLE) - 1))
def test_any_setting_is_taken_or_refused(readers, name, value, which):
    reader = readers[which]
    before = reader.get_params(deep=False)
    try:
        checked(reader.set_params(**{name: value}).read(np.full((20, 60), 90, np.uint8)))
    except ParameterError as error:
        one_sentence(error)
    finally:
        for parameter, own in before.items():
            setattr(reader, parameter, own)


@settings(max_examples=60)
@given(st.one_of(VALUES, st.binary(max_size=200)))
def test_anything_is_an_image_or_refused(readers, value):
    with pytest.raises(ImageError):
        readers[0].read(value)
