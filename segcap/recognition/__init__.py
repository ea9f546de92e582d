"""From images to scores and readings: engines, trained networks, the pipeline."""
