"""The frames of a result or of an input series: when they were taken, which are kept, and how a user changes that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import vtk

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import format_time
from QPerfusionLogic.mrml.nodes.marks import read_note, write_note
from QPerfusionLogic.mrml.nodes.sequences import times_of
from QPerfusionLogic.mrml.nodes.tables import column_values

from .result_tables import set_kept

BY_HAND = "typed in by hand"


@dataclass(frozen=True)
class FrameRow:
    """One frame: time of its earliest slice in s, share of its slices that is kept, why the others are not."""

    time_s: float
    kept: float = 1.0
    reason: str = ""


def frame_rows(node: Any) -> tuple[FrameRow, ...]:
    """Return the frames of a frame table or of a sequence."""
    if node.IsA("vtkMRMLTableNode"):
        return _rows_of_table(node)
    return tuple(FrameRow(float(time)) for time in _first_times(node))


def time_source(node: Any) -> str:
    """Return where the times come from: a DICOM tag, a file, or the user."""
    if node.IsA("vtkMRMLTableNode"):
        edited = read_note(node, "TimesEdited")
        return BY_HAND if edited else node.GetColumnDescription("time_s").removeprefix("time source: ")
    return (read_note(node, "Source") or {}).get("time_source") or "index of the sequence"


def set_frame_time(node: Any, frame: int, time_s: float) -> None:
    """Move a frame, all its slices together, to another time.

    Raises
    ------
    InputError
        When it would not lie between its neighbours.
    """
    times = np.array([row.time_s for row in frame_rows(node)])
    times[frame] = time_s
    _write_times(node, times)


def set_interval(node: Any, interval_s: float) -> None:
    """Give all frames a constant interval, counted from the first."""
    first = frame_rows(node)[0].time_s
    _write_times(node, first + interval_s * np.arange(len(frame_rows(node))))


def set_frame_kept(table: Any, frame: int, keep: bool) -> None:
    """Keep or exclude a frame in all its slices."""
    slices = _slices(table)
    for item in range(slices):
        set_kept(table, frame * slices + item, keep)


def _rows_of_table(table: Any) -> tuple[FrameRow, ...]:
    slices = _slices(table)
    times = np.array(column_values(table, "time_s"), dtype=float).reshape(-1, slices).min(axis=1)
    kept = np.array(column_values(table, "kept"), dtype=float).reshape(-1, slices).mean(axis=1)
    reasons = np.array(column_values(table, "reason"), dtype=object).reshape(-1, slices)
    texts = [", ".join(dict.fromkeys(str(reason) for reason in row if reason)) for row in reasons]
    return tuple(
        FrameRow(float(time), float(share), text) for time, share, text in zip(times, kept, texts, strict=True)
    )


def _slices(table: Any) -> int:
    return int(max(column_values(table, "slice"))) + 1


def _first_times(sequence: Any) -> FloatArray:
    slices = sequence.GetNthDataNode(0).GetImageData().GetDimensions()[2]
    return np.asarray(times_of(sequence, slices).min(axis=1))


def _write_times(node: Any, times: FloatArray) -> None:
    steps = np.diff(times)
    if not (steps > 0).all():
        frame = int(np.flatnonzero(~(steps > 0))[0]) + 1
        raise InputError(
            f"frame {frame} at {times[frame]:g} s after frame {frame - 1} at {times[frame - 1]:g} s",
            expected="times that increase from frame to frame",
        )
    if node.IsA("vtkMRMLTableNode"):
        _write_table_times(node, times)
    else:
        _write_sequence_times(node, times)


def _write_table_times(table: Any, times: FloatArray) -> None:
    slices = _slices(table)
    before = np.array(column_values(table, "time_s"), dtype=float).reshape(-1, slices)
    moved = before + (times - before.min(axis=1))[:, None]
    for row, value in enumerate(moved.ravel()):
        table.GetTable().SetValueByName(row, "time_s", vtk.vtkVariant(float(value)))
    write_note(table, "TimesEdited", True)
    table.GetTable().Modified()
    table.Modified()


def _write_sequence_times(sequence: Any, times: FloatArray) -> None:
    """Give the items of a sequence other index values, by way of values that none of them has."""
    factor = 1000.0 if (sequence.GetIndexUnit() or "").strip().lower() == "ms" else 1.0
    count = sequence.GetNumberOfDataNodes()
    beyond = factor * (abs(float(times[-1])) + 1e6)
    for index in reversed(range(count)):
        sequence.UpdateIndexValue(sequence.GetNthIndexValue(index), format_time(beyond + index))
    for index, time in enumerate(times):
        sequence.UpdateIndexValue(format_time(beyond + index), format_time(factor * float(time)))
    write_note(sequence, "Source", {**(read_note(sequence, "Source") or {}), "time_source": BY_HAND})
