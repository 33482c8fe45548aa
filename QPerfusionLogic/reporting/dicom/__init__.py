"""Parametric maps, segmentations and structured reports."""
