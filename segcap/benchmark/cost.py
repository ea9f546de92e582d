"""What answers cost: time, memory, size; and on what machine."""

import os
import platform
import re
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from joblib import cpu_count
from numpy.typing import NDArray

import segcap
from segcap.benchmark.adapters import Method, ReaderMethod
from segcap.benchmark.memory import OPEN_READER, peak_memory
from segcap.benchmark.outcomes import Cost
from segcap.benchmark.results import Hardware
from segcap.benchmark.split_task import Images
from segcap.core.errors import ParameterError
from segcap.core.image import load_or_error

__all__ = ["hardware", "measured_cost", "together", "used_versions"]

Number = TypeVar("Number", int, float)

WARM_UP = 5
LATENCIES = 100
AT_ONCE = (16, 512)
SECONDS_AT_ONCE = 5.0
_MILLI = 1e3
_USED = (
    *("numpy", "pillow", "scipy", "scikit-image", "scikit-learn", "onnxruntime"),
    *("keras", "tensorflow", "torch", "jax"),
)


def measured_cost(
    method: Method,
    images: Images,
    *,
    training_seconds: float | None = None,
    bundle: Path | None = None,
) -> Cost:
    """Measure what a method's answers cost.

    One image after the other is answered, 100 times after five to warm up, from memory; then, after
    a quarter of them, as many at once as take about five seconds, at least 16 and at most 512.

    Parameters
    ----------
    method : Method
        Fitted.
    images : sequence of path, bytes, array or PIL.Image.Image
        Those that cannot be loaded are left out; the others are taken again and again if they are
        fewer than are needed.
    bundle : Path, optional
        The file of a reader.

    Raises
    ------
    ParameterError
        No image can be loaded.
    """
    wanted = images[: AT_ONCE[1]]
    loaded = [one for one in map(load_or_error, wanted) if isinstance(one, np.ndarray)]
    if not loaded:
        raise ParameterError(
            f"To measure cost, an image must be readable. Got none among {len(wanted)}."
        )
    latencies = _latencies(method, loaded)
    median, high = np.percentile(latencies, [50, 95]).tolist()
    wishes = round(SECONDS_AT_ONCE / max(median, 1e-6))
    count = min(max(wishes, AT_ONCE[0]), AT_ONCE[1])
    many = [loaded[index % len(loaded)] for index in range(count)]
    method.answer(many[: max(AT_ONCE[0], count // 4)])
    started = time.perf_counter()
    method.answer(many)
    rate = count / (time.perf_counter() - started)
    return Cost(
        training_seconds,
        _MILLI * median,
        _MILLI * high,
        rate,
        _memory(method, loaded, bundle),
        method.parameters if isinstance(method, ReaderMethod) else None,
        None if bundle is None else bundle.stat().st_size,
    )


def together(costs: Sequence[Cost]) -> Cost:
    """Add up what methods cost that answer one after the other; None where one is not known."""
    return Cost(
        _total([cost.training_seconds for cost in costs]),
        sum(cost.latency_ms_p50 for cost in costs),
        sum(cost.latency_ms_p95 for cost in costs),
        1 / sum(1 / cost.images_per_second for cost in costs),
        _total([cost.peak_memory_mib for cost in costs]),
        _total([cost.parameters for cost in costs]),
        _total([cost.bytes for cost in costs]),
    )


def hardware() -> Hardware:
    """Describe this machine: processor, cores that may be used, memory, and what Keras sees.

    Devices are listed only where Keras has been imported already, for that takes seconds.
    """
    accelerators: list[str] = []
    if "keras" in sys.modules:
        from segcap.recognition.engines.networks import keras_devices

        accelerators = [one for one in keras_devices()[1] if "cpu" not in one.lower()]
    return Hardware(_processor(), cpu_count(), round(_memory_gib(), 1), tuple(accelerators))


def used_versions() -> dict[str, str]:
    """Return the versions of what answers of segcap's readers depend on, as far as known."""
    found = {"segcap": segcap.__version__, "opencv": cv2.__version__}
    for name in _USED:
        with suppress(PackageNotFoundError):  # such as a build under another name
            found[name] = version(name)
    return {**found, "backend": os.environ.get("KERAS_BACKEND", "")}


def _latencies(method: Method, images: Sequence[NDArray[np.uint8]]) -> list[float]:
    """Seconds of each of 100 images."""
    for image in images[:WARM_UP]:
        method.answer([image])
    spent = []
    for index in range(LATENCIES):
        image = images[index % len(images)]
        started = time.perf_counter()
        method.answer([image])
        spent.append(time.perf_counter() - started)
    return spent


def _memory(
    method: Method, images: Sequence[NDArray[np.uint8]], bundle: Path | None
) -> float | None:
    if isinstance(method, ReaderMethod) and bundle is not None:
        options = [str(bundle), method.asks, method.reader.engine, method.reader.device]
        return peak_memory(OPEN_READER, options, images)
    measure = getattr(method, "peak_memory", None)
    return None if measure is None else measure(images)


def _total(values: Sequence[Number | None]) -> Number | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _processor() -> str:
    try:
        names = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def _memory_gib() -> float:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, OSError, ValueError):
        return 0.0
