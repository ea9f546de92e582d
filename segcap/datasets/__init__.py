"""Real data sets, each in its published layout."""

from segcap.datasets.labelled import LabelledImages, load_labelled
from segcap.datasets.mnist import Mnist, load_mnist
from segcap.datasets.named import load_named
from segcap.datasets.uci_digits import load_uci_digits

__all__ = [
    "LabelledImages",
    "Mnist",
    "load_labelled",
    "load_mnist",
    "load_named",
    "load_uci_digits",
]
