"""Third parties' readers: stand-ins for those that are not installed, and those that are."""

import shutil
import stat
import sys
from types import ModuleType

import numpy as np
import pytest

from segcap.benchmark import Ddddocr, Tesseract
from segcap.benchmark.peers import in_charset, installed_peers
from segcap.benchmark.split_task import SplitTask
from segcap.benchmark.tasks import default_readers, task_readers
from segcap.core.errors import ParameterError
from segcap.datasets import load
from segcap.generate import TextGenerator, write_text

PROGRAM = """#!{python}
import sys
if sys.argv[1] == "--version":
    sys.exit("tesseract 5.3.0\\n leptonica")
if sys.argv[1] == "stdin":
    assert sys.stdin.buffer.read(4) == b"\\x89PNG"
else:
    held = bytearray(b"a" * 60_000_000)
assert sys.argv[2:7] == ["stdout", "--psm", "8", "-c", "tessedit_char_whitelist=AabB1"], sys.argv
print("level\\tconf\\ttext")
print("4\\t-1\\t")
print('5\\t91.0\\t"B')
print("5\\t90.0\\ta1-")
"""


@pytest.fixture
def images():
    return [sample.image for sample in TextGenerator("clean", length=4).samples(3)]


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A program that stands in for tesseract."""
    file = tmp_path / "tesseract"
    file.write_text(PROGRAM.format(python=sys.executable))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return file


def test_tesseract_is_started_with_a_whitelist(program, images):
    peer = Tesseract(charset="Ab1", psm=8)
    assert [reply.answer for reply in peer.answer(images)] == ["bA1"] * 3
    assert (peer.name, peer.approach) == ("tesseract", "peer")
    assert peer.identity["psm"] == 8
    assert peer.identity["version"] == "tesseract 5.3.0"
    assert "tesseract" in installed_peers()


def test_an_image_that_kills_tesseract_has_no_answer(program, images):
    dies = "import os, signal\nos.kill(os.getpid(), signal.SIGFPE)\nassert sys.argv[2:7]"
    program.write_text(program.read_text().replace("assert sys.argv[2:7]", dies))
    (reply,) = Tesseract(charset="Ab1", psm=8).answer(images[:1])
    assert (reply.answer, reply.status) == ("", "empty")


def test_the_memory_of_tesseract_is_that_of_the_program(program, images):
    peer = Tesseract(charset="Ab1", psm=8)
    held = np.ones(50_000_000)
    assert 57 < peer.peak_memory(images) < held.nbytes / 2**20 / 2


def test_psm_is_one_for_short_texts():
    with pytest.raises(ParameterError, match=r"The 'psm' of Tesseract must be 7 or 8\. Got 6\."):
        Tesseract(psm=6)


def test_sums_are_added_up(program, images):
    peer = Tesseract(asks="sums")
    peer.function = lambda image: "0907"
    assert [reply.answer for reply in peer.answer(images)] == [16] * 3


def test_ddddocr_is_kept_to_the_charset(monkeypatch, images):
    class Ocr:
        def __init__(self, show_ad):
            assert show_ad is False

        def set_ranges(self, ranges):
            assert ranges == "aAbB1"

        def classification(self, image):
            assert image.size == (images[0].shape[1], images[0].shape[0])
            return "A b1!"

    module = ModuleType("ddddocr")
    module.DdddOcr = Ocr
    monkeypatch.setitem(sys.modules, "ddddocr", module)
    peer = Ddddocr(charset="ab1")
    (reply,) = peer.answer(images[:1])
    assert (reply.answer, reply.status) == ("ab1", "ok")
    assert np.isnan(reply.confidence)


def test_characters_of_the_other_case_are_taken_as_their_own():
    assert in_charset("Ab-C1", "aBc1") == "aBc1"
    assert in_charset("aA", "aA") == "aA"


def test_peers_take_part_where_they_are_installed(monkeypatch, tmp_path):
    write_text(TextGenerator("clean", length=4), 12, tmp_path)
    split_task = SplitTask.of(load("labelled", tmp_path))
    monkeypatch.setattr("segcap.benchmark.tasks.installed_peers", lambda: ["tesseract"])
    assert default_readers("texts") == ["glyphs", "end-to-end", "tesseract"]
    peer = task_readers(split_task, ["tesseract"])["tesseract"]
    assert peer.charset == split_task.training.charset
    with pytest.raises(ParameterError, match="The reader 'ddddocr' must be installed"):
        task_readers(split_task, ["ddddocr"])


@pytest.mark.parametrize("peer", [Ddddocr, Tesseract])
def test_installed_peers_read(peer):
    name = peer().name
    if name not in installed_peers():
        pytest.skip(f"{name} is not installed")
    generator = TextGenerator("clean", charset="0123456789", length=4, difficulty=0.0)
    samples = generator.samples(6)
    replies = peer().answer([sample.image for sample in samples])
    right = [reply.answer == sample.label for reply, sample in zip(replies, samples, strict=True)]
    assert sum(right) >= 3
    assert peer().peak_memory([np.repeat(samples[0].image[..., None], 3, axis=2)]) > 5


def test_programs_are_looked_for(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "tesseract" not in installed_peers()
