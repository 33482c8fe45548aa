"""The distributions of hearts, bodies, flows, injections and breathing that digital patients are drawn from."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.anatomy.heart import HeartShape
from QPerfusionLogic.phantom.anatomy.perfusion_pattern import TERRITORY_CENTRES_RAD, Defect, PerfusionPattern
from QPerfusionLogic.phantom.anatomy.tissue_types import (
    AORTA,
    FAT,
    LUNG_VESSEL,
    LV_BLOOD,
    MYOCARDIUM,
    PAPILLARY,
    RV_BLOOD,
    RV_WALL,
    STOMACH,
    TISSUES,
)
from QPerfusionLogic.phantom.anatomy.torso import TorsoShape
from QPerfusionLogic.phantom.physiology.circulation import Circulation
from QPerfusionLogic.phantom.physiology.heartbeats import Motion

from .patient import TissueFactors

BLOOD = (RV_BLOOD, LV_BLOOD, AORTA, LUNG_VESSEL)
MUSCLES = (MYOCARDIUM, PAPILLARY, RV_WALL)


def sample_heart(random: np.random.Generator) -> HeartShape:
    """Return a heart, from small ones to dilated ones."""
    cavity = float(np.exp(random.normal(np.log(29.5), 0.13)).clip(20.0, 42.0))
    return HeartShape(
        cavity_radius_mm=cavity,
        wall_mm=sample_normal(random, 12.2, 1.7, 7.0, 19.0),
        ellipticity=float(random.normal(0.0, 0.05)),
        outline_amplitudes=tuple(random.normal(0.0, (0.02, 0.015, 0.01))),
        outline_phases=tuple(random.uniform(0, 2 * np.pi, 3)),
        wall_amplitudes=tuple(random.normal(0.0, (0.10, 0.06, 0.04))),
        wall_phases=tuple(random.uniform(0, 2 * np.pi, 3)),
        rv_axis_rad=float(random.normal(3.1, 0.2)),
        rv_ratio=sample_normal(random, 0.72, 0.08, 0.5, 0.95),
        rv_width_mm=sample_normal(random, 34.0, 6.0, 18.0, 50.0),
        rv_wall_mm=float(random.uniform(2.0, 4.0)),
        epicardial_fat_mm=float(random.uniform(0.5, 6.0)),
        fat_phases=tuple(random.uniform(0, 2 * np.pi, 3)),
        papillary_radius_mm=(float(random.uniform(3.5, 7.0)), float(random.uniform(3.5, 7.5))),
        papillary_angles_rad=(float(random.normal(0.6, 0.2)), float(random.normal(-1.2, 0.2))),
        papillary_depth=float(random.uniform(0.65, 0.82)),
        trabeculation=float(random.uniform(0.03, 0.12)),
        trabecula_phases=tuple(random.uniform(0, 2 * np.pi, 4)),
        axis_shift_mm=(float(random.normal(4, 3)), float(random.normal(2, 3))),
    )


def sample_torso(random: np.random.Generator, heart: HeartShape) -> TorsoShape:
    """Return a body that fits round the heart."""
    outer = heart.cavity_radius_mm + heart.wall_mm
    width = float(random.normal(195, 15))
    return TorsoShape(
        half_width_mm=width,
        half_height_mm=width * float(random.uniform(0.68, 0.88)),
        centre_mm=(float(random.uniform(40, 90)), float(random.uniform(20, 60))),
        tilt_rad=float(random.normal(0.0, 0.2)),
        fat_mm=float(np.exp(random.normal(np.log(16), 0.45)).clip(5, 40)),
        muscle_mm=float(random.uniform(9, 18)),
        diaphragm_mm=outer + float(random.uniform(-1, 9)),
        pericardial_fat_mm=float(random.uniform(0, 5)),
        liver_radius_mm=float(random.uniform(55, 90)),
        stomach_radius_mm=float(random.uniform(22, 50)),
        stomach_gas=float(max(random.uniform(-0.3, 0.6), 0.0)),
        spleen_radius_mm=float(random.uniform(22, 42)),
        lung_vessels=int(random.integers(35, 110)),
        ribs=int(random.integers(5, 10)),
        seed=int(random.integers(2**31)),
    )


def sample_pattern(random: np.random.Generator, condition: str, territory: str | None) -> PerfusionPattern:
    """Return the flow of a patient with one of the conditions of `sampling.CONDITIONS`."""
    healthy_stress = sample_normal(random, 2.82, 0.47, 1.8, 4.2)
    microvascular = condition == "microvascular"
    names = list(TERRITORY_CENTRES_RAD)
    first = territory or str(random.choice(names))
    territories = {"ischaemia": [first], "scar": [first], "multivessel": [first, *[n for n in names if n != first][:1]]}
    defects = tuple(_defect(random, name, condition == "scar") for name in territories.get(condition, []))
    return PerfusionPattern(
        stress_mbf_ml_min_g=healthy_stress * (float(random.uniform(0.45, 0.65)) if microvascular else 1.0),
        rest_mbf_ml_min_g=sample_normal(random, 0.72, 0.14, 0.45, 1.1),
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
        ve_ml_g=float(random.normal(0.205, 0.02)),
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


def sample_circulation(
    random: np.random.Generator, state: State, order: int, weight_kg: float, irregular: bool | None
) -> Circulation:
    """Return an injection; the second one of a study (`order` 1) meets what the first one left."""
    stress = state is State.STRESS
    output = sample_normal(random, 8.8 if stress else 5.3, 1.2, 3.0, 12.5)
    dose = float(random.choice([0.05, 0.075]))
    double = bool(random.random() < 0.08) if irregular is None else irregular
    return Circulation(
        dose_mmol_kg=dose,
        weight_kg=weight_kg,
        injection_rate_ml_s=4.0,
        cardiac_output_l_min=output,
        arrival_s=float(random.uniform(5.0, 9.0)),
        vein_transit_s=float(random.uniform(3.5, 8.0)) * (0.85 if stress else 1.1),
        vein_dispersion=float(random.uniform(0.33, 0.45)),
        lung_transit_s=0.6 / (output / 60.0) * float(random.uniform(0.8, 1.2)),
        lung_dispersion=float(random.uniform(0.3, 0.4)),
        body_transit_s=float(random.uniform(15, 22)) * (0.8 if stress else 1.0),
        recirculated=float(random.uniform(0.6, 0.75)),
        second_share=float(random.uniform(0.2, 0.45)) if double else 0.0,
        second_delay_s=float(random.uniform(4.0, 7.0)),
        residual_mmol_l=dose * float(random.uniform(1.5, 4.0)) if order else 0.0,
    )


def sample_motion(random: np.random.Generator, heart_rate: float, motion: bool, mishaps: bool) -> Motion:
    """Return breathing and heart rate; `motion` False holds still, `mishaps` False leaves out wrong triggers."""
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


def sample_tissue_factors(random: np.random.Generator) -> TissueFactors:
    """Return factors per tissue: blood and myocardium scatter little, what is around the heart much.

    Saturation pulses are tuned to water at the heart, so fat and whatever lies far away keep some magnetisation.
    """
    count = len(TISSUES)
    t1, density = random.normal(1.0, 0.05, count), np.exp(random.normal(0.1, 0.15, count))
    saturation = random.uniform(0.6, 1.0) * random.uniform(0.8, 1.0, count)
    saturation[FAT] = random.uniform(0.2, 0.7)
    for members in (BLOOD, MUSCLES):
        t1[list(members)] = random.normal(1.0, 0.03)
        density[list(members)] = saturation[list(members)] = 1.0
    t1[STOMACH] = random.choice([random.uniform(0.15, 0.5), 1.0])
    plain = (tuple(float(value) for value in values) for values in (t1, density, saturation))
    return TissueFactors(*plain)


def sample_normal(random: np.random.Generator, mean: float, sd: float, low: float, high: float) -> float:
    """Return a normal draw, clipped."""
    return float(np.clip(random.normal(mean, sd), low, high))
