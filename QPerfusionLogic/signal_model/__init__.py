"""What a saturation-recovery sequence makes of gadolinium: constants with sources, signal equations, look-up tables."""

from QPerfusionLogic.contrast_agents import agent_name

from .bolus import Bolus, find_bolus
from .bssfp import balanced_magnetisation
from .constants import Constant, native_property, relaxivity, typical_acquisition
from .flash import proton_density_magnetisation, saturation_recovery_magnetisation
from .look_up_table import LookUpTable
from .physics import SeriesPhysics, physics_of_series
from .response import SignalResponse, Tissue
from .sequence import SaturationRecovery, resolve_sequence

__all__ = [
    "Bolus",
    "Constant",
    "LookUpTable",
    "SaturationRecovery",
    "SeriesPhysics",
    "SignalResponse",
    "Tissue",
    "agent_name",
    "balanced_magnetisation",
    "find_bolus",
    "native_property",
    "physics_of_series",
    "proton_density_magnetisation",
    "relaxivity",
    "resolve_sequence",
    "saturation_recovery_magnetisation",
    "typical_acquisition",
]
