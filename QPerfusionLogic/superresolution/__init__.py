"""Sharper frames from low-resolution acquisitions: what was measured stays, what is missing is estimated."""

from .logic import SuperresolutionLogic

__all__ = ["SuperresolutionLogic"]
