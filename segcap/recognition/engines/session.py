"""Open networks in ONNX Runtime, with bounds."""

import io
import os
import warnings
from contextlib import redirect_stdout, suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from segcap.core.errors import BundleError, SegcapWarning
from segcap.recognition.engines.graph import check_graph

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = [
    "DEVICES",
    "MOST_MEMORY",
    "Device",
    "finds_gpu",
    "is_built_for_gpus",
    "new_session",
    "open_session",
]

Device: TypeAlias = Literal["auto", "cpu", "cuda"]
DEVICES: tuple[Device, ...] = ("auto", "cpu", "cuda")

MOST_MEMORY = 3 * 2**30
"""Bytes that all networks of a process may take together while they answer, on a GPU each."""
_SAY_NOTHING, _ORT_DEFAULT = 4, 2
_COPIES = (  # an ONNX network that copies a number
    b'\x08\x07:7\n\x10\n\x01x\x12\x01y"\x08Identity\x12\x01gZ\x0f\n\x01x\x12\n\n\x08\x08\x01\x12\x04'
    b"\n\x02\x08\x01b\x0f\n\x01y\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01B\x04\n\x00\x10\r"
)
_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_ON_GPU = {
    "gpu_mem_limit": MOST_MEMORY,
    "use_tf32": 0,  # which has three decimal digits
    "cudnn_conv_algo_search": "HEURISTIC",  # lines come in many widths, each of them searched else
}


def open_session(model: bytes, part: str, device: Device = "cpu") -> "InferenceSession":
    """Open an ONNX network, after a look at what it does.

    Parameters
    ----------
    model : bytes
    part : str
        What messages call it.
    device : {"cpu", "auto", "cuda"}
        All but "cpu" are a GPU; "auto" is the CPU where a GPU cannot be used.

    Raises
    ------
    BundleError
        It is more than weights and arithmetic, see `check_graph`, or ONNX Runtime cannot run it.

    Warns
    -----
    SegcapWarning
        `device` is "auto", and ONNX Runtime is built for GPUs but cannot use one.
    """
    check_graph(model, part)
    try:
        return new_session(model, device)
    except SegcapWarning:  # where warnings are errors
        raise
    except Exception as error:  # noqa: BLE001 onnxruntime's errors share no base
        raise BundleError(
            f"The part '{part}' must be a network that ONNX Runtime "
            f"{_runtime().__version__} can run. Got: {' '.join(str(error).split())}"
        ) from None


def new_session(model: bytes | str, device: Device = "cpu") -> "InferenceSession":
    """Open an ONNX network, or the file of one, as it is; errors are ONNX Runtime's."""
    onnxruntime = _runtime()
    _bound_memory()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SAY_NOTHING
    options.intra_op_num_threads = _threads()
    options.add_session_config_entry("session.use_env_allocators", "1")
    if device == "cuda" or (device == "auto" and finds_gpu()):
        try:
            return _opened(model, [(_CUDA, _ON_GPU), _CPU], options)
        except Exception:  # such as a GPU without memory that is left
            if device == "cuda":
                raise
    if device == "auto" and is_built_for_gpus():
        _warn_without_gpu()
    return _opened(model, [_CPU], options)


def is_built_for_gpus() -> bool:
    """Whether ONNX Runtime can use CUDA where there is a GPU."""
    return _CUDA in _runtime().get_available_providers()


@cache
def finds_gpu() -> bool:
    """Whether ONNX Runtime runs a small network on a GPU, tried once."""
    if not is_built_for_gpus():
        return False
    onnxruntime = _runtime()
    if hasattr(onnxruntime, "preload_dlls"):
        with redirect_stdout(io.StringIO()):  # it prints what it does not find
            onnxruntime.preload_dlls()
    onnxruntime.set_default_logger_severity(_SAY_NOTHING)
    try:
        session = _opened(_COPIES, [(_CUDA, _ON_GPU), _CPU])
        session.run(None, {"x": np.ones(1, np.float32)})
    except Exception:  # noqa: BLE001 onnxruntime's errors share no base
        return False
    finally:
        onnxruntime.set_default_logger_severity(_ORT_DEFAULT)
    return _CUDA in session.get_providers()


def _runtime() -> Any:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def _opened(model: bytes | str, providers: list[Any], options: Any = None) -> "InferenceSession":
    """Open a session without a second try, whose remark would be printed among results."""
    return _runtime().InferenceSession(model, options, providers=providers, enable_fallback=False)


@cache
def _warn_without_gpu() -> None:
    warnings.warn(
        "ONNX Runtime is built for GPUs, but cannot use one here; the CPU is used. With the device "
        "'cpu' it does not look for one.",
        SegcapWarning,
        stacklevel=2,
    )


def _threads() -> int:
    """How many threads OMP_NUM_THREADS allows, which joblib sets for its workers; 0 for all.

    OpenMP takes a list, too, of threads within threads.
    """
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(first) if first.isdecimal() else 0


@cache
def _bound_memory() -> None:
    """Let ONNX Runtime allocate no more than `MOST_MEMORY`, unless this process has chosen a bound.

    A network without loops can still ask for any size, such as by a shape that it computes.
    """
    onnxruntime = _runtime()
    with suppress(Exception):  # there is an allocator already
        onnxruntime.create_and_register_allocator(
            onnxruntime.OrtMemoryInfo(
                "Cpu",
                onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR,
                0,
                onnxruntime.OrtMemType.DEFAULT,
            ),
            onnxruntime.OrtArenaCfg({"max_mem": MOST_MEMORY}),
        )
