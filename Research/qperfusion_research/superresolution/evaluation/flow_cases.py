"""What super-resolution does to blood flow: segments and sectors of the wall from every kind of frame."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from qperfusion_research.flow.truth_stages import true_input, truly_registered, truly_segmented
from QPerfusionLogic.conversion.logic import ConversionLogic
from QPerfusionLogic.data.aha_model import LAYERS
from QPerfusionLogic.data.arrays import MYOCARDIUM, BoolArray, FloatArray, LabelArray
from QPerfusionLogic.data.results import ArterialInput, Segmented, StateResult
from QPerfusionLogic.data.series import PerfusionSeries, State
from QPerfusionLogic.data.study import Acquisition
from QPerfusionLogic.kinetics.base.kinetic_input import KineticInput
from QPerfusionLogic.kinetics.logic import KineticFittingLogic
from QPerfusionLogic.phantom.anatomy.perfusion_pattern import Defect
from QPerfusionLogic.phantom.patients.patient import DigitalPatient
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulated import StateTruth
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient
from QPerfusionLogic.pipeline.flow_mapping import UNDETERMINED, map_flow, resample_aif
from QPerfusionLogic.settings.schema import KineticsSettings, Settings

SECTORS = 24
"""Sectors of 15 degrees in which the size of a defect is counted."""
BAND = 72
"""Columns round the heart that are super-resolved; lines run along the rows, so that the rest has no say."""
FRAMES = 32
REDUCED = 0.75
"""A window of three sectors with less than this share of the remote flow belongs to a defect."""
SEGMENTS = range(7, 13)
"""The AHA segments of a mid slice."""
PREFIXES = {"": "all", "endo_": "endo", "epi_": "epi"}
"""Beginning of the name of a part -> layer of the wall."""


@dataclass(frozen=True)
class FlowCase:
    """A digital patient at stress: one slice, its truth, and whether there is a defect.

    Parameters
    ----------
    series : PerfusionSeries
        Full resolution, cut to a band of columns round the heart.
    quiet : (frames, 1, rows, BAND) array
        Its signal without noise.
    truth : StateTruth
        On the same band.
    defect : Defect or None
    """

    seed: int
    series: PerfusionSeries
    quiet: FloatArray
    truth: StateTruth
    defect: Defect | None

    @property
    def again(self) -> FloatArray:
        """Return the signal of a second scan, all alike but for its noise, which is that of other frames."""
        noise = np.roll(self.series.signal - self.quiet, FRAMES // 2, axis=0)
        return np.abs(self.quiet + noise)


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
    patient = sample_patient(
        seed, slices=1, frames=FRAMES, states=(State.STRESS,), dual_sequence=False, mishaps=False, condition="healthy"
    )
    pattern = dataclasses.replace(patient.pattern, defects=(defect,) if defect else ())
    patient = dataclasses.replace(patient, pattern=pattern)
    simulated = simulate_patient(patient)
    series, truth = simulated.study.acquisition(State.STRESS).tissue, simulated.truth[State.STRESS]
    quiet = simulate_patient(without_noise(patient)).study.acquisition(State.STRESS).tissue.signal
    middle = round(float(np.argwhere(truth.labels[0] > 0)[:, 1].mean()))
    first = min(max(middle - BAND // 2, 0), series.signal.shape[-1] - BAND)
    quiet = np.ascontiguousarray(quiet[..., first : first + BAND])
    return FlowCase(seed, _band_of_series(series, first), quiet, _band_of_truth(truth, first), defect)


def true_sector_flow(case: FlowCase) -> FloatArray:
    """Return the true stress flow (SECTORS,) of the whole wall."""
    sectors = sectors_of(case.truth)
    flow = np.where(case.truth.labels == MYOCARDIUM, case.truth.maps["mbf"], np.nan)
    return np.array([np.nanmean(flow[sectors == label]) for label in range(1, SECTORS + 1)])


def flow_of_parts(case: FlowCase, kinds: dict[str, FloatArray], settings: Settings) -> dict[str, dict[str, float]]:
    """Return for each kind of frames the stress flow of segments, sectors and windows, NaN where it is undetermined.

    Segments are fitted as in the pipeline; sectors and windows, which overlap, each by itself, those of all kinds in
    one fit. A window is three sectors whose pixels are pooled before the fit.

    Parameters
    ----------
    case : FlowCase
    kinds : dict
        Name -> (frames, 1, rows, BAND) signal.
    settings : Settings

    Returns
    -------
    dict
        Kind -> name of the part, such as endo_window_3 -> flow in mL/min/g.
    """
    kinetics = dataclasses.replace(settings.kinetics, pixelwise=False)
    registered = truly_registered(case.series, case.truth)
    segmented = truly_segmented(registered, case.truth, settings.segmentation)
    masks = _masks(segmented, sectors_of(case.truth))
    found: dict[str, dict[str, float]] = {}
    curves: list[FloatArray] = []
    for name, signal in kinds.items():
        state = _converted(case, signal, segmented, settings)
        flows = {(flow.layer, flow.segment): flow.mbf for flow in map_flow(state, kinetics).segments}
        found[name] = {
            f"{prefix}segment_{index}": flows.get((layer, index), float("nan"))
            for prefix, layer in PREFIXES.items()
            for index in SEGMENTS
        }
        curves.append(_curves(state, masks))
    kept = registered.kept[:, 0] & (case.series.time_s[:, 0] <= case.truth.aif_time_s.max())
    flow = _fitted_flow(np.concatenate(curves)[:, kept], case.series.time_s[kept, 0], true_input(case.truth), kinetics)
    for name, values in zip(kinds, flow.reshape(len(kinds), len(masks)), strict=True):
        found[name] |= dict(zip(masks, map(float, values), strict=True))
    return found


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
    return share_of_remote(smooth)


def share_of_remote(flow: FloatArray) -> FloatArray:
    """Return flow (parts,) as a share of the remote flow, the median of its better half."""
    ordered = np.sort(flow[np.isfinite(flow)])
    if not len(ordered):
        return np.full(len(flow), np.nan)
    return np.asarray(flow / np.median(ordered[len(ordered) // 2 :]))


def without_noise(patient: DigitalPatient) -> DigitalPatient:
    """Return the patient whose scan is the same but for its noise, which is gone."""
    encoding = dataclasses.replace(patient.scanner.tissue_encoding, noise_sd=1e-9)
    return dataclasses.replace(patient, scanner=dataclasses.replace(patient.scanner, tissue_encoding=encoding))


def _converted(case: FlowCase, signal: FloatArray, segmented: Segmented, settings: Settings) -> StateResult:
    series = dataclasses.replace(case.series, signal=signal)
    state = StateResult(
        State.STRESS,
        Acquisition(series),
        registered=truly_registered(series, case.truth),
        segmented=segmented,
        arterial_input=true_input(case.truth),
    )
    return dataclasses.replace(state, concentration=ConversionLogic(settings.conversion).run(state))


def _masks(segmented: Segmented, sectors: LabelArray) -> dict[str, BoolArray]:
    """Return the pixels (rows, BAND) of each sector and window."""
    angle = sectors[0].astype(int) - 1
    masks = {}
    for prefix in ("", "endo_"):
        inside = (segmented.segments[0] > 0) & np.isin(segmented.layers[0], LAYERS[PREFIXES[prefix]])
        for kind, reach in (("sector", 0), ("window", 1)):
            for index in range(SECTORS):
                away = np.abs(np.mod(angle - index + SECTORS // 2, SECTORS) - SECTORS // 2)
                masks[f"{prefix}{kind}_{index + 1}"] = inside & (away <= reach)
    return masks


def _curves(state: StateResult, masks: dict[str, BoolArray]) -> FloatArray:
    """Return the mean gadolinium curve (parts, frames) of each part, NaN where no pixel is usable."""
    assert state.concentration is not None
    frames = state.concentration.gd_mmol_l[:, 0]
    usable = ~state.concentration.saturated[0] & np.isfinite(frames).all(axis=0)
    nothing = np.full(len(frames), np.nan)
    parts = [mask & usable for mask in masks.values()]
    return np.array([frames[:, part].mean(axis=1) if part.any() else nothing for part in parts])


def _fitted_flow(
    curves: FloatArray, time_s: FloatArray, arterial_input: ArterialInput, settings: KineticsSettings
) -> FloatArray:
    """Return the flow (n,) of curves (n, frames), NaN where there is no curve or its flow is undetermined."""
    blood = resample_aif(arterial_input)
    known = np.isfinite(curves).all(axis=1)
    given = KineticInput(curves[known].astype(float), time_s, blood.gd_mmol_l, blood.time_s)
    fit = KineticFittingLogic(settings).run(given).parameters
    sure = fit["mbf_se"] <= UNDETERMINED * fit["mbf_ml_min_g"]
    flow = np.full(len(curves), np.nan)
    flow[known] = np.where(sure, fit["mbf_ml_min_g"], np.nan)
    return flow


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
