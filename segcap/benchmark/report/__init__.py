"""A benchmark's result as one HTML page that needs nothing else."""

from segcap.benchmark.report.page import write_report

__all__ = ["write_report"]
