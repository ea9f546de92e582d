"""Open networks in ONNX Runtime, with bounds."""

import io
import os
import warnings
from contextlib import redirect_stdout, suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from segcap.core.errors import BundleError, ParameterError, SegcapWarning
from segcap.recognition.engines.graph import check_graph

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["DEVICES", "MOST_MEMORY", "Device", "device_of", "new_session", "open_session"]

Device: TypeAlias = Literal["auto", "cpu", "cuda"]
DEVICES: tuple[Device, ...] = ("auto", "cpu", "cuda")

MOST_MEMORY = 3 * 2**30
"""Bytes that all networks of a process may take together while they answer, on a GPU each."""
_SAY_NOTHING = 4
_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_GET_GPU = "pip install 'segcap[gpu]'"


def open_session(model: bytes, part: str, device: Device = "cpu") -> "InferenceSession":
    """Open an ONNX network, after a look at what it does.

    Parameters
    ----------
    model : bytes
    part : str
        What messages call it.
    device : {"cpu", "cuda", "auto"}
        "auto" is a GPU where ONNX Runtime can use one.

    Raises
    ------
    BundleError
        It is more than weights and arithmetic, see `check_graph`, or ONNX Runtime cannot run it.
    ParameterError
        `device` is "cuda", and there is no GPU that ONNX Runtime can use.

    Warns
    -----
    SegcapWarning
        `device` is "auto", and ONNX Runtime is built for GPUs but cannot use one.
    """
    check_graph(model, part)
    import onnxruntime

    try:
        return new_session(model, device)
    except ParameterError:
        raise
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
    on_gpu = device != "cpu" and _with_cuda()
    providers: list[Any] = [(_CUDA, {"gpu_mem_limit": MOST_MEMORY})] if on_gpu else []
    # without a second try, whose remark would be printed among results
    session = onnxruntime.InferenceSession(
        model, options, providers=[*providers, _CPU], enable_fallback=False
    )
    if device == "cuda" and device_of(session) != "cuda":
        raise ParameterError(
            f"For the 'device' 'cuda', ONNX Runtime must find a GPU with CUDA ({_GET_GPU}). "
            f"Got one that finds {', '.join(session.get_providers())}."
        )
    if on_gpu and device_of(session) != "cuda":
        _warn_without_gpu()
    return session


def device_of(session: "InferenceSession") -> Literal["cpu", "cuda"]:
    """Return where a network runs."""
    return "cuda" if _CUDA in session.get_providers() else "cpu"


@cache
def _with_cuda() -> bool:
    """Whether ONNX Runtime is built for GPUs; if so, load the CUDA that pip installs."""
    import onnxruntime

    if _CUDA not in onnxruntime.get_available_providers():
        return False
    if hasattr(onnxruntime, "preload_dlls"):
        with redirect_stdout(io.StringIO()):  # it prints what it does not find
            onnxruntime.preload_dlls()
    return True


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
