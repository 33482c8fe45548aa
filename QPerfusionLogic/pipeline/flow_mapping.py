"""From the pixel grid to curves and back: pixel and segment curves are gathered, fitted and put on the grid."""

from __future__ import annotations

import dataclasses

import numpy as np

from QPerfusionLogic.aif.correction.aif_resampling import STEP_S, between_samples, fine_times
from QPerfusionLogic.aif.correction.method_curve import BAND_SDS
from QPerfusionLogic.data.aha_model import LAYERS
from QPerfusionLogic.data.arrays import MYOCARDIUM, BoolArray, FloatArray
from QPerfusionLogic.data.heart_prior import HeartPrior
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import FIT_STATUS, ArterialInput, FitResult, Mapped, SegmentFlow, StateResult
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.kinetics.base.kinetic_input import KineticInput
from QPerfusionLogic.kinetics.logic import KineticFittingLogic
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import KineticsSettings

from .input_error import error_of_agent, error_of_band, least_error_of, together

FEWEST_FRAMES = 6
"""A slice with fewer kept frames is not fitted."""
MINIMUM_PIXELS = 8
"""A segment with fewer pixels is flagged: its standard error no longer means much."""
UNDETERMINED = 2.0
"""A segment flow whose standard error is more than this many times the flow is no number."""
MAP_NAMES = {
    "mbf_ml_min_g": "mbf",
    "mbf_se": "mbf_se",
    "delay_s": "delay",
    "ps_ml_min_g": "ps",
    "vp_ml_g": "vp",
    "ve_ml_g": "ve",
}
"""Fit parameter -> name of its map; parameters that are not listed keep their own name."""
Key = tuple[int, str]


@dataclasses.dataclass(frozen=True)
class _Fitted:
    """One segment part on one slice after its fit."""

    mbf: float
    mbf_se: float
    r2: float
    status: str
    pixels: int
    time_s: FloatArray
    curve: FloatArray
    fit: FloatArray


@dataclasses.dataclass(frozen=True)
class _SliceCurves:
    """The segment parts of one slice before their fit."""

    keys: list[Key]
    pixels: list[int]
    given: KineticInput


def map_flow(result: StateResult, settings: KineticsSettings, progress: Progress | None = None) -> Mapped:
    """Fit every pixel of the heart box and every AHA segment of one state.

    Parameters
    ----------
    result : StateResult
        With registered series, segmentation, arterial input and concentration.
    settings : KineticsSettings
        Model, bounds and delay handling.
    progress : Progress, optional
        Updated after every slice.

    Returns
    -------
    Mapped
        Maps (slices, rows, columns) in mL/min/g and friends, segment flows, curves and fits.

    Raises
    ------
    InputError
        When fewer than 6 frames were kept.
    """
    progress = progress or Progress()
    registered, segmented, concentration = result.registered, result.segmented, result.concentration
    if registered is None or segmented is None or concentration is None or result.arterial_input is None:
        raise InputError(f"{result.state} without all stages before kinetics", action="run the pipeline from the start")
    if settings.arterial_interpolation == "smooth":
        result = dataclasses.replace(result, arterial_input=resample_aif(result.arterial_input))
    kept = [_kept_frames(result, index) for index in range(segmented.labels.shape[0])]
    walls = _walls(result, kept)
    fits, prior = _fit_walls(walls, settings, progress.part(0.0, 0.1))
    input_error = _input_error(result, walls, fits, settings)
    parts: dict[Key, list[_Fitted]] = {}
    for wall, fit in zip(walls, fits, strict=True):
        for index, key in enumerate(wall.keys):
            curve = wall.given.curves[index]
            parts.setdefault(key, []).append(_fitted(fit, index, wall.given.time_s, curve, wall.pixels[index]))
    near = prior if (settings.priors, settings.prior_scope) == ("hierarchical", "pixels") else None
    maps, notices = _fit_pixels(result, kept, settings, near, progress.part(0.1, 1.0))
    notices += [notice for fit in fits for notice in fit.notices]
    if input_error > 0.0:
        notices.append(_shared_error(input_error))
    if not maps:
        maps["mbf"] = np.full(segmented.labels.shape, np.nan, dtype=np.float32)
    largest = {key: max(found, key=lambda part: part.pixels) for key, found in parts.items()}
    return Mapped(
        maps=maps,
        segments=tuple(
            _with_input_error(_segment_flow(key, found, result, maps["mbf"]), input_error)
            for key, found in sorted(parts.items())
        ),
        curve_time_s={key: part.time_s for key, part in largest.items()},
        segment_curves={key: part.curve for key, part in largest.items()},
        segment_fits={key: part.fit for key, part in largest.items()},
        model=settings.model,
        window_s=fits[0].window_s if fits else (0.0, 0.0),
        notices=_once(notices, result),
        input_error=input_error,
        heart_prior=near,
    )


