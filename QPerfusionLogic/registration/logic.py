"""Entry point of the registration stage."""

from __future__ import annotations

import dataclasses

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import Registered
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.registration.shifts.working_grid import WorkingGrid, working_grid
from QPerfusionLogic.settings.schema import RegistrationSettings

from . import motion_notices as motion
from .alignment import align_proton_density
from .deformable import field_on_image, refine
from .frame_selection import BLANK, FrameSelection, select_frames
from .heart_centre import HeartCentre, consensus, find_heart_centre
from .resampling import translate, warp
from .slice_alignment import UNCERTAIN_SWAP, SliceAlignment, align_slice

FEWEST_FRAMES = 8
GUARD_MARGIN = 0.02
"""Fall of the witness correlation above which a correction is called harmful."""
LARGE_MOTION_MM = 25.0


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
        grid = working_grid(series.geometry, series.signal.shape)
        notices = self._on_input(series)
        alignments: list[SliceAlignment | None] = [None] * series.slices
        centres = np.full((series.slices, 2), np.nan)
        if self.settings.mode != "none" and series.frames >= FEWEST_FRAMES:
            found, centres = self._heart_centres(series, grid)
            for index in range(series.slices):
                progress.update(0.8 * index / series.slices, f"aligning slice {index + 1} of {series.slices}")
                alignments[index] = self._align(series.signal[:, index], centres[index], found[index], grid)
            centres = self._looked_at(centres, alignments, grid)
            swap = _clearest_swap(alignments)
            if swap <= 0.0:
                alignments, centres = [None] * series.slices, np.full((series.slices, 2), np.nan)
            notices += self._on_hearts(series, centres, swap)
        displacement = np.zeros((series.frames, series.slices, 2))
        for index, alignment in enumerate(alignments):
            if alignment is None:
                continue
            notices += self._on_alignment(series, index, alignment)
            if not _harmful(alignment):
                displacement[:, index] = alignment.graph.position * grid.step
        progress.update(0.8, "moving the frames")
        moved = np.empty(series.signal.shape, dtype=np.float32)
        for index in range(series.slices):
            progress.update(0.8 + 0.2 * index / series.slices)
            moved[:, index] = translate(series.signal[:, index], displacement[:, index])
        field: FloatArray = displacement[:, :, None, None, :]
        if self.settings.mode == "deformable":
            field, refined = self._refine(series, alignments, field, grid, progress)
            notices += refined
            moved = np.stack([self._warped(series.signal[:, i], field[:, i]) for i in range(series.slices)], axis=1)
        displacement_mm = field * np.asarray(series.geometry.pixel_spacing_mm)
        verdict = select_frames(series, alignments, displacement * np.asarray(grid.spacing_mm), self.settings)
        notices += self._on_result(series, verdict, displacement * np.asarray(grid.spacing_mm))
        progress.update(1.0, "frames aligned")
        return Registered(
            self._moved_series(series, moved, displacement, centres),
            displacement_mm,
            verdict.kept,
            verdict.reason,
            centres,
            _quality(alignments, verdict),
            tuple(notices),
        )

    def _heart_centres(self, series: PerfusionSeries, grid: WorkingGrid) -> tuple[list[HeartCentre], FloatArray]:
        """Return what was found in each slice, and the (slices, 2) centres to look at."""
        found = [find_heart_centre(series.signal[:, index], grid.spacing_mm) for index in range(series.slices)]
        if len(self.settings.heart_centre) == 2:
            return found, np.tile(np.asarray(self.settings.heart_centre, dtype=float), (series.slices, 1))
        return found, consensus(found, grid.spacing_mm)

    def _align(
        self, frames: FloatArray, centre: FloatArray, found: HeartCentre, grid: WorkingGrid
    ) -> SliceAlignment | None:
        if not np.isfinite(centre).all():
            return None
        working_mm = (grid.spacing_mm[0] * grid.step[0], grid.spacing_mm[1] * grid.step[1])
        fixed = len(self.settings.heart_centre) == 2
        return align_slice(grid.to_working(frames), centre / np.asarray(grid.step), working_mm, found.left_frame, fixed)

    @staticmethod
    def _moved_series(
        series: PerfusionSeries, moved: FloatArray, displacement: FloatArray, centres: FloatArray
    ) -> PerfusionSeries:
        """Return the series with everything that was acquired with its frames moved along."""
        echo = series.second_echo
        if echo is not None:
            echo = np.stack([translate(echo[:, i], displacement[:, i]) for i in range(series.slices)], axis=1)
        density = align_proton_density(series, moved, centres) if displacement.any() else series.proton_density
        return dataclasses.replace(series, signal=moved, second_echo=echo, proton_density=density)

    @staticmethod
    def _refine(
        series: PerfusionSeries,
        alignments: list[SliceAlignment | None],
        translation: FloatArray,
        grid: WorkingGrid,
        progress: Progress,
    ) -> tuple[FloatArray, list[Notice]]:
        """Return the displacement with the refinements that help, and what to say of the others."""
        rows, columns = series.image_shape[1:]
        field, notices = translation, []
        for index, alignment in enumerate(alignments):
            if alignment is None or _harmful(alignment):
                continue
            frames = grid.to_working(series.signal[:, index])
            refinement = refine(frames, alignment.graph.position, alignment.centre, progress)
            if not refinement.helps:
                notices.append(motion.refinement_dropped(series.state, index, refinement.gain))
                continue
            if field is translation:
                field = np.broadcast_to(translation, (*translation.shape[:2], rows, columns, 2)).astype(np.float32)
            field[:, index] += field_on_image(refinement, grid.step, (rows, columns))
        return field, notices

    @staticmethod
    def _warped(frames: FloatArray, field: FloatArray) -> FloatArray:
        """Return one slice's frames resampled once from the original by (frames, rows | 1, columns | 1, 2) pixels."""
        if field.shape[1:3] == (1, 1):
            return translate(frames, field[:, 0, 0])
        return np.stack([warp(image, part) for image, part in zip(frames, field, strict=True)])

    @staticmethod
    def _looked_at(centres: FloatArray, alignments: list[SliceAlignment | None], grid: WorkingGrid) -> FloatArray:
        return np.array(
            [
                centre if alignment is None else alignment.centre * grid.step
                for centre, alignment in zip(centres, alignments, strict=True)
            ]
        )

    def _on_input(self, series: PerfusionSeries) -> list[Notice]:
        notices = []
        named = (*self.settings.excluded_frames, *self.settings.restored_frames)
        absent = sorted({frame for frame in named if not 0 <= frame < series.frames})
        if absent:
            notices.append(motion.unknown_frames(series.state, absent))
        if series.frames < FEWEST_FRAMES and self.settings.mode != "none":
            notices.append(motion.too_few_frames(series.state, series.frames))
        unusable = int(np.count_nonzero(~np.isfinite(series.signal)))
        if unusable:
            notices.append(motion.unusable_pixels(series.state, unusable))
        return notices

    def _on_hearts(self, series: PerfusionSeries, centres: FloatArray, swap: float) -> list[Notice]:
        absent = [index for index in range(series.slices) if not np.isfinite(centres[index]).all()]
        if absent:
            return [motion.no_heart(series.state, absent)]
        return [motion.uncertain_heart(series.state)] if swap < UNCERTAIN_SWAP else []

    def _on_alignment(self, series: PerfusionSeries, index: int, alignment: SliceAlignment) -> list[Notice]:
        notices = []
        if _harmful(alignment):
            notices.append(motion.withdrawn(series.state, index))
        if not alignment.graph.linked.all():
            notices.append(motion.broken(series.state, index, ~alignment.graph.linked))
        return notices

    def _on_result(self, series: PerfusionSeries, verdict: FrameSelection, displacement_mm: FloatArray) -> list[Notice]:
        blank = [np.flatnonzero([row[index] == BLANK for row in verdict.reason]) for index in range(series.slices)]
        notices = [motion.blank(series.state, index, found.tolist()) for index, found in enumerate(blank) if len(found)]
        if (~verdict.kept).mean() > motion.MANY_REJECTED:
            notices.append(motion.many_rejected(series.state, verdict.kept))
        reach = np.linalg.norm(displacement_mm, axis=-1)[verdict.kept]
        if reach.size and reach.max() > LARGE_MOTION_MM:
            notices.append(motion.large_motion(series.state, float(reach.max())))
        return notices


def _clearest_swap(alignments: list[SliceAlignment | None]) -> float:
    """Return how clear the bolus is in the clearest slice; 0 where no slice shows one once the motion is out.

    Slices near the apex have no right ventricle of their own and rely on the others. Centres given by the user (NaN)
    are not questioned.
    """
    swaps = [found.swap for found in alignments if found is not None]
    return float(np.max(np.nan_to_num(swaps, nan=np.inf))) if swaps else np.inf


def _harmful(alignment: SliceAlignment) -> bool:
    """Return whether frames fit worse after the correction, judged by pairs that had no part in it."""
    return alignment.graph.witness_after < alignment.graph.witness_before - GUARD_MARGIN


def _quality(alignments: list[SliceAlignment | None], verdict: FrameSelection) -> dict[str, float]:
    known = [alignment.graph for alignment in alignments if alignment is not None]
    quality = {"kept_share": float(verdict.kept.mean())}
    if known:
        quality["correlation_before"] = float(np.mean([graph.witness_before for graph in known]))
        quality["correlation_after"] = float(np.mean([graph.witness_after for graph in known]))
        quality["residual_px"] = float(np.nanmean([np.nanmedian(graph.frame_residual) for graph in known]))
    return quality
