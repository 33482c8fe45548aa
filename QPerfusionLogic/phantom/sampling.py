"""The distributions that digital patients are drawn from (documented in Documentation/digital_patients.md)."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.study import State

from .bloch import Readout
from .circulation import Circulation
from .heart import HeartShape
from .heartbeats import Motion
from .imaging import Encoding
from .patient import DigitalPatient, StateParameters
from .perfusion_pattern import TERRITORY_CENTRES_RAD, Defect, PerfusionPattern
from .readout_table import Agent
from .scanner import Scanner
from .torso import TorsoShape

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
    """
    random = np.random.default_rng([seed, 1])
    condition = condition or str(random.choice(CONDITIONS, p=CONDITION_SHARES))
    heart = _heart(random)
    rotation = np.deg2rad(random.uniform(-60, 60) if rotation_deg is None else rotation_deg)
    scanner = _scanner(random, vendor, field_strength_t, sequence, noise, float(rotation))
    torso = _torso(random, heart)
    pattern = _pattern(random, condition, territory)
    weight = _normal(random, 77, 12, 50, 115)
    sampled = {}
    for index, state in enumerate(states):
        sampled[state] = _state(random, state, index, weight, frames, motion, mishaps, irregular_bolus)
    scale = {name: float(random.normal(1.0, 0.03)) for name in ("blood", "myocardium", "other")}
    return DigitalPatient(seed, heart, torso, pattern, sampled, scanner, _levels(slices), scale)


def _normal(random: np.random.Generator, mean: float, sd: float, low: float, high: float) -> float:
    return float(np.clip(random.normal(mean, sd), low, high))


def _levels(slices: int) -> tuple[float, ...]:
    fixed = {1: (0.5,), 2: (0.3, 0.7), 3: (0.2, 0.5, 0.8)}
    return fixed.get(slices) or tuple(float(level) for level in np.linspace(0.12, 0.85, slices))


def _heart(random: np.random.Generator) -> HeartShape:
    cavity = float(np.exp(random.normal(np.log(22.0), 0.16)).clip(14.0, 36.0))
    return HeartShape(
        cavity_radius_mm=cavity,
        wall_mm=_normal(random, 8.8, 1.5, 5.5, 15.0),
        ellipticity=float(random.normal(0.0, 0.05)),
        outline_amplitudes=tuple(random.normal(0.0, (0.02, 0.015, 0.01))),
        outline_phases=tuple(random.uniform(0, 2 * np.pi, 3)),
        wall_amplitudes=tuple(random.normal(0.0, (0.10, 0.06, 0.04))),
        wall_phases=tuple(random.uniform(0, 2 * np.pi, 3)),
        anterior_insertion_rad=float(random.normal(2.05, 0.15)),
        septum_rad=_normal(random, 2.05, 0.15, 1.6, 2.5),
        rv_width_mm=_normal(random, 30.0, 5.0, 18.0, 45.0),
        rv_squareness=float(random.uniform(0.4, 0.8)),
        rv_skew=float(random.normal(0.0, 0.25)),
        rv_wall_mm=float(random.uniform(2.0, 4.0)),
        papillary_radius_mm=(float(random.uniform(3.0, 5.5)), float(random.uniform(3.0, 6.0))),
        papillary_angles_rad=(float(random.normal(0.6, 0.2)), float(random.normal(-1.3, 0.2))),
        papillary_depth=float(random.uniform(0.65, 0.82)),
        trabeculation=float(random.uniform(0.02, 0.09)),
        trabecula_phases=tuple(random.uniform(0, 2 * np.pi, 4)),
        axis_shift_mm=(float(random.normal(4, 3)), float(random.normal(2, 3))),
    )


def _torso(random: np.random.Generator, heart: HeartShape) -> TorsoShape:
    outer = heart.cavity_radius_mm + heart.wall_mm
    width = float(random.normal(165, 15))
    return TorsoShape(
        half_width_mm=width,
        half_height_mm=width * float(random.uniform(0.66, 0.82)),
        centre_mm=(float(random.uniform(15, 45)), float(random.uniform(15, 40))),
        tilt_rad=float(random.normal(0.0, 0.2)),
        fat_mm=float(np.exp(random.normal(np.log(16), 0.45)).clip(5, 40)),
        muscle_mm=float(random.uniform(9, 18)),
        diaphragm_mm=outer + float(random.uniform(3, 14)),
        pericardial_fat_mm=float(random.uniform(0, 7)),
        liver_radius_mm=float(random.uniform(55, 90)),
        stomach_radius_mm=float(random.uniform(22, 50)),
        stomach_gas=float(max(random.uniform(-0.3, 0.6), 0.0)),
        spleen_radius_mm=float(random.uniform(22, 42)),
        lung_vessels=int(random.integers(25, 70)),
        ribs=int(random.integers(5, 10)),
        seed=int(random.integers(2**31)),
    )


