"""The door of the registration room."""

from __future__ import annotations

import dataclasses

import numpy as np

from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings import RegistrationSettings
from QPerfusionLogic.study import FloatArray, Notice, PerfusionSeries, Registered, Severity

from .heart_centre import consensus, find_heart_centre
from .resampling import translate
from .slice_alignment import SliceAlignment, align_slice
from .working_grid import WorkingGrid, working_grid

STAGE = "registration"
FEWEST_FRAMES = 3
GUARD_MARGIN = 0.005
"""Fall of the witness correlation above which a correction is called harmful."""


class RegistrationLogic:
    """Take motion out of a dynamic series, and say which frames cannot be used.

    Parameters
    ----------
    settings : RegistrationSettings
    """

    def __init__(self, settings: RegistrationSettings | None = None) -> None:
        self.settings = settings or RegistrationSettings()

    def run(self, series: PerfusionSeries, progress: Progress | None = None) -> Registered:
        """Return the series with every slice aligned in time; frames that cannot be used are marked, never removed.

        Parameters
        ----------
        series : PerfusionSeries
        progress : Progress, optional
        """
        progress = progress or Progress()
        notices: list[Notice] = []
        grid = working_grid(series.geometry, series.signal.shape)
        centres = self._heart_centres(series, grid)
        if not np.isfinite(centres).all() and self.settings.mode != "none":
            notices.append(self._no_heart_notice(series))
        displacement = np.zeros((series.frames, series.slices, 2))
        for index in range(series.slices):
            progress.update(index / series.slices, f"aligning slice {index + 1} of {series.slices}")
            result = self._align(series.signal[:, index], centres[index], grid)
            if result is None:
                continue
            if result.graph.witness_after < result.graph.witness_before - GUARD_MARGIN:
                notices.append(self._harm_notice(index, series))
                continue
            displacement[:, index] = result.graph.position * grid.step
            centres[index] = result.centre * grid.step
        progress.update(0.9, "moving the frames")
        moved = np.empty(series.signal.shape, dtype=np.float32)
        for index in range(series.slices):
            moved[:, index] = translate(series.signal[:, index], displacement[:, index])
        kept, reason = self._by_hand(series)
        progress.update(1.0, "frames aligned")
        return Registered(
            dataclasses.replace(series, signal=moved),
            (displacement * np.asarray(series.geometry.pixel_spacing_mm))[:, :, None, None, :],
            kept,
            reason,
            centres,
            notices=tuple(notices),
        )

    def _heart_centres(self, series: PerfusionSeries, grid: WorkingGrid) -> FloatArray:
        if len(self.settings.heart_centre) == 2:
            return np.tile(np.asarray(self.settings.heart_centre, dtype=float), (series.slices, 1))
        found = [find_heart_centre(series.signal[:, index], grid.spacing_mm) for index in range(series.slices)]
        return consensus(found, grid.spacing_mm)

    def _align(self, frames: FloatArray, centre: FloatArray, grid: WorkingGrid) -> SliceAlignment | None:
        if self.settings.mode == "none" or len(frames) < FEWEST_FRAMES or not np.isfinite(centre).all():
            return None
        working_mm = (grid.spacing_mm[0] * grid.step[0], grid.spacing_mm[1] * grid.step[1])
        fixed = len(self.settings.heart_centre) == 2
        return align_slice(grid.to_working(frames), centre / np.asarray(grid.step), working_mm, fixed)

    def _no_heart_notice(self, series: PerfusionSeries) -> Notice:
        return Notice(
            "no-heart-found",
            "no bolus passing from a right to a left ventricle was found: the frames were left where they were",
            "set registration.heart_centre=row,column, or check that this is the dynamic series",
            Severity.WARNING,
            STAGE,
            series.state.value,
        )

    def _harm_notice(self, index: int, series: PerfusionSeries) -> Notice:
        return Notice(
            "correction-withdrawn",
            f"slice {index + 1}: moving the frames made them fit each other worse, so they were left where they were",
            "look at the motion profiles; check the heart centre",
            Severity.WARNING,
            STAGE,
            series.state.value,
        )

    def _by_hand(self, series: PerfusionSeries) -> tuple[np.ndarray, tuple[tuple[str, ...], ...]]:
        kept = np.ones((series.frames, series.slices), dtype=bool)
        excluded = [frame for frame in self.settings.excluded_frames if 0 <= frame < series.frames]
        kept[excluded] = False
        reason = tuple(tuple("excluded by hand" if not keep else "" for keep in row) for row in kept)
        return kept, reason
