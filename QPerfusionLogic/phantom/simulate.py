"""A digital patient goes through the scanner: parameters in, series and truth out."""

from __future__ import annotations

from typing import Any

import numpy as np

from QPerfusionLogic.progress import Progress
from QPerfusionLogic.study import (
    Acquisition,
    PerfusionSeries,
    PerfusionStudy,
    SeriesKind,
    SeriesSource,
    State,
)  # fmt: skip

from .circulation import BloodCurves, blood_curves
from .heartbeats import Beats, sample_beats
from .patient import DigitalPatient, StateParameters
from .series_imager import SeriesImager
from .simulated import SimulatedStudy, StateTruth
from .slice_object import SlicePainter, make_grid
from .tissue_curves import TissueCurves, tissue_curves
from .truth import state_truth

LEADING_BEATS = 4
AIF_DURATION_S = 0.06


def simulate_patient(patient: DigitalPatient, progress: Progress | None = None) -> SimulatedStudy:
    """Image a digital patient at stress and rest.

    Parameters
    ----------
    patient : DigitalPatient
        All parameters.
    progress : Progress, optional
        Told after every series.

    Returns
    -------
    SimulatedStudy
        Tissue and AIF series of every state with their truth; deterministic.
    """
    progress = progress or Progress()
    acquisitions: dict[State, Acquisition] = {}
    truths: dict[State, StateTruth] = {}
    count = len(patient.states)
    for index, (state, parameters) in enumerate(patient.states.items()):
        part = progress.part(index / count, (index + 1) / count)
        acquisitions[state], truths[state] = _simulate_state(patient, state, parameters, part)
    study = PerfusionStudy(acquisitions.get(State.STRESS), acquisitions.get(State.REST))
    return SimulatedStudy(study, truths, patient.as_dictionary(), patient.seed)


def _simulate_state(
    patient: DigitalPatient, state: State, parameters: StateParameters, progress: Progress
) -> tuple[Acquisition, StateTruth]:
    random = np.random.default_rng([patient.seed, 2, list(State).index(state)])
    slices = len(patient.levels)
    delays = AIF_DURATION_S + 0.02 + np.arange(slices) * _slice_duration_s(patient)
    beats = sample_beats(parameters.motion, parameters.frames, np.concatenate(([0.0], delays)), LEADING_BEATS, random)
    duration_s = float(beats.time_s.max()) + 2.0
    blood = blood_curves(parameters.circulation, duration_s)
    curves = tissue_curves(patient.pattern, state, blood)
    progress.update(0.1, f"{state}: tissue curves solved")
    tissue_beats, aif_beats = _part(beats, slice(1, None)), _part(beats, slice(0, 1))
    tissue = _series(
        patient, state, parameters, tissue_beats, blood, curves, random, progress.part(0.1, 0.9), aif=False
    )
    aif = _series(patient, state, parameters, aif_beats, blood, curves, random, progress.part(0.9, 1.0), aif=True)
    truth = state_truth(patient, state, parameters.contraction, tissue_beats, blood, curves)
    return Acquisition(tissue, aif_series=aif), truth


def _slice_duration_s(patient: DigitalPatient) -> float:
    readout, _ = patient.scanner.readouts()
    return readout.saturation_delay_s + readout.lines * readout.repetition_time_s + 0.015


def _part(beats: Beats, chosen: slice) -> Beats:
    return Beats(
        beats.time_s[:, chosen],
        beats.displacement_mm[:, chosen],
        beats.contraction_change[:, chosen],
        beats.level_change[:, chosen],
        beats.bad[:, chosen],
    )


def _series(
    patient: DigitalPatient,
    state: State,
    parameters: StateParameters,
    beats: Beats,
    blood: BloodCurves,
    curves: TissueCurves,
    random: np.random.Generator,
    progress: Progress,
    aif: bool,
) -> PerfusionSeries:
    """Image all frames of one series; its times start at the first frame of the state."""
    scanner = patient.scanner
    encoding = scanner.aif_encoding if aif else scanner.tissue_encoding
    pixel_mm = scanner.pixel_mm * scanner.tissue_encoding.matrix / encoding.matrix
    grid = make_grid(encoding.matrix, pixel_mm, encoding.oversampling, scanner.rotation_rad, scanner.mirrored)
    imager = SeriesImager(patient, state, parameters, blood, curves, grid, aif)
    levels = patient.levels[:1] if aif else patient.levels
    stacks = []
    for index, level in enumerate(levels):
        painter = SlicePainter(patient.heart, patient.torso, patient.pattern, grid, level, patient.texture)
        stacks.append(imager.image_slice(painter, _part(beats, slice(index, index + 1)), random))
        progress.update((index + 1) / len(levels), f"{state}: {'AIF' if aif else f'slice {index + 1}'} imaged")
    fields: dict[str, Any] = {name: np.stack([stack[name] for stack in stacks], axis=1) for name in stacks[0]}
    return PerfusionSeries(
        time_s=beats.time_s,
        geometry=scanner.geometry(len(levels), aif=aif),
        protocol=scanner.protocol(aif, parameters.motion.heart_rate_bpm, parameters.circulation.dose_mmol_kg),
        kind=SeriesKind.AIF if aif else SeriesKind.TISSUE,
        state=state,
        source=SeriesSource(
            description=f"perf_{state}{'_AIF' if aif else ''} digital", time_source="simulated",
            acquired_at_s=parameters.started_at_s,
        ),
        **fields,
    )  # fmt: skip
