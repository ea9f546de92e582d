"""What an accuracy means for a challenge's designer: odds of a pass, passes per hour, prices.

All chances are of independent answers: an image is right or wrong whatever the others are, and
every attempt gets new images. What is hard for a classifier often comes together, in which case
a measured fraction of passes is to be believed before one that is computed here.
"""

from segcap.evaluate.odds.bucket import (
    TokenBucket,
    passes_per_hour,
    passes_per_hour_with_credit,
    passes_with_answer_bucket,
)
from segcap.evaluate.odds.challenge import (
    near_miss,
    partial_credit,
    partial_credit_within,
    pass_probability,
    within_tries,
)
from segcap.evaluate.odds.cost import price_per_pass
from segcap.evaluate.odds.designer import (
    ItemsNeeded,
    accuracy_limit,
    accuracy_limit_of,
    items_needed,
)
from segcap.evaluate.odds.intervals import Odds, carried
from segcap.evaluate.odds.plot import plot_odds
from segcap.evaluate.odds.simulation import simulate_passes_per_hour
from segcap.evaluate.odds.tiles import choose_tiles, false_alarm_rate

__all__ = [
    "ItemsNeeded",
    "Odds",
    "TokenBucket",
    "accuracy_limit",
    "accuracy_limit_of",
    "carried",
    "choose_tiles",
    "false_alarm_rate",
    "items_needed",
    "near_miss",
    "partial_credit",
    "partial_credit_within",
    "pass_probability",
    "passes_per_hour",
    "passes_per_hour_with_credit",
    "passes_with_answer_bucket",
    "plot_odds",
    "price_per_pass",
    "simulate_passes_per_hour",
    "within_tries",
]
