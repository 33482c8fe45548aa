"""The arterial input function: every way to an unsaturated blood curve, with features and checks."""

from .compare import allowed_inputs
from .logic import AifCorrectionLogic
from .unused_inputs import refuse_unused

__all__ = ["AifCorrectionLogic", "allowed_inputs", "refuse_unused"]
