"""How good answers are, and what they look like."""

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
    Share,
    character_accuracy,
    edit_distance,
    exact_match,
    expected_calibration_error,
    wilson,
)
from segcap.evaluate.page import sample_page
from segcap.evaluate.plots import plot_confusion
from segcap.evaluate.predictions import write_predictions

__all__ = [
    "CharacterConfusion",
    "ClassReport",
    "ClassScores",
    "Confusion",
    "ConfusionMatrix",
    "Share",
    "aligned_characters",
    "character_accuracy",
    "character_confusion",
    "classification_report",
    "confusion_matrix",
    "edit_distance",
    "exact_match",
    "expected_calibration_error",
    "macro_f1",
    "most_confused",
    "plot_confusion",
    "sample_page",
    "wilson",
    "write_predictions",
]
