"""What the motion correction did: the heart centre it looked at, and one image column through it over time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.results import StateResult, StudyResult
from QPerfusionLogic.data.series import State

from .markup import figure, image
from .pictures import Box, anatomy, crop_box, line_over_time, motion_picture, png

SIDE_PX = 200
"""Pixels of a side of the picture of the heart centre."""
CENTRE_COLOUR = (255, 176, 0)
LINE_COLOUR = (86, 180, 233)


def motion_part(study: StudyResult) -> str:
    """Return, per state, the heart centre of every slice and its motion before and after registration."""
    parts = [_state(result, state) for state, result in study.states.items()]
    if not any(parts):
        return ""
    return (
        "<h3>Motion: the heart centre and one image column through it over time</h3>"
        + "".join(parts)
        + '<p class="note">Small pictures: mean registered image; the orange cross is the heart centre that the '
        "correction looked at (registration.heart_centre=row,column moves it), the blue line the column that is shown "
        "over time. Wide pictures: left half as acquired, right half registered; time runs to the right, all frames. "
        "A heart with steady edges on the right means that motion is out; the chest around it may move instead. Red "
        "marks on top: rejected images.</p>"
    )


def _state(result: StateResult, state: State) -> str:
    registered, finer = result.registered, result.superresolved
    tissue = result.acquisition.tissue if finer is None else finer.series
    if registered is None or registered.series.signal.shape != tissue.signal.shape:
        return ""
    box, underlay = crop_box(result), anatomy(result)
    shown = []
    for index, centre in enumerate(registered.heart_centre):
        column = _column(centre, box)
        name = f"{state}, slice {index + 1}"
        where = centre_picture(underlay[index], centre, column, box)
        lines = [
            line_over_time(part.signal[:, index], (box[0], box[2]), column) for part in (tissue, registered.series)
        ]
        over_time = motion_picture(lines[0], lines[1], registered.kept[:, index])
        caption = f"{name}, heart centre {_place(centre)}, {_rejected(registered.kept[:, index])}"
        shown.append(
            f'<div class="motion">{image(where, f"heart centre of {name}")}'
            f"{figure(image(over_time, f'motion of {name} before and after registration'), caption)}</div>"
        )
    return f'<div class="two">{"".join(shown)}</div>'


def centre_picture(underlay: FloatArray, centre: FloatArray, column: int, box: Box) -> bytes:
    """Return the PNG of one slice (rows, columns) with its heart centre (2,), if any, and the column that is shown."""
    from PIL import Image

    part = np.asarray(underlay, dtype=float)[box[0] : box[2], box[1] : box[3]]
    low, high = np.percentile(part, (1.0, 99.5)) if part.size else (0.0, 1.0)
    grey = (np.clip((part - low) / max(high - low, 1e-9), 0.0, 1.0) * 235).astype(np.uint8)
    grown = np.array(Image.fromarray(grey).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC))
    picture = np.repeat(grown[..., None], 3, axis=2)
    scale = SIDE_PX / (box[2] - box[0]), SIDE_PX / (box[3] - box[1])
    at = round((column - box[1] + 0.5) * scale[1])
    picture[::3, max(at - 1, 0) : at + 1] = LINE_COLOUR
    if np.isfinite(centre).all():
        row, across = ((centre[axis] - box[axis] + 0.5) * scale[axis] for axis in range(2))
        _cross(picture, round(float(row)), round(float(across)))
    return png(picture)


def _column(centre: FloatArray, box: Box) -> int:
    """Return the column through the heart centre, or through the middle of the box where there is none inside it."""
    if np.isfinite(centre[1]) and box[1] <= centre[1] < box[3]:
        return round(float(centre[1]))
    return (box[1] + box[3]) // 2


def _cross(picture: NDArray[np.uint8], row: int, column: int, half_size: int = 9) -> None:
    rows, columns = np.ogrid[: picture.shape[0], : picture.shape[1]]
    down, across = abs(rows - row), abs(columns - column)
    picture[((down <= half_size) & (across <= 1)) | ((across <= half_size) & (down <= 1))] = CENTRE_COLOUR


def _place(centre: FloatArray) -> str:
    return f"{centre[0]:.0f}, {centre[1]:.0f}" if np.isfinite(centre).all() else "not found"


def _rejected(kept: NDArray[np.bool_]) -> str:
    lost = int((~kept).sum())
    return f"{lost} of {len(kept)} images rejected" if lost else "no image rejected"
