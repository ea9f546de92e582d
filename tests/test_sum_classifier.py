"""Readers of sums are trained on sums, and asked for as scikit-learn does."""

import csv
from dataclasses import replace

import cv2
import numpy as np
import pytest
from sklearn.base import clone

import segcap
from segcap.core.bundle import read_bundle, write_bundle
from segcap.core.errors import (
    BundleError,
    DataError,
    ImageError,
    NotFittedError,
    ParameterError,
    SegcapWarning,
)
from segcap.generate import digit_sums
from segcap.models import networks_for

TRAINED_BELOW = {"digit_heads", "plain_cnn"}


@pytest.fixture(scope="module")
def rows(handwriting):
    rows = digit_sums(1600, 22, seed=0, digits=handwriting, count=1)
    return rows.images, rows.labels.sum(axis=1)


@pytest.fixture(scope="module")
def reader(rows):
    images, sums = rows
    return segcap.SumClassifier("digit_heads", digits=1, epochs=5).fit(images[100:], sums[100:])


@pytest.mark.slow
def test_it_trains(reader, rows):
    images, sums = rows
    assert reader.score(images[:100], sums[:100]) > 0.85
    figures = reader.provenance_["figures"]
    assert (figures["trained_on"], figures["validated_on"], figures["epochs"]) == (1350, 150, 5)


@pytest.mark.slow
def test_probabilities_are_of_all_sums(reader, rows):
    images, _ = rows
    probabilities = reader.predict_proba(images[:100])
    assert probabilities.shape == (100, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(
        reader.predict(images[:100]), reader.classes_[probabilities.argmax(axis=1)]
    )
    assert reader.predict_proba([]).shape == (0, 10)


@pytest.mark.slow
def test_confidence_does_not_change_with_the_batch(reader, rows):
    images, _ = rows
    together = reader.predict_proba(images[:100])
    alone = np.concatenate([reader.predict_proba([image]) for image in images[:5]])
    np.testing.assert_allclose(alone, together[:5], atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["onnx", "keras"])
def test_saved_and_loaded_it_answers_alike(reader, rows, tmp_path, engine):
    images, _ = rows
    reader.save(tmp_path / "sums.segcap")
    copy = segcap.load(tmp_path / "sums.segcap", engine=engine)
    assert isinstance(copy, segcap.SumClassifier)
    assert (copy.digits, copy.classifier, copy.size_) == (1, "digit_heads", reader.size_)
    np.testing.assert_allclose(
        copy.predict_proba(images[:20]), reader.predict_proba(images[:20]), atol=1e-4
    )
    with pytest.raises(ParameterError, match="of a trained reader cannot change"):
        segcap.load(tmp_path / "sums.segcap", classifier="lenet5")


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["classes", "height", "width"])
def test_a_bundle_must_say_what_its_network_was_built_with(reader, tmp_path, missing):
    reader.save(tmp_path / "sums.segcap")
    bundle = read_bundle(tmp_path / "sums.segcap")
    network = {name: value for name, value in bundle.network.items() if name != missing}
    write_bundle(replace(bundle, network=network), tmp_path / "broken.segcap")
    with pytest.raises(BundleError, match="must hold its network's classes, height, width"):
        segcap.load(tmp_path / "broken.segcap")


@pytest.mark.slow
def test_images_of_another_size_are_resized_and_reported_once(reader, rows):
    images, sums = rows
    larger = [np.kron(image, np.ones((2, 2), np.uint8)) for image in images[:20]]
    with pytest.warns(SegcapWarning, match=r"another size than \d+ x 40 pixels are") as caught:
        predicted = [reader.predict(larger) for _ in range(2)]
    assert len(caught) == 1
    assert (predicted[0] == predicted[1]).all()
    assert (predicted[0] == sums[:20]).mean() > 0.7


