"""Search over settings: of training, of networks, of anything that gives a value to maximise."""

from segcap.training.tuning.report import Objective, Report
from segcap.training.tuning.result import SearchResult, Tried
from segcap.training.tuning.run import search
from segcap.training.tuning.spaces import Space

__all__ = ["Objective", "Report", "SearchResult", "Space", "Tried", "search"]
