import threading
import time

import numpy as np
import pytest

from segcap.training.batching import batch_orders, made_ahead, shuffled_rounds


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


def alive():
    return [one.name for one in threading.enumerate() if one.name.startswith("segcap-draw")]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 40])
def test_things_come_in_order_from_another_thread(count):
    def make(number):
        return number, threading.current_thread() is threading.main_thread()

    with made_ahead(make, count) as things:
        assert list(things) == [(number, False) for number in range(count)]
    assert not alive()


def test_only_four_are_made_ahead():
    made, fourth = [], threading.Event()

    def make(number):
        made.append(number)
        if number == 4:
            fourth.set()
        return number

    with made_ahead(make, 40) as things:
        assert next(things) == 0
        assert fourth.wait(10)
        time.sleep(0.05)
        assert made == [0, 1, 2, 3, 4]


def test_what_goes_wrong_is_reported_where_it_is_used():
    def make(number):
        if number == 2:
            raise OSError("gone")
        return number

    used = []
    with pytest.raises(OSError, match="gone"), made_ahead(make, 10) as things:
        used.extend(things)
    assert used == [0, 1]
    assert not alive()


def test_leaving_early_ends_the_thread():
    made = []
    with made_ahead(made.append, 1000) as things:
        next(things)
    assert len(made) <= 5
    assert not alive()
