"""Commands that show what is there: models, info."""

import cv2

import segcap
from segcap.cli.app import app
from segcap.core.errors import ParameterError
from segcap.readers.registry import available, bundle_path


@app.command()
def models() -> None:
    """List the shipped readers."""
    from segcap.core.bundle import read_bundle
    from segcap.evaluate.metrics import Rate

    for name in available():
        path = bundle_path(name)
        bundle = read_bundle(path)
        figures = dict(bundle.provenance["figures"])
        print(f"{name}: {bundle.kind}, {bundle.architecture}, {path.stat().st_size:,} bytes")
        alphabet = bundle.charset or ", ".join(map(str, bundle.settings["classes"]))
        print(f"  {'characters' if bundle.charset else 'classes'} {alphabet}")
        if "test_n" in figures:
            names = ("test_accuracy", "test_accuracy_low", "test_accuracy_high", "test_n")
            print(f"  right of what was held out: {Rate(*map(figures.pop, names))}")
        described = ", ".join(f"{key} {value}" for key, value in figures.items())
        print(f"  trained on {bundle.provenance['data']['name']}: {described}")


@app.command()
def info() -> None:
    """Show versions, Keras' backend and the devices at hand."""
    import platform
    from importlib import metadata

    import onnxruntime

    from segcap.recognition.engines.networks import keras_devices
    from segcap.recognition.engines.session import finds_gpu

    print(f"segcap {segcap.__version__}, Python {platform.python_version()}")
    print(f"opencv {cv2.__version__}")
    for package in ("numpy", "scikit-image", "scikit-learn"):
        print(f"{package} {metadata.version(package)}")
    print(f"onnxruntime {onnxruntime.__version__}, device {'cuda' if finds_gpu() else 'cpu'}")
    try:
        backend, devices = keras_devices()
    except ParameterError as error:
        print(f"keras: not at hand. {error}")
    else:
        print(f"keras {metadata.version('keras')}, backend {backend}")
        print(f"devices: {', '.join(devices)}")
