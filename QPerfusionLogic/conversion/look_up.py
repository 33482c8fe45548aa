"""Gadolinium by inverting the signal equation: normalised signal, one table per tissue, native T1 per pixel."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, BoolArray, FloatArray
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.results import Concentration, Registered, Segmented
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.data.study import T1Map
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import ConversionSettings
from QPerfusionLogic.signal_model.physics import SeriesPhysics, physics_of_series

from .baseline import Baseline, baseline_of, baseline_signal, magnitude_baseline
from .calibration import PrecontrastState
from .native_t1 import native_t1_of
from .proton_density import proton_density_signal


def convert_by_look_up(
    registered: Registered,
    segmented: Segmented,
    t1_map: T1Map | None,
    precontrast: PrecontrastState,
    progress: Progress,
) -> Concentration:
    """Return gadolinium by the look-up tables of blood and myocardium, normalised by PD frames or by the baseline."""
    series, settings = registered.series, precontrast.settings
    physics = physics_of_series(series, settings)
    baseline = baseline_of(registered, segmented)
    blood = (segmented.labels == LEFT_VENTRICLE) | (segmented.labels == RIGHT_VENTRICLE)
    native = native_t1_of(series, segmented, t1_map, physics, settings)
    by_density, normalisation_notices = chosen_normalisation(series, settings)
    if by_density:
        reference = proton_density_signal(series)
    else:
        reference = _pre_contrast(series.signal, baseline, segmented, magnitude_baseline)
    usable = np.isfinite(reference) & (reference > 0) & np.isfinite(native.t1_s)
    t1 = native.t1_s if by_density else precontrast.shortened(native.t1_s, blood, physics)
    gadolinium, outside = _inverted(series, reference, usable, blood, t1, physics, by_density, progress)
    if by_density:
        gadolinium -= _pre_contrast(gadolinium, baseline, segmented).astype(np.float32)
    saturated = np.asarray(outside.any(axis=0))
    constants = {**physics.constants, **native.constants, "normalisation": _name(by_density)}
    constants |= _precontrast_constants(precontrast)
    shared = dataclasses.replace(
        physics.shared,
        normalisation="proton_density" if by_density else "baseline",
        native_t1="table" if t1_map is None else "map",
    )
    notices = (
        *physics.notices,
        *baseline.notices,
        *normalisation_notices,
        *native.notices,
        *_range_notices(saturated, usable, segmented),
    )
    return Concentration(gadolinium, series.time_s, saturated, "look_up_table", constants, shared, notices)


def chosen_normalisation(series: PerfusionSeries, settings: ConversionSettings) -> tuple[bool, tuple[Notice, ...]]:
    """Return whether proton-density frames normalise the signal, and a notice where there are none."""
    present = series.proton_density is not None and len(series.proton_density) > 0
    if settings.normalisation == "baseline" or present:
        return settings.normalisation != "baseline", ()
    severity = Severity.WARNING if settings.normalisation == "proton_density" else Severity.NOTE
    message = "there are no proton-density frames, so the signal was normalised by its own baseline"
    return False, (Notice.of(code="no-proton-density", message=message, severity=severity),)


def _inverted(
    series: PerfusionSeries,
    reference: FloatArray,
    usable: BoolArray,
    blood: BoolArray,
    native_t1_s: FloatArray,
    physics: SeriesPhysics,
    by_density: bool,
    progress: Progress,
) -> tuple[FloatArray, BoolArray]:
    """Invert frame by frame, so that memory stays at the result plus a frame."""
    gadolinium = np.full(series.signal.shape, np.nan, dtype=np.float32)
    outside = np.zeros(series.signal.shape, dtype=bool)
    for response, pixels in ((physics.blood, blood & usable), (physics.myocardium, ~blood & usable)):
        if not pixels.any():
            continue
        invert = response.gadolinium_from_proton_density if by_density else response.gadolinium_from_enhancement
        scale, t1 = 1.0 / reference[pixels], native_t1_s[pixels]
        for frame in range(series.frames):
            progress.update(frame / series.frames, "look-up table")
            found, above = invert(series.signal[frame][pixels] * scale, t1)
            gadolinium[frame][pixels] = found
            outside[frame][pixels] = above
    return gadolinium, outside


def _pre_contrast(
    values: FloatArray,
    baseline: Baseline,
    segmented: Segmented,
    mean: Callable[[FloatArray, BoolArray], FloatArray] = baseline_signal,
) -> FloatArray:
    left, right = (mean(values, frames) for frames in (baseline.frames, baseline.right_frames))
    return np.where(segmented.labels == RIGHT_VENTRICLE, right, left)


def _range_notices(saturated: BoolArray, usable: BoolArray, segmented: Segmented) -> tuple[Notice, ...]:
    notices = []
    myocardium = segmented.labels == MYOCARDIUM
    lost = int((saturated & myocardium).sum())
    if lost:
        notices.append(
            Notice.of(
                code="myocardium-out-of-range",
                message=f"{lost} of {int(myocardium.sum())} myocardial pixels leave the invertible range of the "
                "look-up table in some frame; those frames have no number",
                action="check saturation time, flip angle and the proton-density frames",
            )
        )
    dark = int((~usable & myocardium).sum())
    if dark:
        notices.append(
            Notice.of(
                code="no-reference-signal",
                message=f"{dark} myocardial pixels have no positive reference signal or native T1 and no concentration",
            )
        )
    return tuple(notices)


def _precontrast_constants(precontrast: PrecontrastState) -> dict[str, str]:
    if not precontrast.residual_mmol_l:
        return {}
    return {"residual gadolinium": f"{precontrast.residual_mmol_l:.2f} mmol/L in blood (arterial input)"}


def _name(by_density: bool) -> str:
    return "proton density" if by_density else "baseline"
