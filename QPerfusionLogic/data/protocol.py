"""How a series was acquired."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Protocol:
    """How a series was acquired; None where it is not known. Every value names its unit."""

    vendor: str = ""
    model_name: str = ""
    field_strength_t: float | None = None
    sequence: str = "flash"
    """Readout: "flash" (spoiled gradient echo), "bssfp" or "epi"."""
    repetition_time_s: float | None = None
    """Time between readout pulses (not the R-R interval)."""
    echo_time_s: float | None = None
    second_echo_time_s: float | None = None
    flip_angle_deg: float | None = None
    saturation_time_s: float | None = None
    """Effective saturation time TS = TD + n TR: end of saturation to the centre of k-space (DICOM InversionTime)."""
    pulses_to_centre: int | None = None
    """Readout pulses n before the centre of k-space."""
    saturation_efficiency: float = 1.0
    proton_density_flip_angle_deg: float | None = None
    agent: str = ""
    relaxivity_l_mmol_s: float | None = None
    """Longitudinal relaxivity r1 of the agent in blood, when the user fixed one; else the table's."""
    dose_mmol_kg: float | None = None
    heart_rate_bpm: float | None = None
