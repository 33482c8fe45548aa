"""Which images are kept, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.registration.shifts.frame_graph import GraphResult
from QPerfusionLogic.settings.schema import RegistrationSettings

from .rejection import (
    BREATH_MM,
    DISAGREEMENT_PX,
    GHOSTING,
    blank_frames,
    ghosts,
    jumps_mm,
    odd_frames,
    oddness,
    wrong_beats,
)
from .slice_alignment import SliceAlignment

BLANK = "blank"
NOT_FINITE = "not finite"
OUT_OF_VIEW = "heart out of view"
BREATH = "breath"
MISTRIGGER = "mistrigger"
THROUGH_PLANE = "through-plane motion"
GHOSTS = "ghosting"
BY_HAND = "excluded by hand"
MOSTLY = 0.5
"""Share of pixels that are not finite above which an image is lost."""


@dataclass(frozen=True)
class FrameSelection:
    """Which images are kept, (frames, slices), and reason[frame][slice], "" where kept."""

    kept: BoolArray
    reason: tuple[tuple[str, ...], ...]


def select_frames(
    series: PerfusionSeries,
    alignments: list[SliceAlignment | None],
    position_mm: FloatArray,
    settings: RegistrationSettings,
) -> FrameSelection:
    """Return the verdict on every image of a series.

    Parameters
    ----------
    series : PerfusionSeries
        As acquired.
    alignments : list of SliceAlignment or None
        One per slice; None where the slice was not aligned.
    position_mm : (frames, slices, 2) array
    """
    reason = np.full((series.frames, series.slices), "", dtype=object)
    if settings.reject_frames and settings.mode != "none":
        _odd(series, alignments, position_mm, reason)
        _lost(series, alignments, reason)
    reason[_existing(settings.restored_frames, series.frames)] = ""
    reason[_existing(settings.excluded_frames, series.frames)] = BY_HAND
    return FrameSelection(np.asarray(reason == "", dtype=bool), tuple(tuple(row) for row in reason.tolist()))


def _odd(
    series: PerfusionSeries, alignments: list[SliceAlignment | None], position_mm: FloatArray, reason: np.ndarray
) -> None:
    known = [index for index, alignment in enumerate(alignments) if alignment is not None]
    if not known:
        return
    graphs = [alignment.graph for alignment in alignments if alignment is not None]
    judged = [
        _oddness(graph, ~blank_frames(series.signal[:, index])) for graph, index in zip(graphs, known, strict=True)
    ]
    odd = odd_frames(np.stack([score for score, _ in judged], axis=1))
    for column, index in enumerate(known):
        ghosting = ghosts(np.nan_to_num(series.signal[:, index]))
        jump = jumps_mm(position_mm[:, index])
        beat = wrong_beats(series.time_s[:, index])
        for frame in np.flatnonzero(odd[:, column]):
            reason[frame, index] = _name(
                ghosting[frame], jump[frame], bool(beat[frame]), bool(judged[column][1][frame])
            )
        reason[graphs[column].frame_residual > DISAGREEMENT_PX, index] = BREATH


def _oddness(graph: GraphResult, pictured: BoolArray) -> tuple[FloatArray, BoolArray]:
    """Return oddness (frames,) and whether it lies in the heart, judged among frames that show the heart at all."""
    score, in_heart = np.zeros(len(pictured)), np.zeros(len(pictured), dtype=bool)
    shown = np.flatnonzero(pictured & graph.linked)
    if len(shown) > 2:
        score[shown], in_heart[shown] = oddness(graph.aligned[shown], graph.pictures[shown])
    return score, in_heart


def _name(ghosting: float, jump_mm: float, wrong_beat: bool, in_heart: bool) -> str:
    """Return the likeliest reason why an image is odd."""
    if ghosting > GHOSTING:
        return GHOSTS
    if wrong_beat:
        return MISTRIGGER
    if jump_mm > BREATH_MM:
        return BREATH
    return MISTRIGGER if in_heart else THROUGH_PLANE


def _lost(series: PerfusionSeries, alignments: list[SliceAlignment | None], reason: np.ndarray) -> None:
    for index, alignment in enumerate(alignments):
        if alignment is not None:
            reason[~alignment.graph.linked, index] = OUT_OF_VIEW
        reason[blank_frames(series.signal[:, index]), index] = BLANK
        finite = np.isfinite(series.signal[:, index]).mean(axis=(1, 2))
        reason[finite < MOSTLY, index] = NOT_FINITE


def _existing(frames: tuple[int, ...], count: int) -> list[int]:
    return [frame for frame in frames if 0 <= frame < count]
