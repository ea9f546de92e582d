"""Learn classifiers: data, loop, calibration."""