@pytest.mark.slow
@pytest.mark.parametrize("classifier", sorted({*networks_for("sums")} - TRAINED_BELOW))
def test_every_other_network_trains_through_the_same_interface(rows, classifier):
    images, sums = rows
    with pytest.warns(SegcapWarning, match="1 of 61 images were left out"):
        reader = segcap.SumClassifier(classifier, digits=1, epochs=1).fit(
            [*images[:60], b"no image"], [*sums[:60], 0]
        )
    assert reader.predict(images[:3]).shape == (3,)
    assert reader.provenance_["data"]["samples"] == 60


@pytest.mark.slow
def test_a_killed_training_goes_on(rows, tmp_path):
    images, sums = rows

    def stop(epoch, history):
        raise KeyboardInterrupt

    parameters = {"classifier": "plain_cnn", "digits": 1}
    parameters |= {"epochs": np.int64(2), "random_state": np.int64(1)}
    whole = segcap.SumClassifier(**parameters).fit(images[:100], sums[:100])
    assert type(whole.provenance_["seed"]) is int
    stopped = segcap.SumClassifier(**parameters)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(images[:100], sums[:100], state=tmp_path / "run", on_epoch=stop)
    assert len(stopped.history_.loss) == 1
    assert stopped.predict_proba(images[:3]).shape == (3, 10)
    resumed = segcap.SumClassifier(**parameters).fit(
        images[:100], sums[:100], state=tmp_path / "run"
    )
    np.testing.assert_allclose(
        resumed.predict_proba(images[:20]), whole.predict_proba(images[:20]), atol=0.02
    )


@pytest.mark.slow
def test_clone_and_repr():
    reader = segcap.SumClassifier("digit_heads", epochs=3)
    assert clone(reader).get_params() == reader.get_params()
    assert repr(reader) == "SumClassifier(classifier='digit_heads', epochs=3)"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"classifier": "oracle"}, r"'classifier' of SumClassifier must be one of sum_cnn"),
        ({"engine": "abacus"}, r"'engine' of SumClassifier must be one of onnx, keras"),
        ({"digits": 1.5}, r"'digits' must be an integer of at least 1\. Got 1\.5"),
    ],
)
def test_impossible_parameters(rows, parameters, message):
    images, sums = rows
    with pytest.raises(ParameterError, match=message):
        segcap.SumClassifier(**parameters).fit(images, sums)


@pytest.mark.slow
def test_impossible_data(rows):
    images, sums = rows
    reader = segcap.SumClassifier(digits=1)
    with pytest.raises(DataError, match=r"as many labels as images\. Got 1600 images and 3"):
        reader.fit(images, sums[:3])
    with pytest.raises(ParameterError, match=r"an integer in 0 to 9\. Got 10"):
        reader.fit(images[:2], [10, 2])
    with pytest.raises(DataError, match=r"2 different labels\. Got 5 images with 1"):
        reader.fit(images[:5], [4] * 5)
    with pytest.raises(DataError, match=r"that can be read\. Got 2 that cannot, the first because"):
        reader.fit([b"", "nowhere.png"], [1, 2])


@pytest.mark.parametrize("label", ["7", None, -1])
def test_a_sum_is_an_integer(rows, label):
    images, _ = rows
    with pytest.raises(ParameterError, match="must be an integer in 0 to 9"):
        segcap.SumClassifier(digits=1).fit(images[:2], [3, label])


def test_images_that_are_too_small_and_one_instead_of_many(rows):
    with pytest.raises(DataError, match=r"at least 36 x 36 pixels\. Got 100 x 30"):
        segcap.SumClassifier().fit([np.zeros((30, 100), np.uint8)] * 4, [1, 2, 3, 4])
    with pytest.raises(ParameterError, match=r"shape \(N, H, W\)"):
        segcap.SumClassifier().fit(np.zeros((40, 168, 3), np.uint8), [1] * 40)


def test_a_seed_is_a_whole_number_of_32_bits(rows):
    images, sums = rows
    with pytest.raises(ParameterError, match=r"in 0 \.\.\. 4294967295\. Got 4294967296"):
        segcap.SumClassifier(random_state=2**32).fit(images, sums)


