"""Aligning what was acquired apart: stress with rest, and proton-density frames with their series."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import Registered
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.registration.shifts.correlation import pair_shifts, spectra
from QPerfusionLogic.registration.shifts.edge_features import CROP, crop_at, edge_feature, soft_disc
from QPerfusionLogic.registration.shifts.template_search import search_template
from QPerfusionLogic.registration.shifts.working_grid import WorkingGrid, working_grid

from .motion_notices import STAGE
from .resampling import translate

SEARCH_MM = 45.0
"""Greatest shift between two acquisitions of one patient."""
TRUSTED = 0.35
"""Correlation of two edge images above which their shift is trusted."""
SURE = 0.45
"""Correlation below which a shift that is used is called poor."""
EARLY_FRAMES = 5
TURNS_DEG = tuple(range(30, 331, 15))
TURN_GAIN = 0.15
"""Gain in correlation by turning one picture above which it is called turned."""
CENTRE_SEARCH = 8
"""Working pixels by which two heart centres may be wrong."""
CENTRE_AGREEMENT_MM = 12.0
"""Greatest disagreement between the shift of the edges and the shift of the heart centres."""


def align_stress_to_rest(stress: Registered, rest: Registered) -> tuple[FloatArray, tuple[Notice, ...]]:
    """Return the displacement that brings rest on stress: rest(x + d) shows what stress shows at x.

    Parameters
    ----------
    stress, rest : Registered
        The same slices of one patient, motion taken out.

    Returns
    -------
    displacement_mm : (slices, 2) array
        Along (row, column); where the images do not fit each other the shift of the heart centres, or 0 without them.
    notices : tuple of Notice
        Which slices could not be aligned by their images.
    """
    slices = min(stress.series.slices, rest.series.slices)
    if not _same_grid(stress.series, rest.series):
        return np.zeros((slices, 2)), (grids_differ(stress.series, rest.series),)
    grid = working_grid(stress.series.geometry, stress.series.signal.shape)
    displacement, uncertain, poor = np.zeros((slices, 2)), [], []
    for index in range(slices):
        centres = stress.heart_centre[index], rest.heart_centre[index]
        both = bool(np.isfinite(centres).all())
        pictures = _picture(stress, index), _picture(rest, index)
        shift_mm, correlation = image_shift(*pictures, grid, centres[0] if np.isfinite(centres[0]).all() else None)
        between_mm = (centres[1] - centres[0]) * np.asarray(grid.spacing_mm) if both else np.zeros(2)
        agree = not both or np.linalg.norm(shift_mm - between_mm) <= CENTRE_AGREEMENT_MM
        if correlation >= TRUSTED and agree and not (both and _turned(*pictures, *centres, grid)):
            displacement[index] = shift_mm
            if correlation < SURE:
                poor.append(index)
        else:
            displacement[index] = between_mm
            uncertain.append(index)
    scale = np.asarray(stress.series.geometry.pixel_spacing_mm) / np.asarray(grid.spacing_mm)
    return displacement * scale, (*_uncertain_positions(uncertain), *_poor_fit(poor))


def _same_grid(stress: PerfusionSeries, rest: PerfusionSeries) -> bool:
    same_size = stress.signal.shape[2:] == rest.signal.shape[2:]
    return same_size and bool(np.allclose(stress.geometry.pixel_spacing_mm, rest.geometry.pixel_spacing_mm, rtol=0.02))


def grids_differ(stress: PerfusionSeries, rest: PerfusionSeries) -> Notice:
    """Return the notice that images of stress and rest are not laid on each other."""
    sizes = (
        f"{counted(series.slices, 'slice')} of {series.signal.shape[2]} x {series.signal.shape[3]} pixels of "
        f"{series.geometry.pixel_spacing_mm[0]:.2f} mm"
        for series in (stress, rest)
    )
    return _note(
        "stress-and-rest-grids-differ",
        f"stress has {next(sizes)}, rest {next(sizes)}; their images were not aligned",
        "read the reserve per segment, not per pixel",
    )


def align_proton_density(series: PerfusionSeries, moved: FloatArray, centres: FloatArray) -> FloatArray | None:
    """Return the proton-density frames (frames, slices, rows, columns) moved onto the registered series, None without.

    Parameters
    ----------
    series : PerfusionSeries
        As acquired.
    moved : (frames, slices, rows, columns) array
        Its registered frames.
    centres : (slices, 2) array
        Heart centres in pixels; slices without one are left as they are.
    """
    if series.proton_density is None:
        return None
    grid = working_grid(series.geometry, series.signal.shape)
    result = np.array(series.proton_density, dtype=np.float32)
    for index in np.flatnonzero(np.isfinite(centres).all(axis=1)):
        early = np.nan_to_num(np.median(moved[:EARLY_FRAMES, index], axis=0))
        for frame, image in enumerate(series.proton_density[:, index]):
            shift_mm, correlation = image_shift(early, image, grid, centres[index])
            if correlation >= TRUSTED:
                result[frame, index] = translate(image[None], (shift_mm / np.asarray(grid.spacing_mm))[None])[0]
    return result


def image_shift(
    fixed: FloatArray, moving: FloatArray, grid: WorkingGrid, centre: FloatArray | None
) -> tuple[FloatArray, float]:
    """Return the shift d (2,) in mm with moving(x + d) like fixed(x) around `centre`, and the correlation of the edges.

    Parameters
    ----------
    fixed, moving : (rows, columns) arrays
        Images of the same grid; contrast may differ.
    grid : WorkingGrid
    centre : (2,) array or None
        (row, column) in pixels; None: the middle of the image.
    """
    place = np.array(fixed.shape) / 2.0 if centre is None else np.asarray(centre)
    feature = edge_feature(grid.to_working(np.stack([fixed, moving])))
    working_mm = np.asarray(grid.spacing_mm) * np.asarray(grid.step)
    search = int(SEARCH_MM / working_mm.min())
    if not feature.any(axis=(1, 2)).all():
        return np.zeros(2), 0.0
    shift, correlation = search_template(feature[0], feature[1], place / np.asarray(grid.step), search)
    return shift * working_mm, correlation


def _turned(
    fixed: FloatArray, moving: FloatArray, fixed_centre: FloatArray, moving_centre: FloatArray, grid: WorkingGrid
) -> bool:
    """Return whether the second picture fits the first one much better when it is turned about its heart."""
    feature = edge_feature(grid.to_working(np.stack([fixed, moving])))
    centres = np.stack([fixed_centre, moving_centre]) / np.asarray(grid.step)
    crops, _ = crop_at(feature, np.rint(centres - (CROP - 1) / 2.0).astype(int))
    turned = [ndimage.rotate(crops[1], angle, reshape=False, order=1) for angle in TURNS_DEG]
    images = np.stack([crops[0], crops[1], *turned])
    transforms = spectra(images, np.broadcast_to(soft_disc(), images.shape))
    others = np.arange(1, len(images))
    peak = pair_shifts(transforms, np.zeros_like(others), others, search=CENTRE_SEARCH).peak
    return bool(peak[1:].max() > peak[0] + TURN_GAIN)


def _usable(registered: Registered, index: int) -> FloatArray:
    frames = registered.series.signal[:, index]
    kept = registered.kept[:, index]
    return np.nan_to_num(frames[kept] if kept.any() else frames)


def _picture(registered: Registered, index: int) -> FloatArray:
    """Return a picture in which the heart's outline is seen whatever the bolus did: the mean over time."""
    return np.asarray(_usable(registered, index).mean(axis=0))


def _uncertain_positions(slices: list[int]) -> tuple[Notice, ...]:
    if not slices:
        return ()
    return (
        _note(
            "stress-and-rest-not-aligned",
            f"slices {', '.join(str(index + 1) for index in slices)}: the images of stress and rest do not fit each "
            "other (another slice, angle or patient?); only their heart centres were brought together",
            "read the reserve per segment, not per pixel",
        ),
    )


def _poor_fit(slices: list[int]) -> tuple[Notice, ...]:
    if not slices:
        return ()
    return (
        _note(
            "stress-and-rest-fit-poorly",
            f"slices {', '.join(str(index + 1) for index in slices)}: stress and rest were brought together, but their "
            "images differ: they may not show the same slice of the heart",
            "compare the contours of stress and rest before reading the reserve per pixel",
        ),
    )


def _note(code: str, message: str, action: str) -> Notice:
    return Notice.of(code, message, action, stage=STAGE)
