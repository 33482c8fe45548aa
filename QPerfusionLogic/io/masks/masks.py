"""Label maps given by the user, brought onto the grid of their series."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import MYOCARDIUM, RIGHT_VENTRICLE, BoolArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.data.study import LabelMap
from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.image_files import is_volume_file, read_volume
from QPerfusionLogic.settings.schema import LoadingSettings

from .cvi42_contours import ImagePlaces, is_cvi42, planes_of_cvi42
from .dicom_segmentation import is_dicom_mask, planes_of_segmentation
from .mask_labels import with_our_labels
from .planes import labels_of_planes
from .slicer_segments import has_names, is_segmentation, labels_of_segments, numbered_segments
from .tool_contours import labels_of_tool

PLACE_TOLERANCE_PIXELS = 0.5
ELSEWHERE = "the mask lies elsewhere in space than the series; it was taken pixel by pixel"


def load_mask(
    path: Path, series: PerfusionSeries, settings: LoadingSettings, images: ImagePlaces | None = None
) -> tuple[LabelMap, tuple[Notice, ...]]:
    """Return the label map of a file on the grid of a series.

    A segmentation of Slicer (`.seg.nrrd`) or of DICOM (SEG) is read by the names of its segments and may be cropped.
    Contours of cvi42 (`.cvi42wsx`) are found by the identifiers of the images, those of Segment (`.mat`) and QMass
    (`.con`) by the numbers of the slices. Every other file holds 1 myocardium, 2 LV blood, 3 RV blood on the grid of
    the series, what `loading.labels` says, or labels of which one encloses another.

    Parameters
    ----------
    images : mapping, optional
        SOPInstanceUID of each image of the series -> its (4, 4) index to LPS, and rows and columns.

    Raises
    ------
    InputError
        When the file is no label map, of another size, or without myocardium.
    """
    if not is_volume_file(path):
        drawn, remarks = _drawn_elsewhere(path, series, settings, images or {})
        return _checked(path, drawn, series), remarks
    volume = read_volume(path, settings)
    notices: tuple[Notice, ...] = ()
    if is_segmentation(volume.metadata) and not has_names(volume.metadata):
        numbered = numbered_segments(volume.values, volume.metadata)
        labels, notices = with_our_labels(path, numbered.astype(np.float32), settings.labels)
    elif is_segmentation(volume.metadata):
        labels = labels_of_segments(path, volume.values, volume.metadata)
    else:
        _check_size(path, volume.values.shape[1:], series.image_shape)
        labels, given = with_our_labels(path, volume.values, settings.labels)
        labels, more = _of_most_frames(labels)
        notices = (*given, *more)
    if volume.placed and volume.geometry.has_position and series.geometry.has_position:
        labels, remark = _on_grid(labels, volume.geometry, series.geometry, series.image_shape)
        if remark:
            notices += (_placed_notice(remark),)
    return _checked(path, labels, series), notices


def _drawn_elsewhere(
    path: Path, series: PerfusionSeries, settings: LoadingSettings, images: ImagePlaces
) -> tuple[LabelArray, tuple[Notice, ...]]:
    """Return the labels of a segmentation or contour file of another tool."""
    if not path.exists():
        raise InputError(f"no file {path}", action="check the path")
    if is_cvi42(path):
        planes = planes_of_cvi42(path, images)
        return labels_of_planes(path, planes, series.geometry, series.image_shape), ()
    of_tool = labels_of_tool(path, series.image_shape)
    if of_tool is not None:
        action = "check the contours on the images of the report; a label map with its position is unambiguous"
        message = f"the contours of {path.name} carry no position: slices are taken in the order of the series"
        return of_tool, (Notice.of("mask-without-position", message, action),) if series.slices > 1 else ()
    if is_dicom_mask(path):
        planes, named = planes_of_segmentation(path)
        labels = labels_of_planes(path, planes, series.geometry, series.image_shape)
        return (labels, ()) if named else with_our_labels(path, labels.astype(np.float32), settings.labels)
    raise InputError(
        f"mask {path}",
        expected="a label map (.nrrd, .nii.gz), a DICOM SEG, or contours of cvi42 (.cvi42wsx), Segment (.mat) or QMass "
        "(.con)",
        action="export it as one of these",
    )


def _checked(path: Path, labels: LabelArray, series: PerfusionSeries) -> LabelMap:
    _check_size(path, labels.shape, series.image_shape)
    if not (labels == MYOCARDIUM).any():
        raise InputError(f"no myocardium on the series in {path}", expected="1 myocardium, 2 LV blood, 3 RV blood")
    return LabelMap(labels, series.geometry, source=path.name)


def _placed_notice(remark: str) -> Notice:
    if remark != ELSEWHERE:
        return Notice.of("mask-resampled", remark)
    action = "check that the mask was drawn on this series; export it with the series' position"
    return Notice.of("mask-elsewhere", remark, action)


def _check_size(path: Path, found: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if found != expected:
        raise InputError(
            f"a mask of {_size(found)} in {path}",
            expected=f"{_size(expected)}, the grid of the series",
            action="draw or resample the mask on the series",
        )


def _size(shape: tuple[int, ...]) -> str:
    return f"{counted(shape[0], 'slice')} of {shape[1]} x {shape[2]}"


def _of_most_frames(labels: LabelArray) -> tuple[LabelArray, list[Notice]]:
    """Return for (frames, slices, rows, columns) the label that a pixel has in most drawn frames of its slice."""
    if len(labels) == 1:
        return labels[0], []
    drawn: BoolArray = np.asarray((labels > 0).any(axis=(2, 3)))
    votes = np.stack([(labels == value).sum(axis=0) for value in range(1, RIGHT_VENTRICLE + 1)])
    enough = 2 * votes.max(axis=0) >= np.maximum(drawn.sum(axis=0), 1)[:, None, None]
    chosen = np.where(enough, votes.argmax(axis=0) + 1, 0).astype(np.uint8)
    frames = counted(int(np.count_nonzero(drawn.any(axis=1))), "frame")
    message = f"the mask is drawn on {frames}; a pixel keeps the label it has in most of them"
    return chosen, [Notice.of("mask-per-frame", message, "draw one mask on the registered series for exact edges")]


def _on_grid(
    labels: LabelArray, own: Geometry, geometry: Geometry, shape: tuple[int, int, int]
) -> tuple[LabelArray, str]:
    """Return labels at the pixels of the series, found through the positions in both files, and what was done."""
    slices, rows, columns = shape
    position = np.stack([geometry.positions(index, (rows, columns)) for index in range(slices)])
    to_index = np.linalg.inv(own.stack_to_lps)
    found = position @ to_index[:3, :3].T + to_index[:3, 3]
    same = np.stack(np.meshgrid(np.arange(slices), np.arange(rows), np.arange(columns), indexing="ij")[::-1], axis=-1)
    if labels.shape == shape and np.abs(found - same).max() <= PLACE_TOLERANCE_PIXELS:
        return labels, ""
    nearest = np.rint(found).astype(int)
    size = np.array(labels.shape[::-1])
    inside = np.all((nearest >= 0) & (nearest < size), axis=-1)
    x, y, z = np.moveaxis(np.clip(nearest, 0, size - 1), -1, 0)
    moved = np.where(inside, labels[z, y, x], 0).astype(np.uint8)
    if labels.shape == shape and np.count_nonzero(moved) < 0.5 * np.count_nonzero(labels):
        return labels, ELSEWHERE
    return moved, "the mask was brought onto the series through the positions in both files"
