"""Readers: settings and a short composition of the steps."""
