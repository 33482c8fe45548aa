"""Frames before and after: acquired lines, degradation, zero-padding, checks, what a method returns."""
