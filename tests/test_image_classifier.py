"""Photos are classified end to end, through the verbs of every reader."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_sample_image

import segcap
from segcap.core.errors import BundleError, DataError, NotFittedError, ParameterError, SegcapWarning
from segcap.decoding.calibration import fit_temperature
from segcap.training import Schedule

SIDE = 24
QUICK = Schedule(epochs=1, batch_size=8)


@pytest.fixture(scope="module")
def photos():
    """Parts of two photos, 90 each, 24 x 24, and which they are of."""
    rng = np.random.default_rng(0)
    images, labels = [], []
    for name in ("flower", "china"):
        picture = load_sample_image(f"{name}.jpg")
        for _ in range(90):
            y, x = rng.integers(0, 427 - 96), rng.integers(0, 640 - 96)
            images.append(np.asarray(picture[y : y + 96 : 4, x : x + 96 : 4]))
            labels.append(name)
    order = rng.permutation(180)
    return [images[i] for i in order], [labels[i] for i in order]


@pytest.fixture(scope="module")
def reader(photos):
    images, labels = photos
    return segcap.ImageClassifier("leaky_cnn", epochs=3).fit(images[60:], labels[60:])


@pytest.mark.slow
def test_it_trains(reader, photos):
    images, labels = photos
    assert reader.score(images[:60], labels[:60]) > 0.85
    assert reader.classes_.tolist() == ["china", "flower"]
    assert reader.size_ == (SIDE, SIDE)
    figures = reader.provenance_["figures"]
    assert (figures["trained_on"], figures["validated_on"]) == (108, 12)
    assert len(reader.history_.loss) == figures["epochs"] == 3
    probabilities = reader.predict_proba(images[:60])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(
        reader.predict(images[:60]), reader.classes_[probabilities.argmax(axis=1)]
    )


@pytest.mark.slow
def test_augmented_photos_are_averaged_and_a_mirrored_photo_is_the_same(reader, photos, tmp_path):
    images = photos[0][:20]
    reader.save(tmp_path / "once.segcap")
    twice = segcap.load(tmp_path / "once.segcap", tta=2)
    mirrored = [image[:, ::-1] for image in images]
    expected = (reader._logits(images) + reader._logits(mirrored)) / 2
    np.testing.assert_allclose(twice._logits(images), expected, atol=1e-5)
    np.testing.assert_allclose(twice._logits(mirrored), expected, atol=1e-5)
    closer = [image[2:-2, 2:-2] for image in images]  # a tenth of 24
    four = segcap.load(tmp_path / "once.segcap", tta=4)
    both = (expected + twice._logits(closer)) / 2
    np.testing.assert_allclose(four._logits(images), both, atol=1e-5)
    four.save(tmp_path / "four.segcap")
    assert segcap.load(tmp_path / "four.segcap").tta == 4


@pytest.mark.slow
def test_readers_with_tta_are_calibrated_as_they_answer(photos):
    images, labels = photos
    twice = segcap.ImageClassifier("leaky_cnn", epochs=2, tta=2).fit(images, labels)
    held_out = np.random.default_rng(0).permutation(180)[:18]
    logits = twice._logits([images[i] for i in held_out])
    classes = np.array([twice.classes_.tolist().index(labels[i]) for i in held_out])
    assert twice.trained_.temperature == pytest.approx(fit_temperature(logits, classes))
    right = (logits.argmax(axis=1) == classes).mean()
    assert twice.provenance_["figures"]["validation_accuracy"] == round(right, 6)


@pytest.mark.slow
def test_its_network_and_augmentation_can_be_chosen(photos, tmp_path):
    images, labels = photos
    network = {
        "conv_layers": np.int64(2),
        "filters": 4,
        "dense_layers": 0,
        "dropout": np.float64(0),
        "activation": "tanh",
    }
    reader = segcap.ImageClassifier("leaky_cnn", network=network, augmentation=0, epochs=1)
    reader.fit(images[:40], labels[:40], schedule=QUICK)
    assert reader.trained_.options == {"height": SIDE, "width": SIDE, "channels": 3} | network
    assert clone(reader).network == network
    reader.save(tmp_path / "small.segcap")
    copy = segcap.load(tmp_path / "small.segcap")
    assert copy.network == network
    for engine in ("onnx", "keras"):
        copy.set_params(engine=engine)
        np.testing.assert_allclose(
            copy.predict_proba(images[:9]), reader.predict_proba(images[:9]), atol=1e-4
        )
    pixels = np.stack(images[:20]).astype(np.float32) / 255
    kept = reader._augment(pixels, np.random.default_rng(0))
    for image, same in zip(pixels, kept, strict=True):
        assert min(np.abs(same - one).max() for one in (image, image[:, ::-1])) < 1e-5
    default, strong = (
        segcap.ImageClassifier(augmentation=amount)._augment(pixels, np.random.default_rng(0))
        for amount in (1, 2)
    )
    assert np.abs(strong - pixels).mean() > 1.2 * np.abs(default - pixels).mean()


@pytest.mark.slow
def test_its_schedule_can_be_changed_in_part(photos):
    images, labels = photos
    given = {"mixup": 0.2, "batch_size": 16, "first_scale": 0.5}
    reader = segcap.ImageClassifier(schedule=given, size=(48, 48), epochs=2)
    own = segcap.ImageClassifier(size=(48, 48), epochs=2)._schedule()
    assert reader._schedule() == replace(own, **given)
    assert clone(reader).schedule == given
    reader.fit(images[:40], labels[:40])
    assert len(reader.history_.loss) == 2
    assert reader.provenance_["training"].items() >= given.items()


@pytest.mark.slow
@pytest.mark.parametrize(
    "reader",
    [
        segcap.SumClassifier("lenet5", schedule={"learning_rate": 1e-4}),
        segcap.SequenceReader(schedule={"learning_rate": 1e-4}),
        segcap.SequenceReader(
            classifier="resnet50", length=6, schedule={"learning_rate": 3e-4, "loss": "focal"}
        ),
    ],
    ids=["sums", "columns", "resnet50"],
)
def test_every_reader_of_whole_images_takes_a_schedule(reader):
    own = clone(reader).set_params(schedule=None)._schedule()
    assert reader._schedule() == replace(own, **reader.schedule) != own
    assert clone(reader).schedule == reader.schedule
    with pytest.raises(ParameterError, match=r"'schedule' of S.* must map some of auxiliary"):
        clone(reader).set_params(schedule={"speed": 3})._check_parameters()


@pytest.mark.slow
def test_colours_count(reader, photos):
    images, _ = photos
    grey = [np.repeat(image.mean(axis=2, keepdims=True), 3, 2).astype(np.uint8) for image in images]
    assert not np.allclose(
        reader.predict_proba(images[:9]), reader.predict_proba(grey[:9]), atol=0.01
    )


@pytest.mark.slow
def test_saved_and_loaded_it_answers_alike(reader, photos, tmp_path):
    images, _ = photos
    reader.save(tmp_path / "photos.segcap")
    copy = segcap.load(tmp_path / "photos.segcap")
    assert isinstance(copy, segcap.ImageClassifier)
    assert copy.classes_.tolist() == ["china", "flower"]
    assert (copy.size_, copy.size) == ((SIDE, SIDE), (SIDE, SIDE))
    np.testing.assert_allclose(
        copy.predict_proba(images[:20]), reader.predict_proba(images[:20]), atol=1e-5
    )
    for fixed in ({"classes": ["a", "b"]}, {"size": (8, 8)}, {"classifier": "resnet_small"}):
        with pytest.raises(ParameterError, match="of a trained reader cannot change"):
            segcap.load(tmp_path / "photos.segcap", **fixed)


@pytest.mark.slow
def test_paths_of_photos_and_numbers_for_classes(photos, tmp_path):
    images, labels = photos
    paths = [tmp_path / f"{index}.png" for index in range(30)]
    for path, image in zip(paths, images, strict=False):
        Image.fromarray(image).save(path)
    numbers = [int(label == "china") for label in labels[:30]]
    reader = segcap.ImageClassifier("leaky_cnn", epochs=1, size=(16, 12)).fit(
        paths, numbers, schedule=QUICK
    )
    assert reader.size_ == (16, 12)
    assert reader.predict(paths[:2]).dtype.kind == "i"
    reader.save(tmp_path / "numbers.segcap")
    assert segcap.load(tmp_path / "numbers.segcap").classes_.tolist() == [0, 1]


@pytest.mark.slow
@pytest.mark.parametrize(("balance", "fraction"), [("none", 1 / 8), ("sampling", 0.5)])
def test_rare_classes_can_count_as_much(photos, balance, fraction):
    flowers = [image for image, label in zip(*photos, strict=True) if label == "flower"][:80]
    labels = ["rare" if index % 8 == 0 else "frequent" for index in range(80)]
    reader = segcap.ImageClassifier("leaky_cnn", epochs=1, balance=balance, size=(12, 12))
    # what cannot be distinguished gets the fraction that it was shown with
    reader.fit(flowers, labels, schedule=QUICK)
    logits = reader._logits([np.asarray(flower) for flower in flowers])
    shown = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
    assert shown.mean() == pytest.approx(fraction, abs=0.2)


@pytest.mark.slow
def test_unreadable_photos_are_left_out(photos):
    images, labels = photos
    with pytest.warns(SegcapWarning, match="1 of 41 images were left out") as caught:
        reader = segcap.ImageClassifier("leaky_cnn", epochs=1, balance="weights").fit(
            [*images[:40], b"no image"], [*labels[:40], "china"], schedule=QUICK
        )
    assert reader.provenance_["data"]["samples"] == 40
    assert caught[0].filename == __file__
    how = reader.provenance_["training"]
    assert (how["epochs"], how["balance"], how["augmentation"]) == (QUICK.epochs, "weights", 1.0)


@pytest.mark.slow
def test_large_photos_are_made_smaller_and_unlike_sizes_reported_once(photos):
    images, labels = photos
    large = [np.kron(image, np.ones((6, 8, 1), np.uint8)) for image in images[:20]]
    reader = segcap.ImageClassifier("leaky_cnn", epochs=1)
    with pytest.warns(SegcapWarning, match=r"another size than 96 x 72 pixels are") as caught:
        reader.fit([*large, images[20]], labels[:21], schedule=QUICK)
    assert len(caught) == 1
    assert reader.predict(images[:3]).shape == (3,)
    assert reader.size_ == (96, 72)


@pytest.mark.slow
def test_images_of_a_group_are_held_out_together(photos):
    images, labels = photos
    copies = [images[index // 10] for index in range(100)]
    numbers = [index // 10 for index in range(100)]
    reader = segcap.ImageClassifier("leaky_cnn", size=(12, 12))
    reader.fit(copies, [labels[n] for n in numbers], groups=numbers, schedule=QUICK)
    figures = reader.provenance_["figures"]
    assert (figures["trained_on"], figures["validated_on"]) == (90, 10)


@pytest.mark.slow
def test_clone_and_repr():
    reader = segcap.ImageClassifier(epochs=3, size=(8, 9))
    assert clone(reader).get_params() == reader.get_params()
    assert repr(reader) == "ImageClassifier(size=(8, 9), epochs=3)"
    named = segcap.ImageClassifier(classes=np.array(["a", "b"]))
    assert repr(named) == "ImageClassifier(classes=<U1 array of shape (2,))"
    assert is_classifier(reader)
    assert not is_classifier(segcap.SequenceReader())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"classifier": "oracle"}, r"'classifier' of ImageClassifier must be one of leaky"),
        ({"tta": 3}, r"'tta' of an ImageClassifier must be one of 1, 2, 4\. Got 3"),
        ({"size": 64}, r"'size' of images must be a width and a height\. Got 64"),
        (
            {"network": {"layers": 3}},
            r"'network' .* some of dropout for 'resnet_small'\. Got \{",
        ),
        (
            {"network": {"dropout": 1}},
            r"'dropout' of .* network must be at least 0 and below 1\.",
        ),
        ({"schedule": {"epochs": 3}}, r"'schedule' of ImageClassifier must map some of auxiliary"),
        ({"schedule": {"mixup": -1}}, r"'mixup' of a Schedule must be at least 0\. Got -1"),
        ({"augmentation": -1}, r"'augmentation' of .* must be a number of at least 0\. Got -1"),
        ({"balance": "scales"}, r"'balance' of an ImageClassifier must be one of none, sampling"),
        ({"classes": 2}, r"'classes' of an ImageClassifier must be a sequence of labels\. Got 2"),
        ({"classes": ["a", "a"]}, r"'classes' must differ from each other\. Got \['a', 'a'\]"),
        ({"weights": "imagenet"}, r"'weights' that 'resnet_small' .* one of None\. Got 'imagenet'"),
        (
            {"weights": "other", "classifier": "resnet50"},
            r"'weights' .* None, imagenet\. Got 'other'",
        ),
        ({"classes": ["china", "palm"]}, r"one of china, palm\. Got 'flower'"),
    ],
)
def test_impossible_parameters(photos, parameters, message):
    images, labels = photos
    with pytest.raises(ParameterError, match=message):
        segcap.ImageClassifier(**parameters).fit(images, labels)


@pytest.mark.slow
def test_impossible_data(photos, reader):
    images, labels = photos
    with pytest.raises(DataError, match=r"2 different labels\. Got 5 images with 1"):
        segcap.ImageClassifier().fit(images[:5], ["china"] * 5)
    for mixed in (["china", 3, 4], ["1", "cat", 1]):
        with pytest.raises(ParameterError, match=r"all texts or all whole numbers\. Got both"):
            segcap.ImageClassifier().fit(images[:3], mixed)
    with pytest.raises(ParameterError, match=r"must be known\. Got None at place 1\."):
        segcap.ImageClassifier().fit(images[:3], [1, None, 2])
    for other in (True, 2.5):
        with pytest.raises(ParameterError, match=rf"texts or whole numbers\. Got {other}"):
            segcap.ImageClassifier().fit(images[:3], [1, other, 2])
    with pytest.raises(ParameterError, match=r"must be known\. Got None at place 0\."):
        segcap.ImageClassifier().fit(images[:3], [None] * 3)
    with pytest.warns(
        SegcapWarning, match="3 of 4 labels are no answers that the reader accepts.* 'palm'"
    ):
        assert reader.score(images[:4], [reader.predict(images[:1])[0], *["palm"] * 3]) == 0.25
    with pytest.raises(DataError, match=r"as many groups as images, if any\. Got 180 images and 3"):
        reader.fit(images, labels, groups=[0, 1, 2])
    with pytest.raises(DataError, match=r"at least 16 x 16 pixels\. Got 9 x 9"):
        segcap.ImageClassifier(size=(9, 9)).fit(images, labels)
    with pytest.raises(NotFittedError, match="must be fitted"):
        segcap.ImageClassifier().predict(images)


@pytest.mark.slow
def test_a_bundle_must_name_the_classes(reader, tmp_path):
    from dataclasses import replace

    from segcap.core.bundle import read_bundle, write_bundle

    reader.save(tmp_path / "photos.segcap")
    bundle = read_bundle(tmp_path / "photos.segcap")
    without = {name: value for name, value in bundle.settings.items() if name != "classes"}
    with pytest.raises(BundleError, match="classes"):
        write_bundle(replace(bundle, settings=without), tmp_path / "other.segcap")
    three = {**bundle.settings, "classes": ["a", "b", "c"]}
    write_bundle(replace(bundle, settings=three), tmp_path / "other.segcap")
    with pytest.raises(BundleError, match=r"Got 3 classes and a network of 2"):
        segcap.load(tmp_path / "other.segcap")


def test_what_cannot_be_read_is_wrong_whatever_its_label():
    with pytest.warns(SegcapWarning, match="no answers that the reader accepts"):
        assert segcap.load("cats-dogs").score([b"torn"], [None]) == 0
