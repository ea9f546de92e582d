"""How good answers are."""

from segcap.evaluate.metrics import (
    Share,
    character_accuracy,
    edit_distance,
    exact_match,
    expected_calibration_error,
    wilson,
)

__all__ = [
    "Share",
    "character_accuracy",
    "edit_distance",
    "exact_match",
    "expected_calibration_error",
    "wilson",
]
