"""Open networks in ONNX Runtime, with bounds."""

import os
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from segcap.core.errors import BundleError
from segcap.recognition.engines.graph import check_graph

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["MOST_MEMORY", "new_session", "open_session"]

MOST_MEMORY = 3 * 2**30
"""Bytes that all networks of a process may take together while they answer."""
_SAY_NOTHING = 4


def open_session(model: bytes, part: str) -> "InferenceSession":
    """Open an ONNX network on the CPU, after a look at what it does.

    Parameters
    ----------
    model : bytes
    part : str
        What messages call it.

    Raises
    ------
    BundleError
        It is more than weights and arithmetic, see `check_graph`, or ONNX Runtime cannot run it.
    """
    check_graph(model, part)
    import onnxruntime

    try:
        return new_session(model)
    except Exception as error:  # noqa: BLE001 onnxruntime's errors share no base
        raise BundleError(
            f"The part '{part}' must be a network that ONNX Runtime "
            f"{onnxruntime.__version__} can run. Got: {' '.join(str(error).split())}"
        ) from None


def new_session(model: bytes | str) -> "InferenceSession":
    """Open an ONNX network, or the file of one, on the CPU, as it is; errors are ONNX Runtime's."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    _bound_memory()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SAY_NOTHING
    options.intra_op_num_threads = _threads()
    options.add_session_config_entry("session.use_env_allocators", "1")
    # without a second try, whose remark would be printed among results
    return onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"], enable_fallback=False
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
