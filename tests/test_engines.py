import os
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest
from reader_material import as_trained

import segcap
from segcap.core.errors import BundleError, ParameterError, SegcapWarning
from segcap.models import build
from segcap.readers import registry
from segcap.readers.whole import WholeImageReader
from segcap.recognition.engines import open_engine, session
from segcap.recognition.engines.networks import (
    MODEL_ONNX,
    WEIGHTS,
    _without_remarks,
    pack_weights,
    rebuild_network,
    require_keras,
)
from segcap.recognition.engines.onnx_export import _export_elsewhere
from segcap.recognition.engines.shared_weights import (
    LEFT_OUT,
    whole_onnx,
    without_shared_weights,
)

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
OF_WHOLE_IMAGES = [
    name for name in registry.available() if isinstance(segcap.load(name), WholeImageReader)
]


def glyphs(handwriting):
    return handwriting[0][:300, ..., None].astype(np.float32) / 255


def test_what_is_loaded_makes_no_remarks_and_hides_nothing_else(capfd):
    with _without_remarks():
        os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are ...\n")
        os.write(2, b"I0000 00:00:1 2 cudart_stub.cc:31] Could not find cuda drivers\nE0000 torn\n")
        assert capfd.readouterr().err == ""
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "E0000 torn\nafter\n"


def test_keras_and_onnx_give_the_same_logits(handwriting):
    inputs = glyphs(handwriting)
    onnx, keras = (segcap.load("digits", engine=name).logits(inputs) for name in ("onnx", "keras"))
    assert onnx.shape == (300, 10)
    np.testing.assert_allclose(keras, onnx, atol=1e-4)


def test_engine_of_a_reader_can_be_changed(handwriting):
    reader = segcap.load("digits")
    rows = segcap.generate.digit_sums(5, 22, seed=0, digits=handwriting)
    before = reader.read_many(rows.images)
    reader.set_params(engine="keras")
    after = reader.read_many(rows.images)
    assert [r.text for r in after] == [r.text for r in before]


@pytest.mark.parametrize("name", ["onnx", "keras"])
def test_no_glyphs(name):
    reader = segcap.load("digits", engine=name)
    assert reader.logits(np.empty((0, 28, 28, 1), np.float32)).shape == (0, 10)


def test_batches_larger_than_one_run(handwriting):
    inputs = np.concatenate([glyphs(handwriting)] * 5)
    logits = segcap.load("digits").logits(inputs)
    np.testing.assert_allclose(logits[:300], logits[1200:], atol=1e-5)


def test_weights_survive_a_round_trip():
    model = build("glyph_cnn", 3)
    rebuilt = rebuild_network(pack_weights(model), "glyph_cnn", classes=3)
    for before, after in zip(model.weights, rebuilt.weights, strict=True):
        np.testing.assert_array_equal(after.numpy(), before.numpy())


def test_an_untrained_network_exports_what_it_computes():
    model = build("glyph_cnn", 3)
    inputs = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    logits = as_trained(model).open("onnx").logits(inputs)
    np.testing.assert_allclose(logits, model.predict(inputs, verbose=0), atol=1e-4)


def test_onnx_is_exported_once_when_it_is_first_asked_for(monkeypatch):
    exported = []
    monkeypatch.setattr(
        "segcap.recognition.trained.export_onnx", lambda *_, **__: exported.append(1) or b"onnx"
    )
    network = as_trained(build("glyph_cnn", 3))
    network.open("keras")
    assert not exported
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: network.complete()[MODEL_ONNX], range(8)))
    assert (found, exported) == ([b"onnx"] * 8, [1])
    assert pickle.loads(pickle.dumps(network)).parts == network.parts


@pytest.mark.slow
def test_weights_of_another_network():
    weights = pack_weights(build("glyph_cnn", 3))
    with pytest.raises(BundleError, match="weights of 'glyph_cnn' for 4 classes"):
        rebuild_network(weights, "glyph_cnn", classes=4)


def test_a_damaged_network():
    with pytest.raises(BundleError, match=MODEL_ONNX):
        open_engine({MODEL_ONNX: b"x", WEIGHTS: b""}, "glyph_cnn", classes=3)


