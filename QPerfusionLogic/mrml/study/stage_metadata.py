"""What a result knows beyond its pixels and tables, kept on the nodes of the scene, so that a run can go on from there.

Every stage's output has one node that carries it as JSON; each also keeps what it looked like when it was filled in,
so that an edit of the user is distinguished from what was computed.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from QPerfusionLogic.data.results import ArterialInput, Concentration, Mapped, Registered, Segmented
from QPerfusionLogic.io.results.mapped_files import mapped_record
from QPerfusionLogic.io.results.stage_records import (
    arterial_input_record,
    conversion_record,
    notice_records,
    registration_record,
    segmentation_record,
)
from QPerfusionLogic.mrml.nodes.marks import read_note, write_note


def write_registration_metadata(sequence: Any, registered: Registered) -> None:
    """Keep translations, quality and notices.

    A field per pixel is too large for an attribute and stays in the output folder.
    """
    if registered.displacement_mm.shape[2:4] == (1, 1):
        write_note(sequence, "DisplacementMm", np.round(registered.displacement_mm, 4).tolist())
    write_note(sequence, "Registered", _with_notices(registration_record(registered), registered))


def write_frames_metadata(table: Any, registered: Registered) -> None:
    """Keep which frames were kept and when they were taken, as they were found."""
    write_note(
        table, "Found", {"kept": fingerprint(registered.kept), "time_s": np.round(registered.series.time_s, 6).tolist()}
    )


def write_segmentation_metadata(segmentation: Any, points: Any, segmented: Segmented) -> None:
    """Keep peak frames, heart box, confidence, source and notices; labels, AIF region and points as they were found."""
    write_note(segmentation, "Segmented", _with_notices(segmentation_record(segmented), segmented))
    found = {"labels": fingerprint(segmented.labels), "aif_region": fingerprint(segmented.aif_region)}
    write_note(segmentation, "Found", found)
    write_note(points, "Found", {"points": np.round(segmented.insertion_points, 6).tolist()})


def write_arterial_input_metadata(table: Any, found: ArterialInput) -> None:
    """Keep mode, features, constants and notices; the curve as it was found."""
    write_note(table, "ArterialInput", _with_notices(arterial_input_record(found), found))
    write_note(table, "Found", {"gd_mmol_l": np.round(found.gd_mmol_l, 6).tolist()})


def write_concentration_metadata(sequence: Any, found: Concentration) -> None:
    """Keep mode, constants, physics and notices."""
    write_note(sequence, "Concentration", _with_notices(conversion_record(found), found))


def write_maps_metadata(table: Any, mapped: Mapped) -> None:
    """Keep model, window, segment flows and notices."""
    write_note(table, "Mapped", _with_notices(mapped_record(mapped), mapped))


def _with_notices(record: dict[str, Any], output: Any) -> dict[str, Any]:
    return record | {"notices": notice_records(output.notices)}


def fingerprint(values: Any) -> str:
    """Return a short text that shows whether labels or flags were edited.

    Examples
    --------
    >>> fingerprint(np.array([True])) == fingerprint(np.array([False]))
    False
    """
    return hashlib.sha256(np.ascontiguousarray(values, dtype=np.uint8).tobytes()).hexdigest()[:16]


def flags_edited(node: Any, values: Any, part: str) -> bool:
    """Return whether labels or flags differ from those the node was filled with; False when it does not remember."""
    found = _found(node, part)
    return isinstance(found, str) and found != fingerprint(values)


def numbers_edited(node: Any, values: Any, part: str, least: float) -> bool:
    """Return whether numbers differ by more than `least` from those the node was filled with; NaN equals NaN."""
    found = _found(node, part)
    if found is None:
        return False
    before, now = np.array(found, dtype=float), np.asarray(values, dtype=float)
    return before.shape != now.shape or not np.allclose(before, now, rtol=0.0, atol=least, equal_nan=True)


def _found(node: Any, part: str) -> Any:
    found = read_note(node, "Found") if node is not None else None
    return found.get(part) if isinstance(found, dict) else None
