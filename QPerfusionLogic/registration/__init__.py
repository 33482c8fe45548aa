"""Motion out of a dynamic series, and the frames that cannot be used marked as such."""

from .alignment import align_stress_to_rest
from .logic import RegistrationLogic
from .profiles import MotionProfiles, motion_profiles

__all__ = ["MotionProfiles", "RegistrationLogic", "align_stress_to_rest", "motion_profiles"]
