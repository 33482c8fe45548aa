"""Notices of the registration, each with a stable code."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.series import State

STAGE = "registration"
MANY_REJECTED = 0.2
"""Share of rejected images above which the scan should be repeated (qPerfusion explainer)."""


def no_heart(state: State, slices: list[int]) -> Notice:
    """Return the notice that no bolus through a heart was found."""
    return _notice(
        "no-heart-found",
        f"{_slices(slices)}: no bolus passing from a right to a left ventricle was found, so the frames were left "
        "where they were",
        "check that this is the first-pass series, or set registration.heart_centre=row,column",
        state,
    )


def too_few_frames(state: State, frames: int) -> Notice:
    """Return the notice that there is nothing to align."""
    return _notice(
        "too-few-frames",
        f"{frames} frame{'s' if frames != 1 else ''}: too few to align",
        "choose the dynamic series",
        state,
    )


def withdrawn(state: State, index: int) -> Notice:
    """Return the notice that a correction was not applied because it made things worse."""
    return _notice(
        "correction-withdrawn",
        f"slice {index + 1}: moving the frames made them fit each other worse, so they were left where they were",
        "look at the motion profiles and check the heart centre",
        state,
    )


def refinement_dropped(state: State, index: int, gain: float) -> Notice:
    """Return the notice that the deformable refinement was not kept."""
    return _notice(
        "refinement-not-kept",
        f"slice {index + 1}: bending the frames changed their agreement by {gain:+.3f} only, so they were only moved",
        "nothing; translation is what these images support",
        state,
    )


def broken(state: State, index: int, lost: BoolArray) -> Notice:
    """Return the notice that the heart was lost in part of a series."""
    frames = np.flatnonzero(lost)
    return _notice(
        "heart-out-of-view",
        f"slice {index + 1}: in {len(frames)} frames ({frames[0]} to {frames[-1]}) the heart of the other frames was "
        "not found: the patient moved far, took a deep breath or left; they are not used",
        "look at these frames; repeat the scan when they hold the first pass",
        state,
        Severity.SERIOUS if len(frames) > MANY_REJECTED * len(lost) else Severity.WARNING,
    )


def blank(state: State, index: int, frames: list[int]) -> Notice:
    """Return the notice that images hold no picture."""
    return _notice(
        "blank-frames",
        f"slice {index + 1}: {len(frames)} images hold no picture (frames {_listed(frames)}); they are not used",
        "check the export of the series",
        state,
    )


def uncertain_heart(state: State) -> Notice:
    """Return the notice that the bolus passing through the heart was not clear where the correction looked."""
    return _notice(
        "heart-centre-doubtful",
        "the bolus is not clearly seen at the place taken for the heart",
        "look at the heart centre in the report; registration.heart_centre=row,column moves it",
        state,
    )


def many_rejected(state: State, kept: BoolArray) -> Notice:
    """Return the notice that so many images were rejected that the scan should be repeated."""
    return _notice(
        "many-frames-rejected",
        f"{100.0 * (1.0 - kept.mean()):.0f} % of the images were rejected (limit {100.0 * MANY_REJECTED:.0f} %)",
        "repeat the scan if the patient still is in the scanner; else read this state with caution",
        state,
    )


def large_motion(state: State, largest_mm: float) -> Notice:
    """Return the notice that the heart moved so far that the slice may have changed."""
    return _notice(
        "large-motion",
        f"the heart moved up to {largest_mm:.0f} mm within the image; it may also have moved through the slice",
        "look at the motion profiles",
        state,
    )


def unknown_frames(state: State, frames: list[int]) -> Notice:
    """Return the notice that frames named by hand do not exist."""
    return _notice(
        "no-such-frame",
        f"frames {', '.join(map(str, frames))} named in the settings do not exist in this series",
        "count frames from 0",
        state,
    )


def unusable_pixels(state: State, count: int) -> Notice:
    """Return the notice that pixels were not finite."""
    return _notice(
        "pixels-not-finite",
        f"{count} pixels are not finite; they were left out and stay so",
        "check the export of the series",
        state,
    )


def _listed(frames: list[int], most: int = 8) -> str:
    shown = ", ".join(map(str, frames[:most]))
    return f"{shown}, ..." if len(frames) > most else shown


def _slices(slices: list[int]) -> str:
    return f"slice{'s' if len(slices) > 1 else ''} {', '.join(str(index + 1) for index in slices)}"


def _notice(code: str, message: str, action: str, state: State, severity: Severity | None = None) -> Notice:
    return Notice.of(code, message, action, severity=severity, stage=STAGE, state=state.value)
