"""Batches are read in whatever process they come to."""

import pickle

import cv2
import numpy as np
import pytest

import segcap
from segcap.core.errors import DataError
from segcap.scale import Reader, read_bag


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Paths of twelve sums, and what "digits" reads."""
    folder = tmp_path_factory.mktemp("sums")
    drawn = segcap.generate.digit_sums(12, 4, seed=3, digits=segcap.datasets.load_uci_digits())
    paths = []
    for number, image in enumerate(drawn.images):
        paths.append(str(folder / f"{number}.png"))
        cv2.imwrite(paths[-1], image)
    return paths, [reading.text for reading in segcap.load("digits").read_many(paths)]


def test_a_batch_gets_columns(files):
    paths, texts = files
    reader = pickle.loads(pickle.dumps(Reader("digits", column="file")))
    batch = reader({"file": np.array([*paths, "missing.png"], object), "row": np.arange(13)})
    assert batch["text"].tolist() == [*texts, ""]
    assert batch["status"].tolist() == [*["ok"] * 12, "unreadable"]
    assert batch["confidence"].dtype == float
    assert "missing.png" in batch["error"][-1]
    assert batch["row"].tolist() == list(range(13))


def test_bytes_are_read_as_files(files):
    paths, texts = files
    with open(paths[0], "rb") as file:
        assert Reader("digits").records([file.read()])[0]["text"] == texts[0]


def test_a_batch_without_the_column():
    with pytest.raises(DataError, match=r"must have the column 'path'\. Got image, row"):
        Reader("digits")({"image": [], "row": []})


def test_a_batch_keeps_its_own_columns(files):
    with pytest.raises(DataError, match=r"must not have the column 'text', which is to be added"):
        Reader("digits")({"path": files[0][:1], "text": ["truth"]})


def test_options_may_be_lists(files):
    paths, _ = files
    read = Reader("digits", allowlist=list("0123456789"), cutters=["projection"])
    assert read.records(paths[:1])[0]["status"] == "ok"


def test_an_empty_batch_stays_empty():
    assert Reader("digits")({"path": np.array([], object)})["path"].size == 0


@pytest.mark.slow
def test_dask_reads_bags_and_tables(files):
    bag = pytest.importorskip("dask.bag", reason="dask is not installed")
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    import dask.dataframe as tables
    import pandas as pd

    paths, texts = files
    with distributed.Client(n_workers=2, threads_per_worker=1, dashboard_address=None):
        records = read_bag(bag.from_sequence(paths, npartitions=3), "digits").compute()
        table = tables.from_pandas(pd.DataFrame({"path": paths}), npartitions=2)
        frame = read_bag(table["path"], "digits", length=4).compute()
    assert [record["text"] for record in records] == texts
    assert frame["text"].tolist() == [
        reading.text for reading in segcap.load("digits", length=4).read_many(paths)
    ]
    assert frame.index.tolist() == list(range(12))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning")  # Ray's own
def test_ray_maps_batches(files):
    ray = pytest.importorskip("ray", reason="ray is not installed")
    pytest.importorskip("ray.data", reason="ray's tables are not installed")
    paths, texts = files
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        rows = ray.data.from_items([{"path": path} for path in paths])
        read = rows.map_batches(Reader("digits"), batch_size=6).take_all()
    finally:
        ray.shutdown()
    assert [row["text"] for row in sorted(read, key=lambda row: paths.index(row["path"]))] == texts