@pytest.mark.slow
def test_the_command_line_adds_up_and_says_what_a_reader_of_sums_cannot_do(
    reader, rows, command, tmp_path
):
    images, sums = rows
    reader.save(tmp_path / "sums.segcap")
    names = [f"{place}.png" for place in range(20)]
    for name, image in zip(names, images, strict=False):
        cv2.imwrite(str(tmp_path / name), image)
    lines = [f"{name},{total}" for name, total in zip(names, sums, strict=False)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *lines]))
    status, out, err = command("sum", tmp_path, "--model", tmp_path / "sums.segcap", "--csv")
    answers = {row["path"]: row["value"] for row in csv.DictReader(out.splitlines())}
    expected = dict(zip(names, reader.predict(images[:20]), strict=True))
    assert answers == {str(tmp_path / name): str(value) for name, value in expected.items()}
    assert (status, err.count("exact match")) == (0, 1)
    assert "no answers that" not in err
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *lines[1:], f"{names[0]},55"]))
    _, _, err = command("sum", tmp_path, "--model", tmp_path / "sums.segcap", "--csv")
    assert "1 of 20 labels are no answers that the reader accepts" in err
    assert "such as '55'" in err
    status, _, err = command("read", tmp_path, "--model", tmp_path / "sums.segcap")
    assert status == 2
    assert "must be a reader of texts" in err
    assert "of type SumClassifier" in err


@pytest.mark.slow
def test_what_cannot_be_loaded_is_recorded_and_counts_as_wrong(reader, rows):
    images, _ = rows
    with pytest.warns(
        SegcapWarning, match="1 of 1 labels are no answers that the reader accepts.* '28'"
    ):
        assert reader.score(images[:1], ["28"]) == 0
    given = [*images[:3], b"no image"]
    assert reader.score(given, [*reader.predict(images[:3]), 0]) == 0.75
    totals, answers = reader.digit_sums(given), reader.read_many(given)
    assert [total.status for total in totals] == ["ok", "ok", "ok", "unreadable"]
    assert [total.value for total in totals] == [answer.value for answer in answers]
    assert [total.confidence for total in totals] == [answer.confidence for answer in answers]
    assert totals[3].error == answers[3].error
    assert "which is in none" in totals[3].error
    assert totals[3].value is answers[3].value is None
    alone = reader.predict_proba(images[:1])[0]
    np.testing.assert_allclose(totals[0].probabilities, alone, rtol=1e-4)
    assert reader.digit_sum(images[0]).to_dict()["value"] == totals[0].value
    with pytest.raises(ImageError):
        reader.digit_sums(given, errors="raise")
    with pytest.raises(ImageError):
        reader.digit_sum(b"no image")
    with pytest.raises(ParameterError, match="'errors' must be"):
        reader.read_many(given, errors="ignore")
    assert reader.read_many([]) == []
    with pytest.raises(NotFittedError):
        segcap.SumClassifier().read_many(given)


@pytest.mark.slow
def test_impossible_schedules_and_states(rows, tmp_path):
    images, sums = rows
    reader = segcap.SumClassifier("plain_cnn", digits=1, epochs=1)
    with pytest.raises(ParameterError, match=r"a segcap.training.Schedule\. Got 'fast'"):
        reader.fit(images[:30], sums[:30], schedule="fast")
    for place in (tmp_path, tmp_path / "none" / "run"):
        with pytest.raises(DataError, match=r"state must be a file in a folder that exists"):
            reader.fit(images[:30], sums[:30], state=place)
    with pytest.raises(DataError, match=r"Got 2 images, of which 1 are held out"):
        reader.fit(images[:2], [1, 2])


@pytest.mark.slow
def test_before_it_is_trained():
    reader = segcap.SumClassifier()
    with pytest.raises(NotFittedError, match="must be fitted"):
        reader.predict([np.zeros((40, 168), np.uint8)])
    with pytest.raises(NotFittedError, match="must be fitted"):
        reader.save("sums.segcap")


@pytest.mark.slow
def test_impossible_questions(reader, rows):
    images, sums = rows
    with pytest.raises(ParameterError, match="sequence of images"):
        reader.predict("image.png")
    with pytest.raises(ParameterError, match=r"Got 2 images and 3 labels"):
        reader.score(images[:2], sums[:3])
