"""Real data sets, each in its published layout."""

from segcap.datasets.catalogue import load, names
from segcap.datasets.dataset import Dataset
from segcap.datasets.labelled import LabelledImages, load_labelled
from segcap.datasets.mnist import Mnist, load_mnist
from segcap.datasets.named import load_named
from segcap.datasets.near_duplicates import near_duplicates
from segcap.datasets.summary import Summary, summarise
from segcap.datasets.uci_digits import load_uci_digits

__all__ = [
    "Dataset",
    "LabelledImages",
    "Mnist",
    "Summary",
    "load",
    "load_labelled",
    "load_mnist",
    "load_named",
    "load_uci_digits",
    "names",
    "near_duplicates",
    "summarise",
]
