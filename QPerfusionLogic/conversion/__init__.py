"""Signal to gadolinium in every pixel."""

from .comparability import comparability
from .logic import ConversionLogic

__all__ = ["ConversionLogic", "comparability"]
