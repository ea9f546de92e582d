"""A benchmark's result as one HTML page that needs nothing else."""

from segcap.benchmark.report.page import require_report, write_report

__all__ = ["require_report", "write_report"]
