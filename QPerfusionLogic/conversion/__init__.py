"""Signal to gadolinium in every pixel."""

from .comparability import comparability, unlike_conversions
from .logic import ConversionLogic

__all__ = ["ConversionLogic", "comparability", "unlike_conversions"]