def test_an_unknown_engine():
    with pytest.raises(ParameterError, match=r"'engine' must be one of onnx, keras. Got 'tpu'"):
        open_engine({}, "glyph_cnn", classes=3, engine="tpu")


def test_the_network_is_as_small_as_promised():
    assert build("glyph_cnn", 10).count_params() == 178_098
    sizes = {name: registry.bundle_path(name).stat().st_size for name in registry.available()}
    assert sum(sizes.values()) <= 32_000_000
    assert sizes["mixed"] <= 1_700_000
    assert sizes["digits"] <= 2_600_000
    assert "six-char" in OF_WHOLE_IMAGES
    assert max(sizes.pop(name) for name in OF_WHOLE_IMAGES) <= 3_000_000
    assert sizes.pop("any") <= 12_000_000
    assert sum(sizes.values()) <= 8_000_000


@pytest.mark.parametrize("name", OF_WHOLE_IMAGES)
def test_shipped_networks_answer_alike_when_built_anew(name):
    reader = segcap.load(name)
    image = np.random.default_rng(0).integers(0, 256, (*reader.size_[::-1], 3), np.uint8)
    built = segcap.load(name, engine="keras")
    np.testing.assert_allclose(built._logits([image]), reader._logits([image]), atol=1e-3)


def test_equal_weights_are_equal_files():
    first, second = (build("crnn", 5, height=32, width=64) for _ in range(2))
    assert pack_weights(first) != pack_weights(second)
    second.set_weights(first.get_weights())
    assert pack_weights(first) == pack_weights(second)


def test_tensorflow_runs_one_operation_at_a_time_unless_set_otherwise(monkeypatch):
    monkeypatch.delenv("TF_NUM_INTEROP_THREADS", raising=False)
    require_keras()
    assert os.environ["TF_NUM_INTEROP_THREADS"] == "1"
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "2")
    require_keras()
    assert os.environ["TF_NUM_INTEROP_THREADS"] == "2"


@pytest.mark.slow
def test_weights_are_exported_in_a_process_of_its_own(tmp_path):
    network = as_trained(build("glyph_cnn", 3))
    (tmp_path / WEIGHTS).write_bytes(network.parts[WEIGHTS])
    _export_elsewhere(str(tmp_path), "glyph_cnn", 3, {})
    inputs = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    elsewhere = open_engine(
        {MODEL_ONNX: (tmp_path / MODEL_ONNX).read_bytes()}, "glyph_cnn", classes=3
    )
    here = network.open("onnx")
    np.testing.assert_allclose(elsewhere.logits(inputs), here.logits(inputs), atol=1e-5)


@pytest.mark.slow
def test_an_export_elsewhere_that_fails_is_reported(tmp_path):
    (tmp_path / WEIGHTS).write_bytes(b"no weights")
    with pytest.raises(ParameterError, match="must be able to export it"):
        _export_elsewhere(str(tmp_path), "glyph_cnn", 3, {})


def test_weights_are_kept_once():
    parts = segcap.load("any").line_.parts
    whole = {MODEL_ONNX: whole_onnx(parts), WEIGHTS: parts[WEIGHTS]}
    thin = without_shared_weights(whole)
    assert len(thin[MODEL_ONNX]) < len(whole[MODEL_ONNX]) / 20
    assert thin == without_shared_weights(thin)
    assert whole_onnx(thin) == whole[MODEL_ONNX]
    assert without_shared_weights({MODEL_ONNX: b"x"}) == {MODEL_ONNX: b"x"}


@pytest.mark.parametrize(
    "described",
    [
        b"{",
        b"[[1, 2]]",
        b"[" * 100_000,
        b" " * 1_000_001,
        b'[[9, "no weight", [0]]]',
        b'[[10000000, "00.kernel", [0]]]',
        b'[[0, "01.bias", [0]], [192, "01.bias", [0]]]',
    ],
)
def test_weights_that_are_not_where_they_are_said_to_be_are_refused(described):
    parts = segcap.load("any").line_.parts | {LEFT_OUT: described}
    with pytest.raises(BundleError, match=r"'model\.weights\.json' must say which weights"):
        whole_onnx(parts)


