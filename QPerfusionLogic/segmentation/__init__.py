"""Where the heart is: blood pools, myocardium, RV insertion points, AHA segments and the blood region of the AIF."""

from .aha import aha_segments, slice_levels
from .logic import SegmentationLogic, heart_box
from .orientation import anterior_direction, base_to_apex
from .right_ventricle import insertion_points
from .wall import layers_of, trimmed
from .wall_places import carried_over

__all__ = [
    "SegmentationLogic",
    "aha_segments",
    "anterior_direction",
    "base_to_apex",
    "carried_over",
    "heart_box",
    "insertion_points",
    "layers_of",
    "slice_levels",
    "trimmed",
]
