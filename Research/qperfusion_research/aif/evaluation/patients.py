"""Digital patients as curves: blood as a tissue sequence sees it, true blood, and the tissue of 16 segments.

The blood signal comes from the pulse-by-pulse simulator and the tissue from the tissue PDE, so neither shares an
equation with what corrects or fits them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.aif.scaling.peak_prior import PeakPrior, height_by_dose
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.series import PerfusionSeries, State
from QPerfusionLogic.phantom.anatomy.perfusion_pattern import LocalFlow, local_flow
from QPerfusionLogic.phantom.anatomy.tissue_types import LV_BLOOD
from QPerfusionLogic.phantom.patients.patient import DigitalPatient
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.physiology.circulation import BloodCurves, blood_curves
from QPerfusionLogic.phantom.physiology.heartbeats import sample_beats
from QPerfusionLogic.phantom.physiology.tissue_curves import tissue_curves
from QPerfusionLogic.phantom.scanner.bloch import Readout, echo_decay, simulate_readout
from QPerfusionLogic.phantom.simulation.series_imager import relaxation_times
from QPerfusionLogic.phantom.simulation.truth import aha_segments_at
from QPerfusionLogic.settings.schema import ConversionSettings
from QPerfusionLogic.signal_model.physics import SeriesPhysics, physics_of_series

GADOLINIUM_GRID_MMOL_L = 24.0 * np.linspace(0.0, 1.0, 97) ** 2
FLOW_LADDER_ML_MIN_G = np.geomspace(0.1, 8.0, 24)
POOL_PIXELS = 60
"""Blood pixels that the curve averages; their noise is that of a pixel over its square root."""
TISSUE_NOISE_MMOL_L = 0.01
LEADING_BEATS = 3


@dataclass(frozen=True)
class CurvePatient:
    """One state of a digital patient as curves.

    Parameters
    ----------
    seed : int
        Of the patient.
    time_s : (frames,) array
        Heart beats.
    measured : BloodCurve
        Saturated blood signal with noise and its proton density.
    physics : SeriesPhysics
        Nominal, as the header shows it.
    fine_s, true_mmol_l : (n,) arrays
        True blood gadolinium above baseline, every 0.1 s.
    linear_peak : float
        Peak of the blood signal if it rose with gadolinium all the way as it does near zero, over the measured peak.
    segments, true_mbf : (16,) arrays
        AHA segments and their mean true flow, mL/min/g.
    tissue : (16, frames) array
        Gadolinium of the segments, mmol/L.
    hematocrit : float
    expected : PeakPrior
        Of the bolus, by its dose.
    """

    seed: int
    time_s: FloatArray
    measured: BloodCurve
    physics: SeriesPhysics
    fine_s: FloatArray
    true_mmol_l: FloatArray
    linear_peak: float
    linear_slope: float
    segments: FloatArray
    true_mbf: FloatArray
    tissue: FloatArray
    hematocrit: float
    expected: PeakPrior


def curve_patient(seed: int, state: State = State.STRESS) -> CurvePatient:
    """Draw a patient and return one state as curves.

    Parameters
    ----------
    seed : int
        The same seed gives the same patient.
    state : State
        Stress, or rest acquired after a stress injection.
    """
    patient = sample_patient(seed)
    random = np.random.default_rng([seed, 9, 1 if state is State.STRESS else 2])
    given = patient.states[state]
    beats = sample_beats(given.motion, given.frames, np.zeros(1), LEADING_BEATS, random)
    time = beats.time_s[:, 0]
    blood = blood_curves(given.circulation, float(time[-1]) + 10.0)
    residual = given.circulation.residual_mmol_l
    readout = patient.scanner.readouts()[0]
    quiet = readout.proton_density(patient.scanner.proton_density_flip_deg)
    response = _blood_response(patient, readout)
    noise = patient.scanner.tissue_encoding.noise_sd / np.sqrt(POOL_PIXELS)
    gadolinium = np.interp(time, blood.time_s, blood.left_ventricle)
    signal = np.interp(gadolinium + residual, GADOLINIUM_GRID_MMOL_L, response)
    signal = signal + noise * random.standard_normal(len(time))
    density = float(np.interp(residual, GADOLINIUM_GRID_MMOL_L, _blood_response(patient, quiet)))
    slope = _slope(response, residual)
    segments, true_mbf, tissue = _segments(patient, state, blood, time)
    tissue = tissue + TISSUE_NOISE_MMOL_L * random.standard_normal(tissue.shape)
    series = PerfusionSeries(
        np.zeros((len(time), 1, 8, 8), np.float32),
        time[:, None],
        Geometry.axis_aligned(1, (2.0, 2.0)),
        patient.scanner.protocol(),
    )
    base = float(np.interp(residual, GADOLINIUM_GRID_MMOL_L, response))
    return CurvePatient(
        seed=seed,
        time_s=time,
        measured=BloodCurve(time, signal, density, 0, POOL_PIXELS),
        physics=physics_of_series(series, ConversionSettings()),
        fine_s=blood.time_s,
        true_mmol_l=blood.left_ventricle,
        linear_peak=float((base + slope * gadolinium.max()) / signal.max()),
        linear_slope=slope,
        segments=segments,
        true_mbf=true_mbf,
        tissue=tissue,
        hematocrit=patient.pattern.hematocrit,
        expected=height_by_dose(given.circulation.dose_mmol_kg, state, "header"),
    )


def without_density(curve: BloodCurve) -> BloodCurve:
    """Return the curve as a series without proton-density frames gives it."""
    return dataclasses.replace(curve, proton_density=float("nan"))


def _blood_response(patient: DigitalPatient, readout: Readout) -> FloatArray:
    """Return the signal of blood at the centre of k-space on the grid of gadolinium."""
    t1, t2, t2_star = relaxation_times(patient)[LV_BLOOD]
    agent, gd = patient.scanner.agent, GADOLINIUM_GRID_MMOL_L
    efficiency = np.full(gd.size, patient.scanner.saturation_efficiency * patient.factors.saturation[LV_BLOOD])
    lines = simulate_readout(
        readout,
        1.0 / (1.0 / t1 + agent.r1_l_mmol_s * gd),
        1.0 / (1.0 / t2 + agent.r2_l_mmol_s * gd),
        patient.scanner.flip_scale,
        efficiency,
    ).real
    decay = echo_decay(readout, 1.0 / t2_star + agent.r2_star_l_mmol_s * gd)
    return np.asarray(lines[:, readout.pulses_to_centre] * decay)


def _slope(response: FloatArray, residual_mmol_l: float) -> float:
    """Return the rise of the signal per mmol/L before the bolus."""
    step = 0.05
    low, high = np.interp((residual_mmol_l, residual_mmol_l + step), GADOLINIUM_GRID_MMOL_L, response)
    return float((high - low) / step)


def _segments(
    patient: DigitalPatient, state: State, blood: BloodCurves, time_s: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return AHA segments (16,), their mean flow and their mean gadolinium (16, frames)."""
    tables = tissue_curves(patient.pattern, state, blood, flows_ml_min_g=FLOW_LADDER_ML_MIN_G)
    angle, depth = (part.ravel() for part in np.meshgrid(np.deg2rad(np.arange(3.0, 360.0, 6.0)), (0.25, 0.75)))
    numbers, flows = [], []
    for level in patient.levels:
        numbers.append(aha_segments_at(angle, level))
        flows.append(local_flow(patient.pattern, state, angle, depth, level))
    number = np.concatenate(numbers)
    names = ("mbf_ml_min_g", "delay_s", "scar")
    flow = LocalFlow(*(np.concatenate([getattr(part, name) for part in flows]) for name in names))
    curves = tables.at(flow, time_s)
    segments = np.unique(number)
    mean = [np.mean(flow.mbf_ml_min_g[number == item]) for item in segments]
    return segments.astype(float), np.array(mean), np.stack([curves[number == item].mean(axis=0) for item in segments])
