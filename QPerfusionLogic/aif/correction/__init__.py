"""Corrections of a blood curve: signal inversion, T2*, B1, baseline, detrending."""