@pytest.fixture
def runtime(monkeypatch):
    """ONNX Runtime as it is built for GPUs; a session says in which order it was given devices."""
    asked = []

    class Session:
        finds, is_full = True, False

        def __init__(self, model, options=None, *, providers, **_):
            names = [one if isinstance(one, str) else one[0] for one in providers]
            asked.append(names)
            if self.is_full and CUDA in names:
                raise RuntimeError("no memory is left")
            self._found = names if self.finds else [name for name in names if "CUDA" not in name]
            self._real = real(model, options, providers=["CPUExecutionProvider"])

        def get_providers(self):
            return self._found

        def __getattr__(self, name):
            return getattr(self._real, name)

    real = onnxruntime.InferenceSession
    Session.asked = asked
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    looks = session.finds_gpu, session._warn_without_gpu
    for look in looks:
        look.cache_clear()
    yield Session
    for look in looks:
        look.cache_clear()


@pytest.mark.parametrize(
    ("device", "providers"), [("auto", [CUDA, CPU]), ("cuda", [CUDA, CPU]), ("cpu", [CPU])]
)
@pytest.mark.parametrize("name", ["digits", "digit-sum"])
def test_a_network_runs_on_a_gpu_unless_told_otherwise(name, device, providers, runtime):
    registry.load(name, device=device).read(np.full((40, 168), 255, np.uint8))
    assert runtime.asked
    assert all(asked == providers for asked in runtime.asked)


def test_a_gpu_that_is_full_leaves_the_work_to_the_cpu(runtime):
    assert session.finds_gpu()
    runtime.is_full = True
    network = registry.load("digits").glyphs_
    with pytest.warns(SegcapWarning, match="cannot use one here"):
        opened = network.open("onnx")
    assert opened.logits(np.zeros((1, 28, 28, 1), np.float32)).shape == (1, 10)
    with pytest.raises(BundleError, match="no memory is left"):
        network.open("onnx", "cuda")


def test_a_warning_that_is_an_error_is_no_fault_of_the_bundle(runtime):
    runtime.finds = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SegcapWarning, match="cannot use one here"):
            registry.load("digits").glyphs_.open("onnx")


def test_a_gpu_that_cannot_be_used_is_refused_or_said_once(runtime):
    runtime.finds = False
    with pytest.raises(ParameterError, match=r"'device' 'cuda'.*Got one that finds none"):
        registry.load("digits", device="cuda").glyphs_.open("onnx", "cuda")
    networks = [registry.load(name).context_ for name in ("digits", "mixed")]
    with pytest.warns(SegcapWarning, match="cannot use one here") as said:
        _ = [network.open("onnx") for network in networks]
    assert len(said) == 1
    assert runtime.asked == [[CUDA, CPU], [CPU], [CPU]]


def test_without_cuda_there_is_no_gpu_to_run_on(monkeypatch):
    monkeypatch.setattr("segcap.recognition.engines.finds_gpu", lambda: False)
    with pytest.raises(ParameterError, match=r"built for GPUs and find one; docs/guides/gpu.md"):
        segcap.load("digits", device="cuda")
    for device, rule in [("gpu", "one of auto, cpu, cuda"), (["cpu"], "one of auto, cpu, cuda")]:
        with pytest.raises(ParameterError, match=rf"'device' .*{rule}"):
            segcap.load("digits", device=device)
        with pytest.raises(ParameterError, match=rf"'device' .*{rule}"):
            segcap.load("six-char", device=device)
    with pytest.raises(ParameterError, match="'keras' must be 'auto'"):
        segcap.load("digits").glyphs_.open("keras", "cpu")


@pytest.mark.parametrize(("value", "threads"), [("4,2", 4), ("", 0), ("many", 0), ("3", 3)])
def test_threads_may_be_a_list_as_openmp_has_it(value, threads, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert session._threads() == threads
    assert segcap.load("digits").read(np.full((20, 40), 255, np.uint8)).status == "empty"
