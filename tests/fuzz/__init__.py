"""Mutated images, arguments and bundles: each has a documented outcome."""