def _kept_frames(result: StateResult, slice_index: int) -> BoolArray:
    """Return the frames (frames,) of a slice that are fitted; an error where they are too few."""
    kept = _frames_with_arterial_input(result, slice_index)
    if int(kept.sum()) < FEWEST_FRAMES:
        raise InputError(
            f"{int(kept.sum())} kept frames in slice {slice_index + 1} of {result.state}",
            expected=f"at least {FEWEST_FRAMES}",
            action="restore frames with registration.restored_frames or repeat the scan",
        )
    return kept


def _tissue(result: StateResult, kept: BoolArray, slice_index: int) -> tuple[FloatArray, FloatArray]:
    """Return times (frames,) and gadolinium (frames, rows, columns) of the kept frames of a slice."""
    concentration = result.concentration
    assert concentration is not None
    time_s = np.asarray(concentration.time_s, dtype=float)[kept, slice_index]
    return time_s, concentration.gd_mmol_l[kept, slice_index]


def _walls(result: StateResult, kept: list[BoolArray]) -> list[_SliceCurves]:
    """Return the segment parts of every slice that has some."""
    walls = []
    for slice_index, frames_kept in enumerate(kept):
        time_s, frames = _tissue(result, frames_kept, slice_index)
        keys, curves, pixels = _segment_curves(result, frames, slice_index)
        if keys:
            walls.append(_SliceCurves(keys, pixels, _fit_input(result, curves, time_s)))
    return walls


def _for_segments(settings: KineticsSettings) -> KineticsSettings:
    """Return the settings that segment curves are fitted with."""
    settings = dataclasses.replace(settings, blood_in_pixels="left_in")
    return dataclasses.replace(settings, prior_scope="pixels") if settings.priors == "population" else settings


def _fit_walls(
    walls: list[_SliceCurves], settings: KineticsSettings, progress: Progress
) -> tuple[list[FitResult], HeartPrior | None]:
    """Return the fits of all slices, and the hierarchical prior of the heart where the settings ask for it."""
    logic = KineticFittingLogic(_for_segments(settings))
    if settings.priors != "hierarchical":
        return [logic.run(wall.given, progress) for wall in walls], None
    leading = [np.array([layer == "all" for _, layer in wall.keys]) for wall in walls]
    return logic.run_together([wall.given for wall in walls], leading, progress)


def _input_error(
    result: StateResult, walls: list[_SliceCurves], fits: list[FitResult], settings: KineticsSettings
) -> float:
    """Return the standard error of flow that arterial input and assumed agent make, as a share; 0 where none is known.

    All segments are fitted with both ends of the band of an input; as they share the input, so do they its error. It is
    never less than that of the method.
    """
    known = result.arterial_input
    if known is None or not walls:
        return 0.0
    least, agent = least_error_of(known, result.state), error_of_agent(result)
    if known.lower_mmol_l is None or known.upper_mmol_l is None:
        return together(least, agent)
    ends = []
    for end in (known.lower_mmol_l, known.upper_mmol_l):
        moved = [
            dataclasses.replace(wall, given=dataclasses.replace(wall.given, aif_mmol_l=np.asarray(end, dtype=float)))
            for wall in walls
        ]
        ends.append(_all_flows(_fit_walls(moved, settings, Progress())[0]))
    return together(max(error_of_band((ends[0], ends[1]), _all_flows(fits), BAND_SDS), least), agent)


def _all_flows(fits: list[FitResult]) -> FloatArray:
    return np.concatenate([fit.parameters["mbf_ml_min_g"] for fit in fits])


def _with_input_error(flow: SegmentFlow, input_error: float) -> SegmentFlow:
    return dataclasses.replace(flow, mbf_se=float(np.hypot(flow.mbf_se, input_error * flow.mbf)))


