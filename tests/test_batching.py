import numpy as np

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
