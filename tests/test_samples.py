import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

import segcap
from segcap.datasets import load_labelled

DATA = Path(__file__).parent.parent / "data"


def test_the_samples_are_many_and_of_several_lengths():
    images, labels = load_labelled(DATA / "samples")
    assert len(images) >= 40
    assert {len(label) for label in labels} == {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}


def test_the_samples_are_remade(tmp_path):
    subprocess.run([sys.executable, DATA / "make_samples.py", tmp_path], check=True)
    made = {path.name: path for path in tmp_path.iterdir()}
    kept = {path.name: path for path in (DATA / "samples").iterdir()}
    assert made.keys() == kept.keys()
    assert made["labels.csv"].read_bytes() == kept["labels.csv"].read_bytes()
    for name in kept.keys() - {"labels.csv"}:
        pixels = [cv2.imread(str(folder[name]), cv2.IMREAD_UNCHANGED) for folder in (made, kept)]
        np.testing.assert_array_equal(*pixels)


def test_the_samples_are_read():
    images, labels = load_labelled(DATA / "samples")
    assert segcap.load("digits").score(images, labels) >= 0.7
