"""Images, readers and settings that the tests of benchmarks rate."""

import numpy as np
from PIL import Image
from skimage import data

from segcap import ClassReading
from segcap.benchmark import SplitTask
from segcap.core.image import load_image
from segcap.datasets import load
from segcap.generate import TextGenerator, write_text


def quick_costs(patch):
    """Measure costs of few images."""
    patch.setattr("segcap.benchmark.cost.LATENCIES", 2)
    patch.setattr("segcap.benchmark.cost.WARM_UP", 1)
    patch.setattr("segcap.benchmark.cost.AT_ONCE", (2, 4))
    patch.setattr("segcap.benchmark.cost.SECONDS_AT_ONCE", 0.0)


def draw_texts(place):
    """Write forty images of four digits, with labels.csv and a manifest."""
    generator = TextGenerator("clean", charset="0123456789", length=4)
    write_text(generator, 40, place, seed=1)
    return place


def split_task_in(place):
    return SplitTask.of(load("labelled", place), test=0.5)


def cut_photos(place):
    """Write parts of a photo of a cat, and of one of coffee."""
    for name, photo in (("cat", data.chelsea()), ("coffee", data.coffee())):
        (place / name).mkdir()
        for number in range(30):
            row, column = divmod(number, 6)
            part = photo[50 * row : 50 * row + 48, 64 * column : 64 * column + 48]
            Image.fromarray(part).save(place / name / f"{number}.png")
    return load("folders", place, duplicates="content")


class Nearest:
    """Answers with the label of the training image whose mean colour is nearest."""

    name, approach, description = "nearest", "end-to-end", "mean colours"

    def fit(self, train):
        self.labels = train.labels.tolist()
        self.colours = self._of(train.images)

    def answer(self, images):
        distances = np.abs(self._of(images)[:, None] - self.colours).sum(axis=2)
        return [
            ClassReading(self.labels[place], confidence=0.5) for place in distances.argmin(axis=1)
        ]

    def _of(self, images):
        return np.array([load_image(image).mean(axis=(0, 1)) for image in images])


def truth_of(split_task):
    """A function that reads as the labels say, for it knows the images."""
    known = {
        load_image(image).tobytes(): label
        for image, label in zip(split_task.tested.images, split_task.truths, strict=True)
    }
    return lambda image: known[image.tobytes()]
