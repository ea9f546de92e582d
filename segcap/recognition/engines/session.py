"""Open networks in ONNX Runtime, with bounds."""

import io
import os
import warnings
from contextlib import redirect_stdout, suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

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
_SAY_NOTHING, _AS_IT_WAS = 4, 2
_COPIES = (  # an ONNX network that copies a number
    b'\x08\x07:7\n\x10\n\x01x\x12\x01y"\x08Identity\x12\x01gZ\x0f\n\x01x\x12\n\n\x08\x08\x01\x12\x04'
    b"\n\x02\x08\x01b\x0f\n\x01y\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01B\x04\n\x00\x10\r"
)
_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


def open_session(model: bytes, part: str, device: Device = "cpu") -> "InferenceSession":
    """Open an ONNX network, after a look at what it does.

    Parameters
    ----------
    model : bytes
    part : str
        What messages call it.
    device : {"cpu", "auto", "cuda"}
        All but "cpu" are a GPU where ONNX Runtime can use one.

    Raises
    ------
    BundleError
        It is more than weights and arithmetic, see `check_graph`, or ONNX Runtime cannot run it.

    Warns
    -----
    SegcapWarning
        `device` is not "cpu", and ONNX Runtime is built for GPUs but cannot use one.
    """
    check_graph(model, part)
    import onnxruntime

    try:
        return new_session(model, device)
    except Exception as error:  # noqa: BLE001 onnxruntime's errors share no base
        raise BundleError(
            f"The part '{part}' must be a network that ONNX Runtime "
            f"{onnxruntime.__version__} can run. Got: {' '.join(str(error).split())}"
        ) from None


def new_session(model: bytes | str, device: Device = "cpu") -> "InferenceSession":
    """Open an ONNX network, or the file of one, as it is; errors are ONNX Runtime's."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    _bound_memory()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SAY_NOTHING
    options.intra_op_num_threads = _threads()
    options.add_session_config_entry("session.use_env_allocators", "1")
    providers: list[Any] = [_CPU]
    if device != "cpu" and is_built_for_gpus():
        if finds_gpu():
            providers = [(_CUDA, {"gpu_mem_limit": MOST_MEMORY}), _CPU]
        else:
            _warn_without_gpu()
    # without a second try, whose remark would be printed among results
    return onnxruntime.InferenceSession(model, options, providers=providers, enable_fallback=False)


def is_built_for_gpus() -> bool:
    """Whether ONNX Runtime can use CUDA where there is a GPU."""
    import onnxruntime

    return _CUDA in onnxruntime.get_available_providers()


@cache
def finds_gpu() -> bool:
    """Whether ONNX Runtime can run a network on a GPU, tried once."""
    import onnxruntime

    if not is_built_for_gpus():
        return False
    if hasattr(onnxruntime, "preload_dlls"):
        with redirect_stdout(io.StringIO()):  # it prints what it does not find
            onnxruntime.preload_dlls()
    onnxruntime.set_default_logger_severity(_SAY_NOTHING)
    try:
        session = onnxruntime.InferenceSession(_COPIES, providers=[_CUDA, _CPU])
    finally:
        onnxruntime.set_default_logger_severity(_AS_IT_WAS)
    return _CUDA in session.get_providers()


@cache
def _warn_without_gpu() -> None:
    warnings.warn(
        "ONNX Runtime is built for GPUs, but finds none, or not its CUDA; the CPU is used. "
        "With device='cpu' it is not looked for.",
        SegcapWarning,
        stacklevel=3,
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
    import onnxruntime

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
