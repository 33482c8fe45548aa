"""Saturation-recovery physics: constants with sources, signal equations, look-up tables."""
