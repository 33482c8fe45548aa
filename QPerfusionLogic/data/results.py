"""What the stages exchange: frozen dataclasses for studies and the result of every stage.

The conventions (axes, units, patient space) and the dataclasses of measured series are in `series.py`; they are offered
here too, so that a stage imports all of its types from one place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, BoolArray, FloatArray, LabelArray
from .conversion_physics import ConversionPhysics, Precontrast
from .geometry import Geometry
from .heart_prior import HeartPrior
from .notices import Notice, Severity
from .protocol import Protocol
from .series import PerfusionSeries, Quantity, SeriesKind, SeriesSource, State
from .study import Acquisition, Curve, LabelMap, PerfusionStudy, T1Map

__all__ = [
    "FIT_STATUS",
    "LEFT_VENTRICLE",
    "MYOCARDIUM",
    "OUTPUT_OF_STAGE",
    "RIGHT_VENTRICLE",
    "Acquisition",
    "AifMethodComparison",
    "ArterialInput",
    "BoolArray",
    "Concentration",
    "ConversionPhysics",
    "Curve",
    "FitResult",
    "FloatArray",
    "Geometry",
    "LabelArray",
    "LabelMap",
    "Mapped",
    "Notice",
    "PerfusionSeries",
    "PerfusionStudy",
    "Precontrast",
    "Protocol",
    "Quantity",
    "Registered",
    "SegmentFlow",
    "Segmented",
    "SeriesKind",
    "SeriesSource",
    "Severity",
    "State",
    "StateResult",
    "StudyResult",
    "Superresolved",
    "T1Map",
]


@dataclass(frozen=True)
class Superresolved:
    """A low-resolution series with its missing phase-encoding lines estimated; the measured ones are as they were.

    Parameters
    ----------
    series : PerfusionSeries
        The series at full resolution, with the notices of this stage.
    spread : (slices, rows, columns) array
        Root mean square over frames of how far they may be off (from the spread of sampled frames), in the unit of the
        series; NaN where none were sampled.
    residual : (frames, slices) array
        Largest change of a measured line over the largest line; rounding only.
    added_detail_ratio : (frames, slices) array
        Added detail (root mean square) over the outer half of the measured lines.
    relative_uncertainty : (frames, slices) array
        Spread over added detail, both root mean squares; NaN where none were sampled.
    fraction, direction : float, str
        Share of lines measured; image axis of the phase encoding, rows or columns.
    """

    series: PerfusionSeries
    spread: FloatArray
    residual: FloatArray
    added_detail_ratio: FloatArray
    relative_uncertainty: FloatArray
    fraction: float
    direction: str
    model_name: str
    model_checksum: str


@dataclass(frozen=True)
class Registered:
    """A series with motion taken out.

    Parameters
    ----------
    series : PerfusionSeries
        The registered series: registered(x) = frame(x + d(x)), resampled once from the original.
    displacement_mm : (frames, slices, rows, columns, 2) array
        d in mm along (rows axis, columns axis), i.e. [..., 0] moves along increasing row; rows and
        columns may be 1 for a translation.
    kept : (frames, slices) bool array
        False where a frame was rejected.
    reason : tuple of tuple of str
        reason[frame][slice], "" where kept.
    heart_centre : (slices, 2) array
        (row, column) in pixels of the heart centre the registration looked at; NaN when none was found.
    """

    series: PerfusionSeries
    displacement_mm: FloatArray
    kept: BoolArray
    reason: tuple[tuple[str, ...], ...]
    heart_centre: FloatArray
    quality: dict[str, float] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Segmented:
    """Where the heart is on the registered grid.

    Parameters
    ----------
    labels : (slices, rows, columns) uint8 array
        1 myocardium, 2 LV blood, 3 RV blood, 0 background.
    segments : (slices, rows, columns) uint8 array
        AHA segment 1 to 16 of every myocardial pixel, 0 elsewhere and in the edges trimmed against partial volume.
    layers : (slices, rows, columns) uint8 array
        1 endocardial half, 2 epicardial half, 0 where `segments` is 0.
    aif_region : (slices, rows, columns) bool array
        Blood pixels that the arterial input is read from.
    insertion_points : (slices, 2, 2) array
        (anterior, inferior) RV insertion points as (row, column) in pixels; NaN where not found.
    peak_frames : dict
        "right_ventricle", "left_ventricle", "myocardium" -> frame index of the peak of each.
    heart_box : tuple of int
        (first row, first column, last row + 1, last column + 1).
    confidence : (slices,) array
        0 (no idea) to 1 (sure); 1 for masks given by the user.
    source : str
        "given", "classical" or the name of the network.
    """

    labels: LabelArray
    segments: LabelArray
    layers: LabelArray
    aif_region: BoolArray
    insertion_points: FloatArray
    peak_frames: dict[str, int]
    heart_box: tuple[int, int, int, int]
    confidence: FloatArray
    source: str = "classical"
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class ArterialInput:
    """The arterial input function and how it was got.

    Parameters
    ----------
    time_s : (n,) array
        On the clock of the tissue series.
    measured : (n,) array
        The blood curve as read from the images (signal or mmol/L), before any correction.
    corrected : (n,) array
        The blood signal with saturation undone, in units of `measured` (equal to it where nothing was corrected).
    gd_mmol_l : (n,) array
        Blood gadolinium, baseline at 0.
    lower_mmol_l, upper_mmol_l : (n,) arrays, optional
        Band of the corrected curve where the method gives one.
    mode : str
        dual_sequence, dual_bolus, neural_network, signal_inversion, concentration, population, curve.
    features : dict
        bolus_arrival_time_s, peak_mmol_l, time_to_peak_s, fwhm_s, valley_s, first_pass_end_s, area_mmol_s_l,
        baseline_drift, apparent_peak_mmol_l; to be read.
    normalisation : str
        What scaled it: "proton_density", "baseline", "tissue_series" (how that saturates), "usual_bolus",
        "neural_network" or "published_network"; "" where nothing had to.
    precontrast : Precontrast, optional
        State of the tissue series before contrast, where the method finds it.
    b1_plus : float, optional
        B1+ over its nominal value, where blood of two series shows it.
    """

    time_s: FloatArray
    measured: FloatArray
    corrected: FloatArray
    gd_mmol_l: FloatArray
    mode: str
    features: dict[str, float] = field(default_factory=dict)
    lower_mmol_l: FloatArray | None = None
    upper_mmol_l: FloatArray | None = None
    model_name: str = ""
    model_checksum: str = ""
    constants: dict[str, str] = field(default_factory=dict)
    normalisation: str = ""
    precontrast: Precontrast | None = None
    b1_plus: float | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Concentration:
    """Gadolinium in every pixel.

    Parameters
    ----------
    gd_mmol_l : (frames, slices, rows, columns) float32 array
        Baseline at 0; NaN where it cannot be known.
    saturated : (slices, rows, columns) bool array
        True where the signal left the monotone range of the look-up table in any frame.
    constants : dict
        Every constant used, "name" -> "value unit (source)", to be read.
    physics : ConversionPhysics
        Those that stress and rest have to share, to be computed with.
    """

    gd_mmol_l: FloatArray
    time_s: FloatArray
    saturated: BoolArray
    mode: str
    constants: dict[str, str] = field(default_factory=dict)
    physics: ConversionPhysics = field(default_factory=ConversionPhysics)
    notices: tuple[Notice, ...] = ()


FIT_STATUS = ("converged", "at_bound", "no_bolus", "not_finite", "not_identifiable", "not_converged", "blood_mixed")
"""Meaning of the status numbers 0, 1, 2, ... of a fit."""


@dataclass(frozen=True)
class FitResult:
    """What a kinetic model found in n curves; arrays are (n,), NaN where the status says there is no number.

    `parameters` maps field names (`mbf_ml_min_g`, `mbf_se`, `delay_s`, `ps_ml_min_g`, `vp_ml_g`, `ve_ml_g`, `rms`,
    `r2`, `aic`, ...) to (n,) arrays; `status` holds indices into `FIT_STATUS`; `predicted` is (n, frames) in mmol/L.
    """

    model: str
    parameters: dict[str, FloatArray]
    status: NDArray[np.uint8]
    predicted: FloatArray
    window_s: tuple[float, float]
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Mapped:
    """Kinetic results of one state on the pixel grid and per AHA segment.

    Parameters
    ----------
    maps : dict of (slices, rows, columns) arrays
        mbf (mL/min/g), mbf_se, delay (s), r2, status and whatever else the model gives; NaN outside the fitted pixels.
    segments : tuple of SegmentFlow
        One per AHA segment (layer "all") and per segment half ("endo", "epi").
    curve_time_s, segment_curves, segment_fits : dict of arrays
        Keyed by (segment, layer): time (frames,), mean gadolinium and fitted curve (frames,).
    input_error : float
        Standard error of the arterial input, as a share of flow: it moves all flows of the state together and is part
        of the standard errors of the segments. 0 where nothing is known of it.
    heart_prior : HeartPrior, optional
        What every pixel was held near; None where each was fitted by itself.
    """

    maps: dict[str, FloatArray]
    segments: tuple[SegmentFlow, ...]
    curve_time_s: dict[tuple[int, str], FloatArray]
    segment_curves: dict[tuple[int, str], FloatArray]
    segment_fits: dict[tuple[int, str], FloatArray]
    model: str
    window_s: tuple[float, float] = (0.0, 0.0)
    notices: tuple[Notice, ...] = ()
    input_error: float = 0.0
    heart_prior: HeartPrior | None = None


@dataclass(frozen=True)
class SegmentFlow:
    """Blood flow of one AHA segment in one state (mL/min/g); `layer` is all, endo or epi.

    `mbf_se` holds the error of the fit and that of the arterial input (`Mapped.input_error`).
    """

    segment: int
    layer: str
    mbf: float
    mbf_se: float
    n_pixels: int
    r2: float = float("nan")
    median_pixel_mbf: float = float("nan")
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class AifMethodComparison:
    """What one AIF method gives in one state, beside the method that was used.

    `segments` holds the flow of every AHA segment (layer "all"); a method that cannot be taken has no arterial input
    and says why in `refused`.
    """

    state: State
    method: str
    arterial_input: ArterialInput | None = None
    segments: tuple[SegmentFlow, ...] = ()
    used: bool = False
    refused: str = ""

    @property
    def mean_mbf(self) -> float:
        """Flow of the heart in mL/min/g, the segments weighted by their pixels; NaN without any."""
        known = [flow for flow in self.segments if np.isfinite(flow.mbf)]
        pixels = sum(flow.n_pixels for flow in known)
        return sum(flow.mbf * flow.n_pixels for flow in known) / pixels if pixels else float("nan")


@dataclass(frozen=True)
class StateResult:
    """Everything found for one state of the patient, stage by stage; None for stages that were not run."""

    state: State
    acquisition: Acquisition
    registered: Registered | None = None
    segmented: Segmented | None = None
    arterial_input: ArterialInput | None = None
    concentration: Concentration | None = None
    mapped: Mapped | None = None
    superresolved: Superresolved | None = None


OUTPUT_OF_STAGE = {
    "registration": "registered",
    "segmentation": "segmented",
    "aif": "arterial_input",
    "conversion": "concentration",
    "kinetics": "mapped",
}
"""Stage -> field of `StateResult` it fills."""


@dataclass(frozen=True)
class StudyResult:
    """The whole study after the pipeline, as reporting, scene and panel read it.

    Parameters
    ----------
    states : dict of State to StateResult
        Results of each state; keys are "stress" and "rest" too.
    provenance : dict
        What is written to provenance.json.
    notices : tuple of Notice
        What a reader has to know of the result.
    stress_to_rest_mm : (slices, 2) array, optional
        Displacement along (row, column) that aligns rest to stress.
    mpr_map : (slices, rows, columns) array, optional
        Perfusion reserve on the stress grid.
    aif_method_comparison : tuple of AifMethodComparison
        Flow by every AIF method, where that was asked for.
    seconds : dict of str to float
        Wall-clock seconds of each stage that was run; apart from the provenance, as they differ from run to run.

    Examples
    --------
    >>> StudyResult({}).mpr_map is None
    True
    """

    states: dict[State, StateResult]
    provenance: dict[str, Any] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    stress_to_rest_mm: FloatArray | None = None
    mpr_map: FloatArray | None = None
    aif_method_comparison: tuple[AifMethodComparison, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
