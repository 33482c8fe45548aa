"""What super-resolution does to blood flow: segments and sectors of the wall from every kind of frame."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.conversion import ConversionLogic
from QPerfusionLogic.mapping import map_flow
from QPerfusionLogic.phantom import DigitalPatient, StateTruth, simulate_patient
from QPerfusionLogic.phantom.perfusion_pattern import Defect
from QPerfusionLogic.settings import Settings
from QPerfusionLogic.study import (
    MYOCARDIUM,
    Acquisition,
    FloatArray,
    LabelArray,
    PerfusionSeries,
    State,
    StateResult,
)

from .truth_stages import true_input, truly_registered, truly_segmented

SECTORS = 24
"""Sectors of 15 degrees in which the size of a defect is counted."""
BAND = 72
"""Columns round the heart that are super-resolved; lines run along the rows, so that the rest has no say."""
FRAMES = 32
REDUCED = 0.75
"""A window of three sectors with less than this share of the remote flow belongs to a defect."""


@dataclass(frozen=True)
class FlowCase:
    """A digital patient at stress: one slice, its truth, and whether there is a defect.

    Parameters
    ----------
    series : PerfusionSeries
        Full resolution, cut to a band of columns round the heart.
    truth : StateTruth
        On the same band.
    defect : Defect or None
    """

    seed: int
    series: PerfusionSeries
    truth: StateTruth
    defect: Defect | None


def flow_case(seed: int) -> FlowCase:
    """Return the patient of a seed; every second one has a defect of 30 to 70 degrees, whole wall or inner half."""
    random = np.random.default_rng([seed, 41])
    defect = None
    if seed % 2 == 1:
        defect = Defect(
            centre_rad=float(random.uniform(0.0, 2.0 * np.pi)),
            half_width_rad=float(random.uniform(0.26, 0.61)),
            transmurality=float(random.choice([0.5, 1.0])),
            stress_factor=float(random.uniform(0.3, 0.6)),
        )
    patient = DigitalPatient.sample(
        seed, slices=1, frames=FRAMES, states=(State.STRESS,), dual_sequence=False, mishaps=False, condition="healthy"
    )
    pattern = dataclasses.replace(patient.pattern, defects=(defect,) if defect else ())
    simulated = simulate_patient(dataclasses.replace(patient, pattern=pattern))
    series, truth = simulated.study.acquisition(State.STRESS).tissue, simulated.truth[State.STRESS]
    middle = round(float(np.argwhere(truth.labels[0] > 0)[:, 1].mean()))
    first = min(max(middle - BAND // 2, 0), series.signal.shape[-1] - BAND)
    return FlowCase(seed, _band_of_series(series, first), _band_of_truth(truth, first), defect)


def true_sector_flow(case: FlowCase) -> FloatArray:
    """Return the true stress flow (SECTORS,) of the whole wall."""
    sectors = sectors_of(case.truth)
    flow = np.where(case.truth.labels == MYOCARDIUM, case.truth.maps["mbf"], np.nan)
    return np.array([np.nanmean(flow[sectors == label]) for label in range(1, SECTORS + 1)])


def sector_flow(case: FlowCase, signal: FloatArray, settings: Settings) -> FloatArray:
    """Return stress flow (3, SECTORS) in mL/min/g of all, endocardial and epicardial wall of some frames of a case.

    Parameters
    ----------
    case : FlowCase
    signal : (frames, 1, rows, BAND) array
    settings : Settings
    """
    return _flow(case, signal, settings, SECTORS)


def segment_flow(case: FlowCase, signal: FloatArray, settings: Settings) -> FloatArray:
    """Return stress flow (6,) in mL/min/g of the mid segments of some frames of a case."""
    return _flow(case, signal, settings, 6)[0]


def defect_of(flow: FloatArray) -> tuple[float, float]:
    """Return (share of the wall in a defect, how far the lowest part lies below the remote flow as a share of it).

    Flow (sectors,) is averaged over windows of three sectors first, for single ones are noisy; the remote flow is the
    median of the better half of them.

    Examples
    --------
    >>> defect_of(np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 1.0]))
    (0.3, 0.5)
    """
    share = windows_of(flow)
    share = share[np.isfinite(share)]
    if not len(share):
        return float("nan"), float("nan")
    return float((share < REDUCED).mean()), 1.0 - float(share.min())


def windows_of(flow: FloatArray) -> FloatArray:
    """Return the mean flow (sectors,) of the three sectors round each one, as a share of the remote flow."""
    known = np.isfinite(flow)
    if known.sum() < 4:
        return np.full(len(flow), np.nan)
    total, count = (sum(np.roll(part, shift) for shift in (-1, 0, 1)) for part in (np.nan_to_num(flow), 1.0 * known))
    with np.errstate(invalid="ignore"):
        smooth = np.asarray(total) / np.where(np.asarray(count) > 0, count, np.nan)
    ordered = np.sort(smooth[np.isfinite(smooth)])
    return np.asarray(smooth / np.median(ordered[len(ordered) // 2 :]))


def _flow(case: FlowCase, signal: FloatArray, settings: Settings, sectors: int) -> FloatArray:
    series = dataclasses.replace(case.series, signal=signal)
    state = StateResult(State.STRESS, Acquisition(series), registered=truly_registered(series, case.truth))
    assert state.registered is not None
    segmented = truly_segmented(state.registered, case.truth, settings.segmentation)
    if sectors != 6:
        chosen = np.where(segmented.segments > 0, sectors_of(case.truth), 0).astype(np.uint8)
        segmented = dataclasses.replace(segmented, segments=chosen)
    state = dataclasses.replace(state, segmented=segmented, arterial_input=true_input(case.truth))
    state = dataclasses.replace(state, concentration=ConversionLogic(settings.conversion).run(state))
    kinetics = dataclasses.replace(settings.kinetics, pixelwise=False)
    mapped = map_flow(state, kinetics)
    labels = sorted({flow.segment for flow in mapped.segments}) if sectors == 6 else list(range(1, sectors + 1))
    found = {(flow.segment, flow.layer): flow.mbf for flow in mapped.segments}
    return np.array([[found.get((label, layer), np.nan) for label in labels] for layer in ("all", "endo", "epi")])


def sectors_of(truth: StateTruth) -> LabelArray:
    """Return the sector (1 to SECTORS) of every pixel of the heart, counted from the anterior insertion point."""
    rows, columns = np.nonzero(truth.labels[0] > 0)
    pool = np.argwhere(truth.labels[0] == 2).mean(axis=0)
    start = truth.insertion_points[0, 0] - pool
    angle = np.arctan2(rows - pool[0], columns - pool[1]) - np.arctan2(start[0], start[1])
    labels: LabelArray = np.zeros(truth.labels.shape, np.uint8)
    labels[0, rows, columns] = 1 + (np.mod(angle, 2.0 * np.pi) * SECTORS / (2.0 * np.pi)).astype(np.uint8) % SECTORS
    return labels


def _band_of_series(series: PerfusionSeries, first: int) -> PerfusionSeries:
    density = series.proton_density
    return dataclasses.replace(
        series,
        signal=series.signal[..., first : first + BAND],
        proton_density=None if density is None else density[..., first : first + BAND],
    )


def _band_of_truth(truth: StateTruth, first: int) -> StateTruth:
    band = slice(first, first + BAND)
    points = truth.insertion_points - np.array([0.0, first])
    return dataclasses.replace(
        truth,
        labels=truth.labels[..., band],
        segments=truth.segments[..., band],
        layers=truth.layers[..., band],
        maps={name: values[..., band] for name, values in truth.maps.items()},
        gd_mmol_l=truth.gd_mmol_l[..., band],
        insertion_points=points,
    )
