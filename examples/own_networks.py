"""Read with your own networks: a Keras CNN that classifies glyphs, a U-Net that finds ink.

python examples/own_networks.py [--quick]
"""

import sys

import keras
import numpy as np

import segcap
from segcap.datasets import load_uci_digits
from segcap.segmentation.glyph_crops import frame_glyph

EPOCHS = 4 if "--quick" in sys.argv else 12
digits, labels = load_uci_digits()
train, test = (digits[:1300], labels[:1300]), (digits[1300:], labels[1300:])


def rows(count, seed, digits):
    """Draw images of four digits on a cloudy background; return them, their texts and their ink."""
    drawn = segcap.generate.digit_sums(count, 24, seed=seed, digits=digits)
    clouds = np.random.default_rng(seed).uniform(0, 120, (count, 5, 21)).repeat(8, 1).repeat(8, 2)
    images = np.maximum(drawn.images, clouds).astype(np.uint8)
    return images, ["".join(map(str, row)) for row in drawn.labels], drawn.images > 128


layers, inputs = keras.layers, keras.Input((28, 28, 1))
x = layers.Conv2D(16, 3, strides=2, activation="relu")(inputs)
x = layers.Conv2D(32, 3, strides=2, activation="relu")(x)
cnn = keras.Model(inputs, layers.Dense(10)(layers.Flatten()(x)))
cnn.compile(
    keras.optimizers.Adam(3e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
)
glyphs = np.stack([frame_glyph(digit / np.float32(255)) for digit in train[0]])[..., None]
cnn.fit(glyphs, train[1], epochs=EPOCHS, batch_size=32, verbose=0)

inputs = keras.Input((40, 168, 1))
fine = layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
coarse = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(fine)
coarse = layers.UpSampling2D()(layers.Conv2D(16, 3, padding="same", activation="relu")(coarse))
ink = layers.Conv2D(1, 3, padding="same")(layers.Concatenate()([fine, coarse]))
unet = keras.Model(inputs, ink)
unet.compile(keras.optimizers.Adam(1e-2), keras.losses.BinaryCrossentropy(from_logits=True))
images, _, masks = rows(300, 0, train)
unet.fit(images[..., None] / 255, masks[..., None], epochs=EPOCHS, batch_size=16, verbose=0)


def find_ink(image):
    """Return the mask that the U-Net finds."""
    return unet.predict(image[None, ..., :1] / 255, verbose=0)[0, ..., 0] > 0


images, texts, _ = rows(60, 1, test)
reader = segcap.GlyphReader(length=4, classifier=cnn, segmenter=find_ink)
print(f"texts {reader.score(images, texts):.2%} of {len(texts)}")
reader.set_params(segmenter=None).save("own.segcap")  # the CNN is in it, in ONNX
print(segcap.load("own.segcap", segmenter=find_ink).read(images[0]))
