"""Add up rows of handwritten digits, with the probability of every possible sum."""

import numpy as np

import segcap
from segcap.datasets import load_uci_digits

digits = load_uci_digits()
reader = segcap.load("digits", length=4)

rows = segcap.generate.digit_sums(1, 15, seed=0, digits=digits)
answer = reader.digit_sum(rows.images[0])
likely = np.argsort(-answer.probabilities)[:3]
print(f"digits {answer.reading.text}, sum {answer.value}, confidence {answer.confidence:.2f}")
print("likely sums: " + ", ".join(f"{s} ({answer.probabilities[s]:.2f})" for s in likely))

for name, min_advance in (("separated", 22), ("touching", 15), ("overlapping", 10)):
    rows = segcap.generate.digit_sums(200, min_advance, seed=1, digits=digits)
    answers = reader.digit_sums(rows.images)
    right = [
        answer.value == label.sum() for answer, label in zip(answers, rows.labels, strict=True)
    ]
    print(f"{name:<11} {sum(right)} of {len(right)} sums right")
