"""From scores to texts and sums: the best chain of candidates, CTC, calibrated probabilities."""
