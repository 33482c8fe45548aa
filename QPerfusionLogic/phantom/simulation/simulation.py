"""A digital patient goes through the scanner: parameters in, series and truth out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind, SeriesSource, State
from QPerfusionLogic.data.study import Acquisition, PerfusionStudy
from QPerfusionLogic.phantom.anatomy.slice_object import SlicePainter, make_grid
from QPerfusionLogic.phantom.patients.patient import DigitalPatient, StateParameters
from QPerfusionLogic.phantom.physiology.circulation import BloodCurves, blood_curves
from QPerfusionLogic.phantom.physiology.heartbeats import Beats, sample_beats
from QPerfusionLogic.phantom.physiology.tissue_curves import TissueCurves, tissue_curves
from QPerfusionLogic.progress import Progress

from .series_imager import SeriesImager
from .simulated import SimulatedStudy, StateTruth
from .t1_mapping import simulate_t1_map
from .truth import state_truth

LEADING_BEATS = 4
AIF_DURATION_S = 0.06
PRE_BOLUS_LEAD_S = 120.0
"""How long before the main bolus the pre-bolus of a dual-bolus study is given."""


@dataclass(frozen=True)
class _Scan:
    """One injection into one patient: what the scanner meets while it runs."""

    patient: DigitalPatient
    state: State
    parameters: StateParameters
    blood: BloodCurves
    curves: TissueCurves
    started_at_s: float


def simulate_patient(patient: DigitalPatient, progress: Progress | None = None) -> SimulatedStudy:
    """Image a digital patient at stress and rest.

    Parameters
    ----------
    patient : DigitalPatient
        All parameters.
    progress : Progress, optional
        Updated after every slice.

    Returns
    -------
    SimulatedStudy
        Tissue and AIF series of every state (and pre-bolus series and T1 map where the protocol has them) with their
        truth; deterministic.
    """
    progress = progress or Progress()
    acquisitions: dict[State, Acquisition] = {}
    truths: dict[State, StateTruth] = {}
    count = len(patient.states)
    for index, (state, parameters) in enumerate(patient.states.items()):
        part = progress.part(index / count, (index + 1) / count)
        acquisitions[state], truths[state] = _simulate_state(patient, state, parameters, part)
    t1_map = simulate_t1_map(patient) if patient.t1_map else None
    study = PerfusionStudy(acquisitions.get(State.STRESS), acquisitions.get(State.REST), t1_map)
    return SimulatedStudy(study, truths, patient.as_dictionary(), patient.seed)


def _simulate_state(
    patient: DigitalPatient, state: State, parameters: StateParameters, progress: Progress
) -> tuple[Acquisition, StateTruth]:
    random = np.random.default_rng([patient.seed, 2, list(State).index(state)])
    beats = _beats(patient, parameters, random)
    scan = _scan_of(patient, state, parameters, beats, parameters.started_at_s)
    progress.update(0.1, f"{state}: tissue curves solved")
    tissue_beats, aif_beats = _part(beats, slice(1, None)), _part(beats, slice(0, 1))
    tissue = _series(scan, SeriesKind.TISSUE, tissue_beats, random, progress.part(0.1, 0.8))
    aif = pre_bolus = None
    if patient.dual_sequence:
        aif = _series(scan, SeriesKind.AIF, aif_beats, random, progress.part(0.8, 0.9))
    if patient.pre_bolus_ratio > 0.0:
        pre_bolus = _pre_bolus(patient, state, parameters, progress.part(0.9, 1.0))
    truth = state_truth(patient, state, parameters.contraction, tissue_beats, scan.blood, scan.curves)
    return Acquisition(tissue, aif_series=aif, pre_bolus=pre_bolus), truth


def _beats(patient: DigitalPatient, parameters: StateParameters, random: np.random.Generator) -> Beats:
    """Return the beats of the AIF image (first) and all slices; many slices take every second beat."""
    readout, _ = patient.scanner.readouts()
    slice_s = readout.saturation_delay_s + readout.lines * readout.repetition_time_s + 0.015
    delays = AIF_DURATION_S + 0.02 + np.arange(len(patient.levels)) * slice_s
    per_frame = int(np.ceil((delays[-1] + slice_s) * parameters.motion.heart_rate_bpm / 60.0))
    all_delays = np.concatenate(([0.0], delays))
    return sample_beats(parameters.motion, parameters.frames, all_delays, LEADING_BEATS, random, per_frame)


def _scan_of(
    patient: DigitalPatient, state: State, parameters: StateParameters, beats: Beats, started_at_s: float
) -> _Scan:
    blood = blood_curves(parameters.circulation, float(beats.time_s.max()) + 2.0)
    return _Scan(patient, state, parameters, blood, tissue_curves(patient.pattern, state, blood), started_at_s)


def _pre_bolus(
    patient: DigitalPatient, state: State, parameters: StateParameters, progress: Progress
) -> PerfusionSeries:
    """Image a diluted bolus of the same volume through the tissue sequence, before the main one."""
    random = np.random.default_rng([patient.seed, 4, list(State).index(state)])
    ratio = patient.pre_bolus_ratio
    given = parameters.circulation
    diluted = replace(given, dose_mmol_kg=given.dose_mmol_kg / ratio, agent_mmol_ml=given.agent_mmol_ml / ratio)
    parameters = replace(parameters, circulation=diluted)
    beats = _beats(patient, parameters, random)
    scan = _scan_of(patient, state, parameters, beats, parameters.started_at_s - PRE_BOLUS_LEAD_S)
    return _series(scan, SeriesKind.PRE_BOLUS, _part(beats, slice(1, None)), random, progress)


def _part(beats: Beats, chosen: slice) -> Beats:
    return Beats(
        beats.time_s[:, chosen],
        beats.displacement_mm[:, chosen],
        beats.contraction_change[:, chosen],
        beats.level_change[:, chosen],
        beats.bad[:, chosen],
    )


def _series(
    scan: _Scan, kind: SeriesKind, beats: Beats, random: np.random.Generator, progress: Progress
) -> PerfusionSeries:
    """Image all frames of one series; its times count from the first R wave of the session."""
    patient, parameters = scan.patient, scan.parameters
    scanner = patient.scanner
    aif = kind is SeriesKind.AIF
    encoding = scanner.aif_encoding if aif else scanner.tissue_encoding
    pixel_mm = scanner.pixel_mm * scanner.tissue_encoding.matrix / encoding.matrix
    grid = make_grid(encoding.matrix, pixel_mm, encoding.oversampling, scanner.rotation_rad, scanner.mirrored)
    imager = SeriesImager(patient, scan.state, parameters, scan.blood, scan.curves, grid, aif)
    levels = patient.levels[:1] if aif else patient.levels
    stacks: list[dict[str, FloatArray]] = []
    for index, level in enumerate(levels):
        painter = SlicePainter(patient.heart, patient.torso, patient.pattern, grid, level, patient.texture)
        stacks.append(imager.image_slice(painter, _part(beats, slice(index, index + 1)), random))
        progress.update((index + 1) / len(levels), f"{scan.state}: {kind} slice {index + 1} imaged")
    fields: dict[str, Any] = {name: np.stack([stack[name] for stack in stacks], axis=1) for name in stacks[0]}
    source = SeriesSource(
        description=f"perf_{scan.state}_{kind} digital",
        time_source="simulated",
        acquired_at_s=scan.started_at_s,
    )
    return PerfusionSeries(
        time_s=beats.time_s,
        geometry=scanner.geometry(len(levels), aif=aif),
        protocol=scanner.protocol(aif, parameters.motion.heart_rate_bpm, parameters.circulation.dose_mmol_kg),
        kind=kind,
        state=scan.state,
        source=source,
        **fields,
    )
