"""Masks of the user: label maps, segmentations and contours of other tools, on the grid of a series."""
