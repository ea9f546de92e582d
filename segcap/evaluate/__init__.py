"""How good answers are, and what they look like."""

from segcap.evaluate.abstention import CoverageCurve, CoveragePoint, coverage_curve
from segcap.evaluate.agreement import Agreement, Vote, agreement_between, vote
from segcap.evaluate.classes import (
    ClassReport,
    ClassScores,
    ConfusionMatrix,
    classification_report,
    confusion_matrix,
    macro_f1,
)
from segcap.evaluate.confusions import (
    CharacterConfusion,
    Confusion,
    aligned_characters,
    character_confusion,
    most_confused,
)
from segcap.evaluate.metrics import (
    Rate,
    character_accuracy,
    edit_distance,
    exact_match,
    expected_calibration_error,
    wilson,
)
from segcap.evaluate.page import sample_page
from segcap.evaluate.paired import (
    RateDifference,
    independent_difference,
    mcnemar,
    paired_difference,
)
from segcap.evaluate.plots import plot_confusion, plot_coverage, plot_reading
from segcap.evaluate.predictions import write_predictions
from segcap.evaluate.text_metrics import (
    character_error_rate,
    errors_by_position,
    length_accuracy,
    top_k_accuracy,
)

__all__ = [
    "Agreement",
    "CharacterConfusion",
    "ClassReport",
    "ClassScores",
    "Confusion",
    "ConfusionMatrix",
    "CoverageCurve",
    "CoveragePoint",
    "Rate",
    "RateDifference",
    "Vote",
    "agreement_between",
    "aligned_characters",
    "character_accuracy",
    "character_confusion",
    "character_error_rate",
    "classification_report",
    "confusion_matrix",
    "coverage_curve",
    "edit_distance",
    "errors_by_position",
    "exact_match",
    "expected_calibration_error",
    "independent_difference",
    "length_accuracy",
    "macro_f1",
    "mcnemar",
    "most_confused",
    "paired_difference",
    "plot_confusion",
    "plot_coverage",
    "plot_reading",
    "sample_page",
    "top_k_accuracy",
    "vote",
    "wilson",
    "write_predictions",
]
