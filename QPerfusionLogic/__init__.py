"""Quantitative first-pass myocardial perfusion MRI; nothing heavy is loaded by this file."""

__version__ = "0.1.0"
