"""Images for every shipped reader, and what it answers to them."""

from pathlib import Path

import numpy as np
from skimage import data

from segcap.core.image import load_image
from segcap.datasets import load_uci_digits
from segcap.generate import TextGenerator, digit_sums, schemes
from segcap.recognition.engines.networks import WEIGHTS, pack_weights
from segcap.recognition.trained import Trained

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
OF_PHOTOS = "cats-dogs", "recaptcha-tiles"
OF_SCHEMES = {
    "any": "wild",
    "captcha-v2": "gradient-line",
    "captcha-v2-crnn": "gradient-line",
    "mixed": "mixed",
    "six-char": "six-char",
    "wordpress": "wordpress",
}
IN_ALL_SCHEMES = 3


def as_trained(model, options=None):
    """A network as training leaves it."""
    parts = {WEIGHTS: pack_weights(model)}
    return Trained(model.name, model.output_shape[-1], parts, 1.0, options or {})


def drawn(scheme, n):
    return [sample.image for sample in TextGenerator(scheme).samples(n, seed=123)]


def photos(n):
    """Parts of a photo of a cat, 90 x 120 pixels."""
    corners = np.random.default_rng(0).integers(0, (210, 330), (n, 2))
    return [data.chelsea()[y : y + 90, x : x + 120] for y, x in corners.tolist()]


def rows(n):
    """Rows of four digits that touch."""
    return list(digit_sums(n, 15, seed=123, digits=load_uci_digits()).images)


def texts(rows):
    """The labels of rows of digits, as what they show."""
    return ["".join(map(str, label)) for label in rows.labels.tolist()]


def images_for(name, n):
    """Images of the kind that a shipped reader is for."""
    if name in OF_PHOTOS:
        return photos(n)
    return drawn(OF_SCHEMES[name], n) if name in OF_SCHEMES else rows(n)


def odd_images():
    """Images that show nothing: blank, of one pixel, tall, wide, noise."""
    return {
        "white": np.full((40, 60, 3), 255, np.uint8),
        "black": np.zeros((50, 200), np.uint8),
        "one pixel": np.full((1, 1), 7, np.uint8),
        "tall": np.full((90, 3), 128, np.uint8),
        "wide": np.full((3, 90), 128, np.uint8),
        "noise": np.random.default_rng(0).integers(0, 256, (33, 77, 3), np.uint8),
    }


def golden_images():
    """Groups of images that every shipped reader answers to."""
    return {
        "samples": [load_image(path) for path in sorted(SAMPLES.glob("*.png"))],
        **{scheme: drawn(scheme, IN_ALL_SCHEMES) for scheme in schemes()},
        "photos": photos(6),
        "odd": list(odd_images().values()),
    }


def golden_answers(reader, groups):
    """What a reader answers to each image of each group: answer, status, confidence."""
    return {
        name: [_plain(one) for one in reader.read_many(images)] for name, images in groups.items()
    }


def golden_sums(reader, images):
    return [_plain(one) for one in reader.digit_sums(images)]


def answer_of(result):
    """The text, sum or class of a result."""
    return next(
        getattr(result, name) for name in ("value", "label", "text") if hasattr(result, name)
    )


def _plain(result):
    return [answer_of(result), result.status, round(result.confidence, 3)]
