"""Signal to gadolinium in every pixel."""

from .logic import ConversionLogic

__all__ = ["ConversionLogic"]
