"""Draws a whole digital patient with its scanner (distributions in Documentation/digital_patients.md)."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.scanner.bloch import Readout
from QPerfusionLogic.phantom.scanner.imaging import Encoding
from QPerfusionLogic.phantom.scanner.readout_table import Agent
from QPerfusionLogic.phantom.scanner.scanner import Scanner

from .distributions import (
    sample_circulation,
    sample_heart,
    sample_motion,
    sample_normal,
    sample_pattern,
    sample_tissue_factors,
    sample_torso,
)
from .patient import DigitalPatient, StateParameters

CONDITIONS = ("healthy", "ischaemia", "multivessel", "scar", "microvascular")
CONDITION_SHARES = (0.3, 0.4, 0.1, 0.1, 0.1)


def sample_patient(
    seed: int,
    *,
    slices: int = 3,
    vendor: str = "siemens",
    field_strength_t: float | None = None,
    sequence: str = "flash",
    frames: int = 60,
    condition: str | None = None,
    territory: str | None = None,
    states: tuple[State, ...] = (State.STRESS, State.REST),
    motion: bool = True,
    noise: bool = True,
    mishaps: bool = True,
    rotation_deg: float | None = None,
    irregular_bolus: bool | None = None,
    dual_sequence: bool = True,
    pre_bolus_ratio: float = 0.0,
    t1_map: bool = False,
) -> DigitalPatient:
    """Draw one patient.

    Parameters
    ----------
    seed : int
        The same seed and options give the same patient.
    slices : int
        1 to 6 short-axis slices.
    vendor : str
        "siemens", "ge" or "philips".
    field_strength_t : float, optional
        1.5 or 3; drawn when not given.
    sequence : str
        Readout of the tissue series, "flash" or "bssfp".
    frames : int
        Heart beats per series.
    condition : str, optional
        One of `CONDITIONS`; drawn when not given.
    territory : str, optional
        "LAD", "LCX" or "RCA" of the first defect; drawn when not given.
    states : tuple of State
        Stress, rest or both, in the order they are acquired.
    motion, noise, mishaps : bool
        False leaves out breathing, noise, or mistriggers and missed beats.
    rotation_deg : float, optional
        In-plane rotation of the picture; drawn when not given.
    irregular_bolus : bool, optional
        A double-peaked bolus; drawn with 8 % when not given.
    dual_sequence : bool
        Acquire the low-resolution AIF series.
    pre_bolus_ratio : float
        Above 0: a pre-bolus, diluted by this ratio, is imaged before each bolus.
    t1_map : bool
        Acquire a native T1 map.
    """
    random = np.random.default_rng([seed, 1])
    condition = condition or str(random.choice(CONDITIONS, p=CONDITION_SHARES))
    heart = sample_heart(random)
    rotation = np.deg2rad(random.uniform(-60, 60) if rotation_deg is None else rotation_deg)
    scanner = _scanner(random, vendor, field_strength_t, sequence, noise, float(rotation))
    torso = sample_torso(random, heart)
    pattern = sample_pattern(random, condition, territory)
    weight = sample_normal(random, 77, 12, 50, 115)
    sampled = {}
    for index, state in enumerate(states):
        sampled[state] = _state(random, state, index, weight, frames, motion, mishaps, irregular_bolus)
    factors = sample_tissue_factors(random)
    return DigitalPatient(
        seed,
        heart,
        torso,
        pattern,
        sampled,
        scanner,
        _levels(slices),
        factors,
        texture=float(random.uniform(0.02, 0.06)),
        dual_sequence=dual_sequence,
        pre_bolus_ratio=pre_bolus_ratio,
        t1_map=t1_map,
    )


def _levels(slices: int) -> tuple[float, ...]:
    fixed = {1: (0.5,), 2: (0.25, 0.55), 3: (0.2, 0.5, 0.8), 5: (0.12, 0.29, 0.46, 0.63, 0.85)}
    return fixed.get(slices) or tuple(float(level) for level in np.linspace(0.12, 0.85, slices))


def _state(
    random: np.random.Generator,
    state: State,
    order: int,
    weight_kg: float,
    frames: int,
    motion: bool,
    mishaps: bool,
    irregular: bool | None,
) -> StateParameters:
    stress = state is State.STRESS
    circulation = sample_circulation(random, state, order, weight_kg, irregular)
    heart_rate = sample_normal(random, 92 if stress else 68, 10, 48, 120)
    contraction = float(random.uniform(0.62, 0.9) if stress else random.uniform(0.68, 0.97))
    return StateParameters(
        circulation,
        sample_motion(random, heart_rate, motion, mishaps),
        contraction,
        started_at_s=900.0 * order,
        frames=frames,
    )


def _scanner(
    random: np.random.Generator,
    vendor: str,
    field_strength_t: float | None,
    sequence: str,
    noise: bool,
    rotation_rad: float,
) -> Scanner:
    strength = field_strength_t or float(random.choice([1.5, 1.5, 3.0]))
    high = strength > 2.0
    noise_sd = float(random.uniform(0.003, 0.006)) * (0.75 if high else 1.0) if noise else 0.0
    encoding = Encoding(
        matrix=int(random.choice([144, 160, 176])),
        phase_resolution=float(random.uniform(0.58, 0.75)),
        readout_resolution=float(random.uniform(0.6, 0.8)),
        filter_strength=float(random.uniform(0.0, 0.5)),
        noise_sd=noise_sd * (1.6 if sequence == "bssfp" else 1.0),
    )
    saturation_time_s = float(random.uniform(0.095, 0.15))
    bssfp = sequence == "bssfp"
    repetition = 0.0027 if bssfp else float(random.uniform(0.0021, 0.0024))
    tissue = Readout(
        sequence=sequence,
        repetition_time_s=round(repetition, 5),
        echo_time_s=round(repetition / 2, 5) if bssfp else 0.0010,
        flip_angle_deg=50.0 if bssfp else float(random.choice([12.0, 14.0, 15.0])),
        saturation_delay_s=round(saturation_time_s - encoding.pulses_to_centre * round(repetition, 5), 5),
    )
    agent = Agent("gadobutrol", 4.5 if high else 4.6, 5.9 if high else 5.6, 16.0 if high else 11.0)
    return Scanner(
        vendor=vendor,
        field_strength_t=strength,
        tissue=tissue,
        tissue_encoding=encoding,
        agent=agent,
        pixel_mm=round(float(random.uniform(360, 400)) / encoding.matrix, 4),
        aif_encoding=Encoding(
            matrix=64, phase_resolution=0.56, filter_strength=0.6, noise_sd=0.35 * encoding.noise_sd if noise else 0.0
        ),
        flip_scale=float(random.normal(0.92 if high else 0.98, 0.05)),
        saturation_efficiency=float(random.uniform(0.95, 1.0)),
        shading=float(random.uniform(0.4, 1.1)),
        normalised=float(random.choice([0.3, 0.8, 1.0])),
        rotation_rad=rotation_rad,
    )
