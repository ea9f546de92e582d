"""Search over settings: of training, of networks, of anything that gives a value to maximise."""

from segcap.training.searching.report import Objective, Report
from segcap.training.searching.result import SearchResult, Tried
from segcap.training.searching.run import search
from segcap.training.searching.spaces import Space

__all__ = ["Objective", "Report", "SearchResult", "Space", "Tried", "search"]