def _pattern(random: np.random.Generator, condition: str, territory: str | None) -> PerfusionPattern:
    healthy_stress = _normal(random, 2.82, 0.47, 1.8, 4.2)
    microvascular = condition == "microvascular"
    names = list(TERRITORY_CENTRES_RAD)
    first = territory or str(random.choice(names))
    territories = {"ischaemia": [first], "scar": [first], "multivessel": [first, *[n for n in names if n != first][:1]]}
    defects = tuple(_defect(random, name, condition == "scar") for name in territories.get(condition, []))
    return PerfusionPattern(
        stress_mbf_ml_min_g=healthy_stress * (float(random.uniform(0.45, 0.65)) if microvascular else 1.0),
        rest_mbf_ml_min_g=_normal(random, 0.72, 0.14, 0.45, 1.1),
        stress_endo_epi=float(random.normal(0.75 if microvascular else 0.97, 0.05)),
        rest_endo_epi=float(random.normal(1.12, 0.06)),
        variation=tuple(random.normal(0.0, (0.06, 0.04, 0.03))),
        variation_phases=tuple(random.uniform(0, 2 * np.pi, 3)),
        defects=defects,
        delay_s=float(random.uniform(0.4, 1.2)),
        delay_variation_s=float(random.uniform(0.0, 0.25)),
        heterogeneity=float(random.uniform(0.0, 0.3)),
        ps_ml_min_g={State.STRESS: float(random.normal(1.32, 0.2)), State.REST: float(random.normal(1.09, 0.15))},
        blood_volume_ml_g={
            State.STRESS: float(random.normal(0.120, 0.012)),
            State.REST: float(random.normal(0.097, 0.010)),
        },
        visf_ml_g=float(random.normal(0.205, 0.02)),
        hematocrit=float(random.normal(0.42, 0.03)),
    )


def _defect(random: np.random.Generator, territory: str, scarred: bool) -> Defect:
    return Defect(
        territory=territory,
        centre_rad=TERRITORY_CENTRES_RAD[territory] + float(random.normal(0, 0.1)),
        half_width_rad=float(random.uniform(0.75, 1.1)),
        first_level=float(random.choice([0.0, 0.0, 0.35])),
        transmurality=float(random.choice([1.0, 1.0, 0.6])),
        stress_factor=float(random.uniform(0.25, 0.6)),
        rest_factor=float(random.uniform(0.4, 0.7)) if scarred else float(random.uniform(0.9, 1.0)),
        scar=float(random.uniform(0.5, 1.0)) if scarred else 0.0,
    )


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
    output = float(random.normal(9.0, 1.2) if stress else random.normal(6.0, 0.8))
    double = bool(random.random() < 0.08) if irregular is None else irregular
    circulation = Circulation(
        dose_mmol_kg=float(random.choice([0.05, 0.05, 0.075])),
        weight_kg=weight_kg,
        injection_rate_ml_s=4.0,
        cardiac_output_l_min=output,
        arrival_s=float(random.uniform(5.0, 9.0)),
        vein_transit_s=float(random.uniform(2.2, 3.6)) * (0.85 if stress else 1.1),
        vein_dispersion=float(random.uniform(0.38, 0.5)),
        lung_transit_s=0.6 / (output / 60.0) * float(random.uniform(0.85, 1.15)),
        lung_dispersion=float(random.uniform(0.33, 0.43)),
        body_transit_s=float(random.uniform(15, 22)) * (0.8 if stress else 1.0),
        recirculated=float(random.uniform(0.6, 0.75)),
        second_share=float(random.uniform(0.2, 0.45)) if double else 0.0,
        second_delay_s=float(random.uniform(4.0, 7.0)),
        residual_mmol_l=float(random.uniform(0.08, 0.2)) if order else 0.0,
    )
    heart_rate = _normal(random, 92 if stress else 68, 10, 48, 120)
    contraction = float(random.uniform(0.62, 0.9) if stress else random.uniform(0.68, 0.97))
    return StateParameters(
        circulation,
        _motion(random, heart_rate, motion, mishaps),
        contraction,
        started_at_s=900.0 * order,
        frames=frames,
    )


def _motion(random: np.random.Generator, heart_rate: float, motion: bool, mishaps: bool) -> Motion:
    if not motion:
        return Motion(heart_rate, 0.03, 0.0, jitter_mm=0.0)
    sudden = random.random() < 0.15
    return Motion(
        heart_rate_bpm=heart_rate,
        rr_jitter=float(random.uniform(0.01, 0.06)),
        breathing_mm=float(np.exp(random.normal(np.log(5.0), 0.5)).clip(1.0, 14.0)),
        breathing_period_s=float(random.uniform(3.2, 5.5)),
        direction_rad=float(random.normal(0.0, 0.5)),
        hold_until_s=float(random.choice([0.0, 0.0, random.uniform(10, 25)])),
        drift_mm=tuple(random.normal(0, 1.5, 2)),
        sudden_mm=tuple(random.normal(0, 5.0, 2)) if sudden else (0.0, 0.0),
        sudden_at_s=float(random.uniform(15, 40)) if sudden else 1e9,
        mistrigger_share=float(random.choice([0.0, 0.015, 0.03])) if mishaps else 0.0,
        missed_share=float(random.choice([0.0, 0.01])) if mishaps else 0.0,
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
        phase_resolution=float(random.uniform(0.68, 0.85)),
        filter_strength=float(random.uniform(0.2, 0.7)),
        noise_sd=noise_sd * (1.6 if sequence == "bssfp" else 1.0),
    )
    saturation_time_s = float(random.uniform(0.095, 0.115))
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
        saturation_efficiency=float(random.uniform(0.97, 1.0)),
        shading=float(random.uniform(0.3, 0.7)),
        normalised=float(random.choice([0.0, 0.7, 0.9])),
        rotation_rad=rotation_rad,
    )
