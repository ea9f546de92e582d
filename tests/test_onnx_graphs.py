"""What a network in a bundle may be: weights and arithmetic."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import segcap
from segcap.core.bundle import bundle_path, read_bundle
from segcap.core.errors import BundleError
from segcap.models import registry
from segcap.recognition.engines import open_engine
from segcap.recognition.engines.graph import NEWEST_OPSET, check_graph
from segcap.recognition.engines.logits import check_logits, check_weights
from segcap.recognition.engines.networks import MODEL_ONNX, WEIGHTS
from segcap.recognition.engines.shared_weights import whole_onnx

SIZE = {"height": 8, "width": 8}


def network(*nodes, weights=(), opset=15, output=(None, 2), output_type=TensorProto.FLOAT):
    """From (N, 8, 8, 1) images to (N, 2) logits, their mean twice unless nodes are given."""
    given = nodes or (
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Reshape", ["mean", "shape"], ["column"]),
        helper.make_node("Concat", ["column", "column"], ["logits"], axis=1),
    )
    shape = numpy_helper.from_array(np.array([-1, 1]), "shape")
    graph = helper.make_graph(
        list(given),
        "graph",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [None, 8, 8, 1])],
        [helper.make_tensor_value_info("logits", output_type, output)],
        [shape, *weights],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def opened(model):
    content = model if isinstance(model, bytes) else model.SerializeToString()
    parts = {MODEL_ONNX: content, WEIGHTS: b""}
    return open_engine(parts, "lenet5", classes=2, options=SIZE)


def named(kind, *inputs, domain="", **attributes):
    return network(
        helper.make_node(kind, inputs or ["images"], ["logits"], domain=domain, **attributes)
    )


def in_another_file():
    weight = numpy_helper.from_array(np.zeros(4, np.float32), "weight")
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    place = weight.external_data.add()
    place.key, place.value = "location", "../../secret.bin"
    return weight


def loop():
    body = helper.make_graph([], "body", [], [])
    return named("Loop", "", "", body=body)


def with_function():
    model = network()
    model.functions.add().name = "hidden"
    return model


def sparse():
    model = network()
    model.graph.sparse_initializer.add().dims.append(3)
    return model


def huge():
    weight = TensorProto(name="weight", data_type=TensorProto.FLOAT, dims=[2**20, 2**20])
    return network(weights=[weight])


def of(array):
    return network(weights=[numpy_helper.from_array(array, "weight")])


REFUSED = {
    "external data": (lambda: network(weights=[in_another_file()]), "lies in another file"),
    "loop": (loop, "a loop or a branch"),
    "subgraph of a permitted operator": (
        lambda: named("Relu", body=helper.make_graph([], "body", [], [])),
        "a loop or a branch",
    ),
    "functions": (with_function, "functions"),
    "sparse weights": (sparse, "sparse weights"),
    "custom domain": (lambda: named("Relu", domain="com.microsoft"), "com.microsoft:Relu"),
    "random numbers": (lambda: named("RandomNormalLike"), "RandomNormalLike"),
    "opset": (lambda: network(opset=NEWEST_OPSET + 1), "newer than"),
    "huge tensor": (huge, "more than 67,108,864 elements"),
    "huge input": (lambda: network(output=(2**40, 2)), "elements"),
    "NaN": (lambda: of(np.array([1, np.nan], np.float32)), "NaN or infinity"),
    "infinity": (lambda: of(np.array([np.inf], np.float16)), "NaN or infinity"),
    "NaN in integers": (
        lambda: network(weights=[helper.make_tensor("weight", TensorProto.FLOAT16, [1], [np.nan])]),
        "NaN or infinity",
    ),
    "NaN of an attribute": (lambda: named("Elu", alpha=np.nan), "an attribute with NaN"),
    "infinity among numbers": (
        lambda: named("Constant", value_floats=[0.0, np.inf]),
        "an attribute with NaN",
    ),
    "texts": (lambda: of(np.array(["a"], object)), "a tensor of texts"),
    "complex": (lambda: of(np.array([1j], np.complex64)), "a tensor of type"),
    "two graphs": (
        lambda: network().SerializeToString() + network().SerializeToString(),
        "2 graphs",
    ),
    "cut off": (lambda: network().SerializeToString()[:-3], "cut off"),
    "text": (lambda: b"no network at all", "Got"),
    "nothing": (lambda: b"", "0 graphs"),
    "a version of letters": (lambda: b"\x42\x03\x12\x01A", "Got"),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_before_it_is_opened(make, message):
    made = make()
    content = made if isinstance(made, bytes) else made.SerializeToString()
    with pytest.raises(BundleError, match=f"weights and arithmetic alone.*{message}"):
        check_graph(content, MODEL_ONNX)
    with pytest.raises(BundleError, match=message):
        opened(content)


def test_what_is_harmless_runs():
    images = np.full((3, 8, 8, 1), 0.5, np.float32)
    assert opened(network()).logits(images).tolist() == [[0.5, 0.5]] * 3


@pytest.mark.parametrize("name", segcap.available())
def test_shipped_networks_are_permitted(name):
    parts = read_bundle(bundle_path(name)).parts
    for part in parts:
        if part.endswith(MODEL_ONNX):
            prefix = part.removesuffix(MODEL_ONNX)
            own = {key.removeprefix(prefix): parts[key] for key in parts if key.startswith(prefix)}
            check_graph(whole_onnx(own), part)


def test_a_name_that_is_no_text_adds_no_remark(capfd):
    torn = network().SerializeToString().replace(b"column", b"colum\xa6", 2)
    with pytest.raises(BundleError, match="can run"):
        opened(torn)
    assert capfd.readouterr() == ("", "")


ANSWERS = {
    "no shape": (named("Flatten", axis=1), "must distinguish 2 classes"),
    "another shape": (named("Flatten", axis=1), "must distinguish 2 classes"),
    "a scalar": (
        network(helper.make_node("ReduceMean", ["images"], ["logits"], keepdims=0), output=()),
        "no known number of",
    ),
    "fewer rows": (
        network(
            helper.make_node("ReduceMean", ["images"], ["mean"], axes=[0, 2, 3], keepdims=0),
            helper.make_node("Slice", ["mean", "begin", "end"], ["two"]),
            helper.make_node("Reshape", ["two", "row"], ["logits"]),
            weights=[
                numpy_helper.from_array(np.array(value), name)
                for name, value in (("begin", [0]), ("end", [2]), ("row", [1, 2]))
            ],
        ),
        r"logits of shape \(3, 2\). Got \(1, 2\)",
    ),
    "NaN": (
        network(
            helper.make_node("ReduceMean", ["images"], ["mean"], axes=[2, 3], keepdims=0),
            helper.make_node("Slice", ["mean", "begin", "end", "axis"], ["two"]),
            helper.make_node("Sub", ["two", "two"], ["zero"]),
            helper.make_node("Div", ["zero", "zero"], ["logits"]),
            weights=[
                numpy_helper.from_array(np.array(value), name)
                for name, value in (("begin", [0]), ("end", [2]), ("axis", [1]))
            ],
        ),
        "finite logits",
    ),
}


@pytest.mark.parametrize(("model", "message"), ANSWERS.values(), ids=ANSWERS)
def test_answers_of_another_kind(model, message):
    with pytest.raises(BundleError, match=message):
        opened(model).logits(np.full((3, 8, 8, 1), 0.5, np.float32))


@pytest.mark.parametrize(
    ("classifier", "options", "inputs", "right", "wrong"),
    [
        ("glyph_cnn", {}, [(5, 28, 28, 1)], (5, 4), (5, 1, 4)),
        ("span_cnn", {}, [(2, 32, 64, 2), (2, 7, 2)], (2, 7, 4), (2, 6, 4)),
        ("ink_unet", {}, [(1, 16, 32, 3)], (1, 16, 32, 4), (1, 8, 32, 4)),
        ("multihead", {"length": 6}, [(3, 50, 250, 1)], (3, 6, 4), (3, 5, 4)),
        ("crnn", {}, [(3, 50, 200, 1)], (3, 50, 4), (3, 4)),
        ("resnet50", {}, [(3, 64, 64, 3)], (3, 4), (3, 2, 4)),
    ],
)
def test_the_shape_of_logits_is_that_of_the_task(classifier, options, inputs, right, wrong):
    shown = [np.zeros(shape, np.float32) for shape in inputs]
    assert classifier in registry.NETWORKS
    check_logits(np.zeros(right, np.float32), shown, classifier, classes=4, options=options)
    for shape in (wrong, (*right[:-1], 5)):
        with pytest.raises(BundleError, match="logits of shape"):
            check_logits(np.zeros(shape, np.float32), shown, classifier, classes=4, options=options)
    with pytest.raises(BundleError, match=r"float32 numbers. Got int64"):
        check_logits(np.zeros(right, int), shown, classifier, classes=4, options=options)


def test_weights_are_finite():
    check_weights({"a": np.ones(3)}, WEIGHTS)
    with pytest.raises(BundleError, match=r"finite weights.*'a'"):
        check_weights({"a": np.array([0, np.inf])}, WEIGHTS)
