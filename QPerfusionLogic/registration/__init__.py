"""Motion out of a dynamic series, and the frames that cannot be used marked as such."""

from .logic import RegistrationLogic

__all__ = ["RegistrationLogic"]
