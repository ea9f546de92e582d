"""Labels made quickly: a page on the local machine that asks, a reader that guesses."""

from segcap.labeling.queue import Guess, LabelQueue
from segcap.labeling.server import open_server
from segcap.labeling.session import Session
from segcap.labeling.worker import Worker

__all__ = ["Guess", "LabelQueue", "Session", "Worker", "open_server"]
