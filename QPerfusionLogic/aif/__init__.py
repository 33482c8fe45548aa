"""The arterial input function: every way to an unsaturated blood curve, with features and checks."""

from .compare import allowed_inputs
from .logic import AifCorrectionLogic

__all__ = ["AifCorrectionLogic", "allowed_inputs"]