def _shared_error(input_error: float) -> Notice:
    return Notice.of(
        code="input-error-shared",
        message=f"the arterial input makes all flows of this state uncertain by {100 * input_error:.0f} % together "
        "(standard error, from its band or from what its method errs by on digital patients); their standard errors "
        "hold it, comparisons between segments are more certain",
    )


def _fit_pixels(
    result: StateResult, kept: list[BoolArray], settings: KineticsSettings, near: HeartPrior | None, progress: Progress
) -> tuple[dict[str, FloatArray], list[Notice]]:
    """Return the maps (slices, rows, columns) of every parameter, and what the fits had to say."""
    maps: dict[str, FloatArray] = {}
    notices: list[Notice] = []
    if not settings.pixelwise:
        return maps, notices
    logic = KineticFittingLogic(settings)
    fitted_pixels = pixels_to_fit(result)
    walls = result.segmented.labels == MYOCARDIUM if result.segmented is not None else fitted_pixels
    for slice_index, frames_kept in enumerate(kept):
        part = progress.part(slice_index / len(kept), (slice_index + 1) / len(kept))
        time_s, frames = _tissue(result, frames_kept, slice_index)
        wall = walls[slice_index]
        for of_wall, chosen in ((True, wall), (False, fitted_pixels[slice_index] & ~wall)):
            if chosen.any():
                fit = logic.run(_fit_input(result, frames[:, chosen].T, time_s), part, near, of_wall)
                _put_on_grid(maps, fit, chosen, slice_index, fitted_pixels.shape)
                notices.extend(fit.notices)
        part.update(1.0, f"{result.state} slice {slice_index + 1} fitted")
    return maps, notices


