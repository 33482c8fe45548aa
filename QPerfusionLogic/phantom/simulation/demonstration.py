"""The patient of `qperfusion demo`."""

from __future__ import annotations

from dataclasses import replace

from QPerfusionLogic.phantom.anatomy.perfusion_pattern import Defect
from QPerfusionLogic.phantom.patients.patient import StateParameters
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.scanner.imaging import Encoding
from QPerfusionLogic.progress import Progress

from .simulated import SimulatedStudy
from .simulation import simulate_patient

SEED = 2026
DOSE_MMOL_KG = 0.075
SATURATION_TIME_S = 0.1
NOISE_SD = 0.0012
"""About a third of the usual noise: the demonstration shows the method, cohorts show what noise does to it."""


def demo_patient(slices: int = 3, progress: Progress | None = None) -> SimulatedStudy:
    """Return a patient with ischaemia of the LAD territory, breathing freely, imaged with a common 1.5 T protocol."""
    sampled = sample_patient(SEED, slices=slices, field_strength_t=1.5, condition="healthy", rotation_deg=0.0)
    defect = Defect(territory="LAD", centre_rad=0.0, half_width_rad=1.0, stress_factor=0.35, rest_factor=0.95)
    pattern = replace(sampled.pattern, stress_mbf_ml_min_g=2.8, rest_mbf_ml_min_g=0.8, defects=(defect,))
    encoding = Encoding(phase_resolution=0.85, readout_resolution=0.95, filter_strength=0.2, noise_sd=NOISE_SD)
    delay_s = SATURATION_TIME_S - encoding.pulses_to_centre * sampled.scanner.tissue.repetition_time_s
    scanner = replace(
        sampled.scanner,
        tissue_encoding=encoding,
        aif_encoding=replace(sampled.scanner.aif_encoding, noise_sd=0.35 * NOISE_SD),
        tissue=replace(sampled.scanner.tissue, saturation_delay_s=delay_s),
        pixel_mm=2.25,
    )
    states = {state: _with_dose(parameters) for state, parameters in sampled.states.items()}
    return simulate_patient(replace(sampled, pattern=pattern, scanner=scanner, states=states), progress)


def _with_dose(parameters: StateParameters) -> StateParameters:
    return replace(parameters, circulation=replace(parameters.circulation, dose_mmol_kg=DOSE_MMOL_KG))
