import numpy as np

from segcap.core.batching import batched_by_size
from segcap.training.batching import batch_orders, shuffled_rounds


class Sizes:
    """As much of batches as their order needs."""

    def __init__(self, sizes):
        self.sizes = np.array(sizes)


def test_batches_are_drawn_as_they_always_were():
    orders = batch_orders(Sizes([5, 1, 4, 2, 3]), 3, 2, np.random.default_rng(7))
    assert [order.tolist() for order in orders] == [[1, 3], [0, 0], [4, 2]]


def test_rounds_hold_each_once():
    drawn = shuffled_rounds(4, 10, np.random.default_rng(0))
    assert sorted(drawn[:4]) == sorted(drawn[4:8]) == [0, 1, 2, 3]
    assert len(set(drawn[8:])) == 2


def test_batches_end_where_their_arrays_are_large_enough():
    images = [np.zeros(n, np.uint8) for n in (3, 3, 9, 1, 0)]
    sizes = [[len(image) for image in batch] for batch in batched_by_size(images, 6)]
    assert sizes == [[3, 3], [9], [1, 0]]
    assert list(batched_by_size([], 6)) == []
