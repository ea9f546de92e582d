"""The shipped readers answer what they answered before; `make_golden.py` says so anew."""

import json

import pytest
from make_golden import GOLDEN
from reader_material import golden_answers, golden_images, golden_sums

import segcap

pytestmark = pytest.mark.filterwarnings("ignore:Images of another size")

KEPT = json.loads(GOLDEN.read_text(encoding="utf-8"))
CLOSE = 0.01
NEARLY_NONE = 0.05


@pytest.fixture(scope="module")
def groups():
    return golden_images()


def check(found, kept):
    """Networks are summed up in another order on another processor, which ties may depend on."""
    assert len(found) == len(kept)
    for place, (now, before) in enumerate(zip(found, kept, strict=True)):
        assert now[2] == pytest.approx(before[2], abs=CLOSE), (place, now, before)
        if before[2] > NEARLY_NONE:
            assert now[:2] == before[:2], place


def test_every_shipped_reader_is_kept():
    assert sorted(KEPT) == sorted(segcap.available())


@pytest.mark.parametrize("name", KEPT)
def test_answers_are_as_before(name, groups):
    reader = segcap.load(name)
    kept = dict(KEPT[name])
    sums = kept.pop("sums of samples", None)
    found = golden_answers(reader, groups)
    assert found.keys() == kept.keys()
    for group, answers in found.items():
        check(answers, kept[group])
    if sums is not None:
        check(golden_sums(reader, groups["samples"]), sums)
