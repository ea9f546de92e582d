"""Cats and dogs: what an accuracy measured on single photos means for a challenge of twelve.

python examples/asirra_odds.py [--right 2948 --of 3000]

The figures unless given: 98.27 % of 3,000 photos, published for a network trained from scratch.
"""

import argparse
from functools import partial

from segcap.evaluate import odds, wilson

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--right", type=int, default=2948)
parser.add_argument("--of", type=int, default=3000)
args = parser.parse_args()

accuracy = wilson(args.right, args.of)
print(f"accuracy on one photo: {accuracy}")

passed = partial(odds.pass_probability, n=12)
print(f"all 12 right: {odds.carried(passed, accuracy)}")
print(f"guessing: 1 in {1 / passed(0.5):,.0f}; 60 % right: 1 in {1 / passed(0.6):,.0f}")

credit = partial(odds.partial_credit, n=12)
print(f"with partial credit, per challenge: {odds.carried(credit, accuracy)}")

attempts, bucket = 360, odds.TokenBucket(capacity=10, refill_per_hour=6)
hourly = {
    "no bucket": lambda rate: odds.passes_per_hour(passed(rate), attempts),
    "bucket": lambda rate: odds.passes_per_hour(passed(rate), attempts, bucket),
    "bucket, partial credit": lambda rate: odds.passes_per_hour_with_credit(
        rate, 12, attempts, bucket
    ),
}
print(f"passes per hour of {attempts} attempts, {bucket}:")
for name, rule in hourly.items():
    price = odds.price_per_pass(rule(accuracy.value) / attempts, price_per_attempt=0.001)
    print(f"  {name}: {odds.carried(rule, accuracy)}, {price:.4f} each at 0.001 an attempt")
played = odds.simulate_passes_per_hour(accuracy.value, 12, attempts, bucket, addresses=100)
print(f"  bucket, played: {played.low:.0f} to {played.high:.0f}")

print(f"a pass in a million: an attacker's accuracy up to {odds.accuracy_limit(1e-6, 12):.4f}")
for human in (0.99, 0.999):
    needed = odds.items_needed(1e-6, accuracy.value, human)
    print(f"  or {needed.n} photos; people who get {human} of them right pass {needed.human:.2%}")
