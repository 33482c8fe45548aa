"""Entry point of the super-resolution stage: a low-resolution series in, its frames at full resolution out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.results import Superresolved
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.networks.packages import require_packages
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import SuperresolutionSettings
from QPerfusionLogic.superresolution.frames.acquired import DIRECTIONS, Acquired, acquired_lines
from QPerfusionLogic.superresolution.frames.degradation import kept_lines, low_resolution
from QPerfusionLogic.superresolution.frames.resolution_checks import (
    check_empty_lines,
    check_resolution,
    check_series,
    notices_about,
)
from QPerfusionLogic.superresolution.frames.zero_padding import zero_padded

if TYPE_CHECKING:
    from QPerfusionLogic.superresolution.frames.frame_resolver import FrameResolver


class SuperresolutionLogic:
    """Estimate the phase-encoding lines that a fast acquisition left out; the measured ones stay as they are.

    Parameters
    ----------
    settings : SuperresolutionSettings
    """

    def __init__(self, settings: SuperresolutionSettings | None = None) -> None:
        self.settings = settings or SuperresolutionSettings(mode="residual_bridge")

    def run(self, series: PerfusionSeries, progress: Progress | None = None) -> PerfusionSeries:
        """Return the series at full resolution; the same series where the mode is none.

        Raises
        ------
        InputError
            When the series is no low-resolution magnitude series.
        MissingPackageError
            When torch is not installed.
        """
        return series if self.settings.mode == "none" else self.resolve(series, progress).series

    def resolve(self, series: PerfusionSeries, progress: Progress | None = None) -> Superresolved:
        """Return the series at full resolution with spread, residual and flags; raises as `run` does."""
        progress = progress or Progress()
        require_packages(f"superresolution.mode={self.settings.mode}", "superresolution.mode=none")
        check_series(series)
        acquired = self._acquired(series)
        if not acquired.padded:
            size = 2 * round(0.5 * series.signal.shape[acquired.axis] / acquired.fraction)
            measured = series.signal.shape[acquired.axis] / size
            series, acquired = zero_padded(series, acquired.axis, size), replace(acquired, fraction=measured)
        elif self.settings.accept_full_resolution:
            cut = low_resolution(np.nan_to_num(series.signal), acquired.fraction, acquired.axis)
            series = replace(series, signal=cut.astype(np.float32))
        from .resolver_choice import resolver_of

        return _resolved(series, acquired, resolver_of(self.settings), progress)

    def _acquired(self, series: PerfusionSeries) -> Acquired:
        settings = self.settings
        found = acquired_lines(series, settings.phase_encoding)
        acquired = found
        if settings.fraction is not None:
            axis = DIRECTIONS.get(settings.phase_encoding, found.axis)
            acquired = Acquired(axis, settings.fraction, found.padded)
            check_empty_lines(found, acquired, settings.accept_full_resolution)
        check_resolution(acquired, settings.accept_full_resolution)
        return acquired


def _resolved(
    series: PerfusionSeries, acquired: Acquired, resolver: FrameResolver, progress: Progress
) -> Superresolved:
    """Run the network frame by frame and gather what is worth knowing about each."""
    low = np.asarray(series.signal, np.float32)
    full = np.empty_like(low)
    power = np.zeros(low.shape[1:])
    residual, added_detail_ratio, relative_uncertainty = (np.full(low.shape[:2], np.nan) for _ in range(3))
    untouched = ~np.isfinite(low).all(axis=(2, 3)) | (np.ptp(low, axis=(2, 3)) == 0.0)
    for frame in range(series.frames):
        progress.update(frame / series.frames, f"super-resolution, frame {frame + 1} of {series.frames}")
        upright = low[frame] if acquired.axis == -2 else low[frame].swapaxes(-2, -1)
        found = resolver.run(upright, acquired.fraction)
        residual[frame], added_detail_ratio[frame], relative_uncertainty[frame] = _frame_quality(
            upright, found.frames, found.spread, acquired.fraction
        )
        back = (lambda image: image) if acquired.axis == -2 else (lambda image: image.swapaxes(-2, -1))
        full[frame] = back(found.frames)
        power += np.where(untouched[frame][:, None, None], 0.0, back(found.spread) ** 2)
    used = np.maximum((~untouched).sum(axis=0), 1)[:, None, None]
    result = Superresolved(
        series=replace(series, signal=full),
        spread=np.sqrt(power / used).astype(np.float32),
        residual=residual,
        added_detail_ratio=added_detail_ratio,
        relative_uncertainty=relative_uncertainty,
        fraction=acquired.fraction,
        direction=acquired.direction,
        model_name=resolver.name,
        model_checksum=resolver.checksum,
    )
    return _with_notices(result, untouched)


def _with_notices(result: Superresolved, untouched: BoolArray) -> Superresolved:
    series = result.series
    return replace(result, series=replace(series, notices=(*series.notices, *notices_about(result, untouched))))


def _frame_quality(
    low: FloatArray, full: FloatArray, spread: FloatArray, fraction: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return residual, departure and doubt (slices,) of frames (slices, rows, columns) with lines along rows."""
    kept = kept_lines(low.shape[-2], fraction)
    before, after = np.fft.fft(low, axis=-2), np.fft.fft(full, axis=-2)
    largest = np.maximum(np.abs(before).max(axis=(1, 2)), 1e-30)
    residual = np.abs(after - before)[:, kept].max(axis=(1, 2)) / largest
    distance = np.abs(np.fft.fftfreq(low.shape[-2]))
    outer = kept & (distance > 0.5 * distance[kept].max())
    added = np.sqrt(((full - low) ** 2).mean(axis=(1, 2)))
    support = np.sqrt((np.abs(before[:, outer]) ** 2).sum(axis=(1, 2)) / low.shape[-2] / low[0].size)
    with np.errstate(invalid="ignore", divide="ignore"):
        relative_uncertainty = np.sqrt((spread**2).mean(axis=(1, 2))) / added
        return residual, added / support, relative_uncertainty
