"""The outputs of the stages as the truth of a digital patient gives them."""

from __future__ import annotations

import dataclasses

import numpy as np

from QPerfusionLogic.data.arrays import MYOCARDIUM, FloatArray
from QPerfusionLogic.data.results import ArterialInput, Concentration, Registered, Segmented
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.data.study import LabelMap
from QPerfusionLogic.phantom.simulation.simulated import StateTruth
from QPerfusionLogic.registration.resampling import translate
from QPerfusionLogic.segmentation.logic import SegmentationLogic
from QPerfusionLogic.settings.schema import SegmentationSettings


def truly_registered(series: PerfusionSeries, truth: StateTruth) -> Registered:
    """Return a series with its true motion taken out and its true bad beats rejected."""
    reason = tuple(tuple("wrong trigger" if bad else "" for bad in frame) for frame in truth.bad)
    return Registered(
        series=moved(series, truth.displacement_mm),
        displacement_mm=truth.displacement_mm[:, :, None, None, :],
        kept=~truth.bad,
        reason=reason,
        heart_centre=_heart_centres(truth),
    )


def at_reference_position(registered: Registered, series: PerfusionSeries, truth: StateTruth) -> Registered:
    """Return an estimated registration moved, slice by slice, to where the truth's contours lie.

    Registration is free to choose where the heart comes to rest; the median of its difference to the true displacement
    is that choice and no error.
    """
    found = registered.displacement_mm.mean(axis=(2, 3))
    offset = np.stack([_median_offset(registered, truth, found, index) for index in range(series.slices)])
    displacement = found - offset
    return dataclasses.replace(
        registered,
        series=moved(series, displacement),
        displacement_mm=displacement[:, :, None, None, :],
        heart_centre=_heart_centres(truth),
    )


def moved(series: PerfusionSeries, displacement_mm: FloatArray) -> PerfusionSeries:
    """Return a series with frame(x + d) for d (frames, slices, 2) in mm, its leading proton-density frames along."""
    pixels = displacement_mm / np.asarray(series.geometry.pixel_spacing_mm)
    slices = range(series.slices)
    signal = np.stack([translate(series.signal[:, index], pixels[:, index]) for index in slices], axis=1)
    density = series.proton_density
    if density is not None:
        density = np.stack([translate(density[:, i], pixels[: len(density), i]) for i in slices], axis=1)
    return dataclasses.replace(series, signal=signal, proton_density=density)


def truly_segmented(registered: Registered, truth: StateTruth, settings: SegmentationSettings) -> Segmented:
    """Return the segmentation of somebody who draws the true contours and insertion points."""
    mask = LabelMap(truth.labels, source="truth")
    return SegmentationLogic(settings).run(registered, mask, insertion_points=truth.insertion_points)


def true_segmentation(truth: StateTruth) -> Segmented:
    """Return the true labels, segments and halves of the wall, untrimmed: true gadolinium knows no partial volume."""
    rows, columns = np.nonzero(truth.labels.any(axis=0))
    return Segmented(
        labels=truth.labels,
        segments=truth.segments,
        layers=truth.layers,
        aif_region=np.zeros(truth.labels.shape, dtype=bool),
        insertion_points=truth.insertion_points,
        peak_frames={},
        heart_box=(int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1),
        confidence=np.ones(len(truth.labels)),
        source="truth",
    )


def true_input(truth: StateTruth, estimated: ArterialInput | None = None) -> ArterialInput:
    """Return the true arterial input; what an estimate found besides the curve stays as it was found."""
    time_s, gd_mmol_l = truth.aif_time_s, truth.aif_mmol_l
    if estimated is None:
        return ArterialInput(time_s, gd_mmol_l, gd_mmol_l, gd_mmol_l, mode="truth")
    return dataclasses.replace(
        estimated, time_s=time_s, measured=gd_mmol_l, corrected=gd_mmol_l, gd_mmol_l=gd_mmol_l, mode="truth"
    )


def true_concentration(truth: StateTruth, cnr: float, random: np.random.Generator) -> Concentration:
    """Return the true gadolinium of the wall with white noise in every pixel.

    Parameters
    ----------
    truth : StateTruth
        Of one state.
    cnr : float
        Peak of the mean curve of the wall over the standard deviation of the noise; infinite for none.
    random : Generator
        Source of the noise.
    """
    wall = truth.labels == MYOCARDIUM
    gadolinium = np.array(truth.gd_mmol_l, dtype=np.float32)
    deviation = float(np.nanmax(np.nanmean(gadolinium[:, wall], axis=1))) / cnr
    gadolinium[:, wall] += random.normal(0.0, deviation, (len(gadolinium), int(wall.sum())))
    return Concentration(gadolinium, truth.time_s, np.zeros(truth.labels.shape, dtype=bool), mode="truth")


def _median_offset(registered: Registered, truth: StateTruth, found: FloatArray, index: int) -> FloatArray:
    use = registered.kept[:, index] & ~truth.bad[:, index]
    if not use.any():
        return np.zeros(2)
    return np.asarray(np.median((found - truth.displacement_mm)[use, index], axis=0))


def _heart_centres(truth: StateTruth) -> FloatArray:
    return np.array([np.argwhere(plane > 0).mean(axis=0) for plane in truth.labels])