def pixels_to_fit(result: StateResult) -> BoolArray:
    """Return the pixels that get a fit, (slices, rows, columns): the heart box with a margin, blood pools included."""
    segmented = result.segmented
    if segmented is None:
        raise InputError(f"{result.state} without segmentation")
    chosen = np.zeros(segmented.labels.shape, dtype=bool)
    first_row, first_column, last_row, last_column = segmented.heart_box
    margin = max(4, (last_row - first_row) // 8)
    chosen[:, max(first_row - margin, 0) : last_row + margin, max(first_column - margin, 0) : last_column + margin] = (
        True
    )
    return chosen | (segmented.labels > 0)


def resample_aif(arterial_input: ArterialInput) -> ArterialInput:
    """Return an arterial input sampled once a beat as the smooth curve it was; a finely sampled one as it is.

    Straight lines between beats cut the peak of a stress bolus, and flow reads too high by as much. Inputs read from
    images come finely sampled from the AIF stage, so this reaches given curves.
    """
    known = np.isfinite(arterial_input.gd_mmol_l)
    if known.sum() < 4 or np.median(np.diff(arterial_input.time_s)) < 1.01 * STEP_S:
        return arterial_input
    time_s, gd_mmol_l = arterial_input.time_s[known], arterial_input.gd_mmol_l[known]
    fine_s = fine_times(time_s)
    lower, upper = (
        None if end is None else between_samples(time_s, end[known], fine_s)
        for end in (arterial_input.lower_mmol_l, arterial_input.upper_mmol_l)
    )
    return dataclasses.replace(
        arterial_input,
        time_s=fine_s,
        gd_mmol_l=between_samples(time_s, gd_mmol_l, fine_s),
        lower_mmol_l=lower,
        upper_mmol_l=upper,
    )


def _frames_with_arterial_input(result: StateResult, slice_index: int) -> BoolArray:
    """Return which frames (frames,) were kept and lie before the end of the arterial input."""
    registered, arterial_input, concentration = result.registered, result.arterial_input, result.concentration
    if registered is None or arterial_input is None or concentration is None:
        raise InputError(f"{result.state} without all stages before kinetics")
    time_s = np.asarray(concentration.time_s[:, slice_index], dtype=float)
    last_s = float(np.max(arterial_input.time_s)) + float(np.median(np.diff(time_s)))
    return np.asarray(registered.kept[:, slice_index] & (time_s <= last_s))


def _fit_input(result: StateResult, curves: FloatArray, time_s: FloatArray) -> KineticInput:
    arterial_input = result.arterial_input
    if arterial_input is None:
        raise InputError(f"{result.state} without arterial input")
    return KineticInput(
        curves=np.asarray(curves, dtype=float),
        time_s=time_s,
        aif_mmol_l=np.asarray(arterial_input.gd_mmol_l, dtype=float),
        aif_time_s=np.asarray(arterial_input.time_s, dtype=float),
    )


def _put_on_grid(
    maps: dict[str, FloatArray], fit: FitResult, chosen: BoolArray, slice_index: int, shape: tuple[int, ...]
) -> None:
    found = {MAP_NAMES.get(name, name): values for name, values in fit.parameters.items()}
    found["status"] = fit.status.astype(np.float32)
    for name, values in found.items():
        grid = maps.setdefault(name, np.full(shape, np.nan, dtype=np.float32))
        grid[slice_index][chosen] = values


def _segment_curves(
    result: StateResult, frames: FloatArray, slice_index: int
) -> tuple[list[Key], FloatArray, list[int]]:
    """Return keys, mean curves (n, frames) and pixel counts of the segment parts on one slice."""
    segmented, concentration = result.segmented, result.concentration
    if segmented is None or concentration is None:
        return [], np.empty((0, frames.shape[0])), []
    usable = ~concentration.saturated[slice_index] & np.isfinite(frames).all(axis=0)
    keys: list[Key] = []
    curves: list[FloatArray] = []
    pixels: list[int] = []
    for segment in np.unique(segmented.segments[slice_index]):
        if segment == 0:
            continue
        inside = (segmented.segments[slice_index] == segment) & usable
        for layer, values in LAYERS.items():
            part = inside & np.isin(segmented.layers[slice_index], values)
            if part.any():
                keys.append((int(segment), layer))
                curves.append(frames[:, part].mean(axis=1))
                pixels.append(int(part.sum()))
    return keys, np.array(curves).reshape(len(keys), frames.shape[0]), pixels


def _fitted(fit: FitResult, index: int, time_s: FloatArray, curve: FloatArray, pixels: int) -> _Fitted:
    mbf, mbf_se = (float(fit.parameters[name][index]) for name in ("mbf_ml_min_g", "mbf_se"))
    undetermined = mbf_se > UNDETERMINED * mbf
    return _Fitted(
        mbf=float("nan") if undetermined else mbf,
        mbf_se=float("nan") if undetermined else mbf_se,
        r2=float(fit.parameters["r2"][index]),
        status="undetermined" if undetermined else FIT_STATUS[int(fit.status[index])],
        pixels=pixels,
        time_s=time_s,
        curve=curve,
        fit=fit.predicted[index],
    )


def _segment_flow(key: Key, parts: list[_Fitted], result: StateResult, mbf_map: FloatArray) -> SegmentFlow:
    """Return the flow of one segment, the parts of several slices weighted by their pixels."""
    segment, layer = key
    weights = np.array([part.pixels for part in parts], dtype=float)
    weights[[not np.isfinite(part.mbf) for part in parts]] = 0.0
    total = int(sum(part.pixels for part in parts))
    flags = {part.status for part in parts if part.status != "converged"}
    if total < MINIMUM_PIXELS:
        flags.add("few_pixels")
    segmented = result.segmented
    inside = np.zeros(mbf_map.shape, dtype=bool)
    if segmented is not None:
        inside = (segmented.segments == segment) & np.isin(segmented.layers, LAYERS[layer])
    pixel_values = mbf_map[inside]
    finite = pixel_values[np.isfinite(pixel_values)]
    if weights.sum() == 0:
        return SegmentFlow(segment, layer, float("nan"), float("nan"), total, flags=tuple(sorted(flags)))
    weights /= weights.sum()
    return SegmentFlow(
        segment=segment,
        layer=layer,
        mbf=float(np.nansum(weights * [part.mbf for part in parts])),
        mbf_se=float(np.sqrt(np.nansum((weights * [part.mbf_se for part in parts]) ** 2))),
        n_pixels=total,
        r2=float(np.nansum(weights * [part.r2 for part in parts])),
        median_pixel_mbf=float(np.median(finite)) if finite.size else float("nan"),
        flags=tuple(sorted(flags)),
    )


def _once(notices: list[Notice], result: StateResult) -> tuple[Notice, ...]:
    """Return the notices without repeats."""
    unique: dict[str, Notice] = {}
    for notice in notices:
        unique.setdefault(notice.code, dataclasses.replace(notice, stage="kinetics", state=str(result.state)))
    return tuple(unique.values())
