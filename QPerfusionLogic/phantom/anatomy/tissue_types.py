"""What the body of a digital patient is made of: relaxation times and proton density."""

from __future__ import annotations

from dataclasses import dataclass

AIR, FAT, MUSCLE, LUNG, LUNG_VESSEL, LIVER, SPLEEN, STOMACH_WALL, STOMACH = range(9)
GAS, MARROW, BONE, RV_BLOOD, LV_BLOOD, AORTA, RV_WALL, PAPILLARY, MYOCARDIUM = range(9, 18)
"""Indices of the tissues."""


@dataclass(frozen=True)
class TissueType:
    """One tissue: native (T1, T2, T2*) in s at 1.5 T and 3 T, and proton density relative to blood."""

    name: str
    relaxation_1_5t: tuple[float, float, float]
    relaxation_3t: tuple[float, float, float]
    proton_density: float

    def relaxation(self, field_strength_t: float) -> tuple[float, float, float]:
        """Return (T1, T2, T2*) in s."""
        return self.relaxation_3t if field_strength_t > 2.0 else self.relaxation_1_5t


TISSUES = (
    TissueType("air", (1.0, 0.05, 0.001), (1.0, 0.05, 0.001), 0.0),
    TissueType("fat", (0.28, 0.070, 0.030), (0.36, 0.070, 0.025), 0.85),
    TissueType("skeletal muscle", (0.95, 0.045, 0.030), (1.30, 0.040, 0.025), 0.80),
    TissueType("lung", (1.20, 0.050, 0.0018), (1.30, 0.050, 0.0010), 0.20),
    TissueType("lung vessel", (1.50, 0.220, 0.020), (1.80, 0.200, 0.012), 0.90),
    TissueType("liver", (0.58, 0.046, 0.026), (0.80, 0.040, 0.018), 0.80),
    TissueType("spleen", (1.05, 0.079, 0.050), (1.30, 0.065, 0.035), 0.85),
    TissueType("stomach wall", (0.95, 0.060, 0.030), (1.20, 0.055, 0.025), 0.80),
    TissueType("stomach content", (1.60, 0.200, 0.060), (1.90, 0.200, 0.050), 0.85),
    TissueType("gas", (1.0, 0.05, 0.001), (1.0, 0.05, 0.001), 0.02),
    TissueType("bone marrow", (0.55, 0.050, 0.012), (0.60, 0.050, 0.009), 0.55),
    TissueType("cortical bone", (0.60, 0.010, 0.001), (0.60, 0.010, 0.001), 0.10),
    TissueType("RV blood", (1.55, 0.180, 0.100), (1.90, 0.160, 0.060), 0.95),
    TissueType("LV blood", (1.65, 0.220, 0.150), (1.95, 0.200, 0.100), 0.95),
    TissueType("aortic blood", (1.65, 0.220, 0.150), (1.95, 0.200, 0.100), 0.95),
    TissueType("RV wall", (1.08, 0.048, 0.035), (1.28, 0.045, 0.025), 0.80),
    TissueType("papillary muscle", (1.08, 0.048, 0.035), (1.28, 0.045, 0.025), 0.80),
    TissueType("myocardium", (1.08, 0.048, 0.035), (1.28, 0.045, 0.025), 0.80),
)
"""Rounded from Stanisz 2005 (blood, muscle), de Bazelaire 2004 (abdomen), Kellman & Hansen 2014 (myocardium) and
textbook values for lung and bone; each patient scatters around them."""
