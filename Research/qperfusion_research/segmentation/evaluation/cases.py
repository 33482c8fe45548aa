"""Series with known contours to score the segmentation on: digital slices, and real ones with drawn masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from qperfusion_research.phantom.training_slices import TrainingSample, training_sample
from QPerfusionLogic.data.arrays import BoolArray, FloatArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.results import Registered
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.registration.logic import RegistrationLogic
from QPerfusionLogic.settings.schema import RegistrationSettings


@dataclass(frozen=True)
class EvaluationCase:
    """A registered slice and what is true of it.

    Parameters
    ----------
    name : str
    registered : Registered
        One slice, motion taken out by the registration stage.
    truth : dict of (rows, columns) bool arrays
        Label value -> pixels on the registered grid; 3 (RV) is left out where nobody drew it.
    peak_frame : int
        Frame in which the LV is brightest.
    insertion_points : (2, 2) array
        (row, column) of both RV insertion points; NaN where unknown.
    """

    name: str
    registered: Registered
    truth: dict[int, BoolArray]
    peak_frame: int
    insertion_points: FloatArray


def digital_case(seed: int) -> EvaluationCase:
    """Return a digital slice: moving with the breath, turned and mirrored at random, drawn wider than life."""
    sample = training_sample(seed)
    registered = registered_signal(sample.signal, sample.time_s, sample.pixel_mm)
    moved = registered.displacement_mm.reshape(len(sample.signal), -1, 2).mean(axis=1)
    offset = np.median(sample.displacement_mm - moved, axis=0) / sample.pixel_mm
    truth = shifted_labels(sample, offset)
    return EvaluationCase(
        f"digital {seed}",
        registered,
        truth,
        _brightest(sample, registered, truth[2]),
        sample.insertion_points + offset,
    )


def _brightest(sample: TrainingSample, registered: Registered, cavity: BoolArray) -> int:
    """Return the frame in which the true LV is brightest, from the true RV peak to one transit after the LV's.

    Brightest, not fullest, as readers see it: a saturated signal can be highest after the peak of gadolinium.
    """
    right, left = sample.peak_frames["right_ventricle"], sample.peak_frames["left_ventricle"]
    if not cavity.any():
        return left
    return right + int(np.argmax(registered.series.signal[right : 2 * left - right + 1, 0, cavity].mean(axis=1)))


def shifted_labels(sample: TrainingSample, offset: FloatArray) -> dict[int, BoolArray]:
    """Return the label masks of a sample moved by an offset (row, column) in pixels."""
    return {
        value: np.asarray(ndimage.shift((sample.labels == value).astype(float), offset, order=1) > 0.5)
        for value in (1, 2, 3)
    }


def registered_signal(signal: FloatArray, time_s: FloatArray, pixel_mm: float) -> Registered:
    """Return images (frames, rows, columns) after motion correction."""
    geometry = Geometry.axis_aligned(1, (pixel_mm, pixel_mm))
    series = PerfusionSeries(np.asarray(signal[:, None], dtype=np.float32), time_s[:, None], geometry)
    return RegistrationLogic(RegistrationSettings()).run(series, Progress())


def real_cases(folder: Path) -> Iterator[EvaluationCase]:
    """Yield every NIfTI series of a folder that has drawn masks beside it.

    NAME.nii.gz holds (frame, row, column), NAME_mask.nii.gz the same with 1 myocardium and 2 LV in the frames that were
    drawn. Every drawn frame's mask is carried to the registered grid with the displacement of its frame; the truth is
    their majority, so that drawing jitter averages out. One frame a second stands in for missing times.

    Raises
    ------
    InputError
        When the folder has no such pair.
    """
    masks = sorted(folder.glob("*_mask.nii.gz"))
    if not masks:
        raise InputError(
            f"no masks in {folder.name}", expected="pairs NAME.nii.gz and NAME_mask.nii.gz", action="check --real"
        )
    for mask in masks:
        yield real_case(mask.with_name(mask.name.replace("_mask.nii.gz", ".nii.gz")), mask)


def real_case(path: Path, mask_path: Path) -> EvaluationCase:
    """Return a real series with its drawn masks."""
    signal, pixel_mm = _read(path)
    masks = _read(mask_path)[0].astype(np.uint8)
    registered = registered_signal(signal, np.arange(len(signal), dtype=float), pixel_mm)
    moved = _registered_masks(masks, registered)
    drawn = np.flatnonzero(masks.any(axis=(1, 2)))
    curve = [signal[frame][masks[frame] == 2].mean() for frame in drawn]
    return EvaluationCase(
        path.name.removesuffix(".nii.gz"),
        registered,
        {value: np.asarray(moved[:, value - 1].mean(axis=0) > 0.5) for value in (1, 2)},
        int(drawn[int(np.argmax(curve))]),
        np.full((2, 2), np.nan),
    )


def _read(path: Path) -> tuple[FloatArray, float]:
    import SimpleITK

    image = SimpleITK.ReadImage(str(path))
    return np.asarray(SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0)), float(image.GetSpacing()[1])


def _registered_masks(masks: LabelArray, registered: Registered) -> FloatArray:
    """Return (drawn frames, 2, rows, columns): myocardium and LV on the registered grid, 0 to 1."""
    spacing = registered.series.geometry.pixel_spacing_mm
    moved = []
    for frame in np.flatnonzero(masks.any(axis=(1, 2))):
        step = registered.displacement_mm[frame, 0].reshape(-1, 2).mean(axis=0) / spacing
        moved.append([ndimage.shift((masks[frame] == value).astype(float), -step, order=1) for value in (1, 2)])
    return np.asarray(moved)
