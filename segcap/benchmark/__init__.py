"""Segment-then-classify against end-to-end, on the same split, in one report."""

from segcap.benchmark.adapters import Method, ReaderMethod, TrainableMethod
from segcap.benchmark.audit import AuditResult, AuditTerms, audit
from segcap.benchmark.bench import run
from segcap.benchmark.compare import Difference, compare
from segcap.benchmark.cost import hardware
from segcap.benchmark.outputs import table
from segcap.benchmark.peers import Ddddocr, FunctionMethod, Tesseract
from segcap.benchmark.results import BenchmarkResult
from segcap.benchmark.split_task import ImageGenerator, SplitTask, Truth

__all__ = [
    "AuditResult",
    "AuditTerms",
    "BenchmarkResult",
    "Ddddocr",
    "Difference",
    "FunctionMethod",
    "ImageGenerator",
    "Method",
    "ReaderMethod",
    "SplitTask",
    "Tesseract",
    "TrainableMethod",
    "Truth",
    "audit",
    "compare",
    "hardware",
    "run",
    "table",
]
