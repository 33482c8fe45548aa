"""Shifts between images: features, correlation, and one position per frame."""
