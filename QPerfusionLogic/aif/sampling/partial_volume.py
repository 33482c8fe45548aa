"""Wall in the blood pixels of a low-resolution AIF series, identified by its resolution and the contours, and taken
out.

The acquired pixels of an AIF series are 6 to 11 mm large. In a small ventricle even the middle of the pool then holds
some per cent of wall, dark at the peak of the bolus, and the inversion of a nearly saturated signal turns a loss of 5 %
of the signal into 7 to 8 % of gadolinium, which raises stress flow by 10 to 40 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, BoolArray, FloatArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.data.series import PerfusionSeries

from .low_resolution_pool import ventricle_at
from .point_spread import PointSpread, measured_point_spread

FINER = 8
"""Points per pixel and axis on which the contours are laid out."""
WALL, RIGHT, AROUND = 0.6, 0.75, 0.6
"""Least share of its tissue in a pixel that stands for wall, right ventricle and what lies around the heart."""
FEWEST_PIXELS = 3
LARGEST_GAIN = 1.3
"""Beyond it the contours or the resolution are wrong, or the ventricle cannot be seen at this resolution."""


@dataclass(frozen=True)
class PartialVolumeCorrected:
    """A blood curve without the wall in its pixels, and what has to be said about that."""

    curve: BloodCurve
    constants: dict[str, str]
    notices: tuple[Notice, ...] = ()
    done: bool = False


def partial_volume_correction(
    series: PerfusionSeries, state: StateResult, region: BoolArray, curve: BloodCurve
) -> PartialVolumeCorrected:
    """Return the blood curve of a region as pixels full of blood would show it.

    The contours of the tissue series, blurred as the noise says that the AIF series is, give the share of each tissue
    in each pixel. Four region means (pool, wall, right ventricle, surroundings) are then linear mixtures of four
    signals, and their inverse gives that of blood. Where positions, noise or contours do not allow that, the curve is
    returned as it was.

    Source: geometric transfer matrix, Rousset OG, Ma Y, Evans AC. J Nucl Med 1998;39:904-911.

    Parameters
    ----------
    series : PerfusionSeries
        The AIF series, its motion taken out.
    state : StateResult
        With the registered and segmented tissue series.
    region : (slices, rows, columns) bool array
        Blood pixels, as `curve` was read from.
    curve : BloodCurve
        Their mean.
    """
    index = curve.slice_index
    acquired = state.acquisition.aif_series or series
    spread = measured_point_spread(acquired.signal[:, index])
    shares = None if spread is None else _shares(series, state, index, spread)
    if spread is None or shares is None:
        return PartialVolumeCorrected(curve, {})
    correct_partial_volume = _transfer(region[index], shares)
    if correct_partial_volume is None:
        return PartialVolumeCorrected(curve, {})
    gain, of_image = correct_partial_volume
    if not 1.0 <= gain <= LARGEST_GAIN:
        return PartialVolumeCorrected(curve, {}, (_left_in(gain),) if gain > LARGEST_GAIN else ())
    spacing = series.geometry.pixel_spacing_mm
    rows, columns = series.image_shape[1:]
    size = spread.pixel_text((rows * spacing[0], columns * spacing[1]))
    density, second = series.proton_density, series.second_echo
    used = np.isfinite(series.signal[:, index][:, region[index]]).all(axis=1)
    corrected = replace(
        curve,
        signal=of_image(series.signal[used, index]),
        proton_density=curve.proton_density if density is None else float(of_image(np.nanmean(density[:, index], 0))),
        second_echo=None if second is None else of_image(second[used, index]),
    )
    reported = f"{100.0 * (1.0 - 1.0 / gain):.0f} % of its pixels, taken out (acquired pixel {size}, by the noise)"
    return PartialVolumeCorrected(corrected, {"aif wall in the pool": reported}, done=True)


def _shares(
    series: PerfusionSeries, state: StateResult, index: int, spread: PointSpread
) -> dict[int, FloatArray] | None:
    """Return the share (rows, columns) of blood, wall and right ventricle in each pixel; None without positions."""
    if state.segmented is None or state.registered is None:
        return None
    tissue = state.registered.series.geometry
    if not (series.geometry.has_position and tissue.has_position):
        return None
    points = series.geometry.positions(index, series.image_shape[1:], FINER)
    return {
        label: spread.blurred(_laid_out(state.segmented.labels, label, tissue, points), FINER)
        for label in (LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE)
    }


def _laid_out(labels: LabelArray, label: int, geometry: Geometry, points: FloatArray) -> FloatArray:
    return (ventricle_at(labels == label, geometry, points) > 0.5).astype(float)


def _transfer(
    pool: BoolArray, shares: dict[int, FloatArray]
) -> tuple[float, Callable[[FloatArray], FloatArray]] | None:
    """Return how much is added to the pool's mean, and the function from images (..., rows, columns) to blood."""
    blood, wall, right = (shares[label] for label in (LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE))
    around = 1.0 - blood - wall - right
    near = ndimage.binary_dilation(blood + wall > 0.5, iterations=2)
    found = [
        (share, region)
        for share, region in (
            (blood, pool),
            (wall, (wall > WALL) & ~pool),
            (right, (right > RIGHT) & ~pool),
            (around, near & (around > AROUND)),
        )
        if region.sum() >= FEWEST_PIXELS or region is pool
    ]
    matrix = np.array([[share[region].mean() for share, _ in found] for _, region in found])
    if len(found) < 2 or np.linalg.cond(matrix) > 10.0:
        return None
    weights = np.linalg.inv(matrix)[0]

    def blood_of(images: FloatArray) -> FloatArray:
        values = np.asarray(images, dtype=float)
        parts = [weight * values[..., region].mean(axis=-1) for weight, (_, region) in zip(weights, found, strict=True)]
        return np.asarray(sum(parts))

    return float(weights[0]), blood_of


def _left_in(gain: float) -> Notice:
    return Notice.of(
        code="aif-wall-in-pool",
        message=f"by resolution and contours {100.0 * (1.0 - 1.0 / gain):.0f} % of the blood pixels of the AIF series "
        "is wall, too much to be taken out; the arterial input reads low and flow high",
        action="check the contours; acquire the AIF slice through a wider part of the ventricle or with smaller pixels",
    )
