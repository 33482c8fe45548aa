"""How well a motion correction fits hand-drawn masks: Dice with the middle drawn frame, worst frame, harm."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import ndimage

MYOCARDIUM = 1
HARM = 0.05
"""Fall of a frame's Dice that counts as harm."""


@dataclass(frozen=True)
class DrawnSeries:
    """A real series with masks drawn on some frames.

    Parameters
    ----------
    name : str
    frames, masks : (frames, rows, columns) arrays
    spacing_mm : tuple of float
        Distance between rows and columns.
    """

    name: str
    frames: np.ndarray
    masks: np.ndarray
    spacing_mm: tuple[float, float]

    @property
    def drawn(self) -> np.ndarray:
        """Indices of the frames with a drawn myocardium."""
        return np.flatnonzero((self.masks == MYOCARDIUM).any(axis=(1, 2)))

    @property
    def reference(self) -> int:
        """Index of the middle drawn frame."""
        drawn = self.drawn
        return int(drawn[len(drawn) // 2])


@dataclass
class SeriesScore:
    """Scores of one method on one series; arrays hold one value per drawn frame but the reference."""

    name: str
    before: np.ndarray
    after: np.ndarray
    redrawn: np.ndarray
    roughness: float
    seconds: float
    displacement: np.ndarray = field(repr=False)

    @property
    def change(self) -> float:
        """Mean Dice with the correction less without it."""
        return float(self.after.mean() - self.before.mean())


def load_drawn_series(folder: Path) -> list[DrawnSeries]:
    """Return the series of a folder with NAME.nii.gz and NAME_mask.nii.gz, array axes (frame, row, column)."""
    import SimpleITK as sitk

    series = []
    for mask_path in sorted(folder.glob("*_mask.nii.gz")):
        image = sitk.ReadImage(str(mask_path).replace("_mask", ""))
        frames = sitk.GetArrayFromImage(image).transpose(2, 1, 0).astype(np.float32)
        masks = sitk.GetArrayFromImage(sitk.ReadImage(str(mask_path))).transpose(2, 1, 0).astype(np.uint8)
        _, row_mm, column_mm = image.GetSpacing()
        series.append(DrawnSeries(mask_path.name.replace("_mask.nii.gz", ""), frames, masks, (row_mm, column_mm)))
    return series


def score(series: DrawnSeries, displacement: np.ndarray, seconds: float) -> SeriesScore:
    """Score displacements (frames, rows | 1, columns | 1, 2) in pixels: registered(x) = frame(x + d(x)).

    Only the mask of the other frame is warped, by the transform relative to the reference frame.
    """
    reference = series.masks[series.reference] == MYOCARDIUM
    others = [frame for frame in series.drawn if frame != series.reference]
    before, after, redrawn = [], [], []
    for frame in others:
        mask = series.masks[frame] == MYOCARDIUM
        places = relative_places(displacement[frame], displacement[series.reference], mask.shape)
        warped = ndimage.map_coordinates(mask.astype(np.float32), places, order=1) > 0.5
        before.append(dice(mask, reference))
        after.append(dice(warped, reference))
        redrawn.append(not np.array_equal(mask, reference))
    rough = _roughness(series, displacement) / _roughness(series, np.zeros_like(displacement))
    return SeriesScore(
        series.name, np.array(before), np.array(after), np.array(redrawn, dtype=bool), rough, seconds, displacement
    )


def relative_places(moving: np.ndarray, reference: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return where (2, rows, columns) each pixel of the reference frame lies in the moving frame."""
    grid = np.indices(shape).astype(float)
    if reference.shape[0] == 1:
        common = grid - reference[0, 0][:, None, None]
    else:
        common = grid.copy()
        for _ in range(8):
            common = grid - sample_field(reference, common)
    step = moving[0, 0][:, None, None] if moving.shape[0] == 1 else sample_field(moving, common)
    return np.asarray(common + step)


def sample_field(displacement: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return a (rows, columns, 2) field read at (2, rows, columns) places."""
    return np.stack(
        [ndimage.map_coordinates(displacement[..., axis], places, order=1, mode="nearest") for axis in range(2)]
    )


def dice(first: np.ndarray, second: np.ndarray) -> float:
    """Return the Dice overlap of two masks."""
    return float(2.0 * (first & second).sum() / max(1, first.sum() + second.sum()))


def _roughness(series: DrawnSeries, displacement: np.ndarray) -> float:
    """Return the rms second difference in time of the pixels of the reference myocardium, one cubic resampling."""
    mask = series.masks[series.reference] == MYOCARDIUM
    curves = np.empty((len(series.frames), int(mask.sum())))
    for frame, image in enumerate(series.frames):
        places = relative_places(displacement[frame], displacement[series.reference], mask.shape)
        curves[frame] = ndimage.map_coordinates(image, places[:, mask], order=3, mode="nearest")
    return float(np.sqrt(np.mean(np.diff(curves, 2, axis=0) ** 2)))


def summary(scores: list[SeriesScore]) -> dict[str, float]:
    """Return the numbers of one line of the table."""
    before = np.concatenate([each.before for each in scores])
    after = np.concatenate([each.after for each in scores])
    redrawn = [each.after[each.redrawn].mean() for each in scores if each.redrawn.any()]
    return {
        "dice": float(np.mean([each.after.mean() for each in scores])),
        "redrawn": float(np.mean(redrawn)),
        "worst_frame": float(np.mean([each.after.min() for each in scores])),
        "worst_frame_of_all": float(after.min()),
        "worst_series_change": float(min(each.change for each in scores)),
        "harmed_frames": float(np.mean(after - before < -HARM)),
        "roughness": float(np.median([each.roughness for each in scores])),
        "seconds": float(np.median([each.seconds for each in scores])),
    }
