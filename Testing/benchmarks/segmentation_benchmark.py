"""Score the segmentation on the real series of QPERFUSION_TEST_DATA (evaluation only; nothing of them is kept).

Run: python Testing/benchmarks/segmentation_benchmark.py [--mode classical|network|automatic] [--csv FILE]

Every drawn frame's mask is carried to the registered grid with the displacement of its frame; the truth is their
majority (drawing jitter averages out). `peak` is the mask of the frame nearest to the LV peak alone.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from QPerfusionLogic.progress import Progress
from QPerfusionLogic.registration import RegistrationLogic
from QPerfusionLogic.segmentation import SegmentationLogic, heart_box
from QPerfusionLogic.settings import RegistrationSettings, SegmentationSettings
from QPerfusionLogic.study import Geometry, PerfusionSeries, Registered

HUMAN = "human_first_pass"


@dataclass(frozen=True)
class Score:
    """How one series came out against its masks."""

    name: str
    myocardium: float
    left_ventricle: float
    myocardium_peak_mask: float
    box: float
    located: bool
    peak_error_frames: int
    confidence: float
    uncertain: bool


def data_folder() -> Path:
    """Return the folder of the real series."""
    default = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    return Path(os.environ.get("QPERFUSION_TEST_DATA", default))


def human_cases(folder: Path) -> list[Path]:
    """Return the series files that have a mask."""
    return sorted(path for path in (folder / HUMAN).glob("*.nii.gz") if "mask" not in path.name)


def read_case(path: Path) -> tuple[PerfusionSeries, np.ndarray]:
    """Return a series and its masks (frames, rows, columns); time is the first NIfTI axis, one frame a beat."""
    import SimpleITK

    image = SimpleITK.ReadImage(str(path))
    signal = SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0).astype(np.float32)
    mask_path = path.with_name(path.name.replace(".nii.gz", "_mask.nii.gz"))
    mask = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(mask_path))).transpose(2, 1, 0)
    spacing = float(image.GetSpacing()[1])
    time_s = np.arange(len(signal), dtype=float)[:, None]
    return PerfusionSeries(signal[:, None], time_s, Geometry.axis_aligned(1, (spacing, spacing))), mask.astype(np.uint8)


def registered_masks(masks: np.ndarray, registered: Registered) -> dict[int, np.ndarray]:
    """Return the masks (2, rows, columns) of myocardium and LV of every drawn frame on the registered grid, 0 to 1."""
    spacing = registered.series.geometry.pixel_spacing_mm
    moved = {}
    for frame in np.flatnonzero(masks.any(axis=(1, 2))):
        field = registered.displacement_mm[frame, 0]
        step = field.reshape(-1, 2).mean(axis=0) / spacing
        moved[int(frame)] = np.stack(
            [ndimage.shift((masks[frame] == value).astype(float), -step, order=1) for value in (1, 2)]
        )
    return moved


def dice(first: np.ndarray, second: np.ndarray) -> float:
    """Return the Dice coefficient of two masks."""
    return float(2.0 * (first & second).sum() / max(first.sum() + second.sum(), 1))


def box_dice(first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> float:
    """Return the Dice coefficient of two boxes (first row, first column, last row + 1, last column + 1)."""
    overlap = [max(min(first[i + 2], second[i + 2]) - max(first[i], second[i]), 0) for i in (0, 1)]
    area = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return 2.0 * overlap[0] * overlap[1] / max(sum(area), 1)


def score_case(path: Path, logic: SegmentationLogic, registration: str) -> Score:
    """Register, segment and score one series."""
    series, masks = read_case(path)
    registered = RegistrationLogic(RegistrationSettings(mode=registration)).run(series, Progress())
    found = logic.run(registered)
    moved = registered_masks(masks, registered)
    truth = np.mean(list(moved.values()), axis=0) > 0.5
    drawn = np.flatnonzero(masks.any(axis=(1, 2)))
    curve = [series.signal[frame, 0][masks[frame] == 2].mean() for frame in drawn]
    peak = int(drawn[int(np.argmax(curve))])
    nearest = moved[peak] > 0.5
    wall, cavity = found.labels[0] == 1, found.labels[0] == 2
    box = heart_box(np.where(truth[0], 1, np.where(truth[1], 2, 0))[None])
    centre = np.array([(found.heart_box[0] + found.heart_box[2]) / 2, (found.heart_box[1] + found.heart_box[3]) / 2])
    inside = bool((wall | cavity).any()) and box[0] <= centre[0] < box[2] and box[1] <= centre[1] < box[3]
    return Score(
        path.name.removesuffix(".nii.gz"),
        dice(wall, truth[0]),
        dice(cavity, truth[1]),
        dice(wall, nearest[0]),
        box_dice(found.heart_box, box) if (wall | cavity).any() else 0.0,
        inside,
        found.peak_frames["left_ventricle"] - peak,
        float(found.confidence[0]),
        any(notice.code in ("segmentation-uncertain", "heart-not-found") for notice in found.notices),
    )


def score_ge(folder: Path, logic: SegmentationLogic) -> str:
    """Return a line on the GE series (drawn RV, LV and myocardium, one slice)."""
    import pydicom

    files = [pydicom.dcmread(path) for path in sorted((folder / "ge_first_pass" / "dicom").iterdir())]
    files.sort(key=lambda item: float(item.TriggerTime))
    signal = np.stack([item.pixel_array for item in files]).astype(np.float32)[:, None]
    time_s = np.array([[float(item.TriggerTime) / 1000.0] for item in files])
    spacing = [float(value) for value in files[0].PixelSpacing]
    series = PerfusionSeries(signal, time_s, Geometry.axis_aligned(1, (spacing[0], spacing[1])))
    found = logic.run(RegistrationLogic(RegistrationSettings()).run(series, Progress()))
    masks = np.load(folder / "ge_first_pass" / "masks.npz")
    scores = [
        f"{name} {dice(found.labels[0] == value, masks[key] > 0):.3f}"
        for value, name, key in ((1, "myocardium", "myocardium"), (2, "LV", "lv"), (3, "RV", "rv"))
    ]
    return f"GE series: Dice {', '.join(scores)}, confidence {found.confidence[0]:.2f}, source {found.source}"


def score_aif_series(folder: Path, logic: SegmentationLogic) -> str:
    """Return a line on the low-resolution AIF series (drawn LV and RV blood; pixel size and timing unknown)."""
    data = np.load(folder / "aif_series" / "aif_series_1.npz")
    signal = data["signal"].astype(np.float32)[:, None]
    time_s = np.arange(len(signal), dtype=float)[:, None]
    series = PerfusionSeries(signal, time_s, Geometry.axis_aligned(1, (5.0, 5.0)))
    found = logic.run(RegistrationLogic(RegistrationSettings()).run(series, Progress()))
    mask = data["mask"]
    curve = signal[:, 0][:, mask == 1].mean(axis=1)
    region = found.aif_region[0]
    inside = float((mask[region] == 1).mean()) if region.any() else 0.0
    return (
        f"AIF series: Dice LV {dice(found.labels[0] == 2, mask == 1):.3f}, "
        f"RV {dice(found.labels[0] == 3, mask == 2):.3f}, "
        f"peak error {found.peak_frames['left_ventricle'] - int(np.argmax(curve))} frames, "
        f"{inside:.0%} of {region.sum()} AIF pixels in the drawn LV"
    )


def main(arguments: list[str] | None = None) -> int:
    """Score all series and print a table and its summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", default="automatic", choices=("automatic", "classical", "network"))
    parser.add_argument("--registration", default="translation")
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args(arguments)
    folder = data_folder()
    if not (folder / HUMAN).is_dir():
        print(f"no real series in {folder}; set QPERFUSION_TEST_DATA")
        return 2
    logic = SegmentationLogic(SegmentationSettings(mode=options.mode))
    scores = [score_case(path, logic, options.registration) for path in human_cases(folder)]
    for score in scores:
        print(
            f"{score.name:20s} myocardium {score.myocardium:.3f} LV {score.left_ventricle:.3f} "
            f"(peak mask {score.myocardium_peak_mask:.3f}) box {score.box:.3f} "
            f"peak {score.peak_error_frames:+d} confidence {score.confidence:.2f}"
            f"{' uncertain' if score.uncertain else ''}"
        )
    for name in ("myocardium", "left_ventricle", "myocardium_peak_mask", "box"):
        values = np.array([getattr(score, name) for score in scores])
        print(f"{name}: mean {values.mean():.3f} median {np.median(values):.3f} worst {values.min():.3f}")
    errors = np.abs([score.peak_error_frames for score in scores])
    print(f"peak LV frame: mean |error| {errors.mean():.2f}, at most {errors.max()}")
    poor = [score for score in scores if score.myocardium < 0.6]
    print(
        f"located {np.mean([score.located for score in scores]):.1%} of {len(scores)}; below 0.6: {len(poor)}, "
        f"of them flagged {sum(score.uncertain for score in poor)}; flagged in all {sum(s.uncertain for s in scores)}"
    )
    print(score_ge(folder, logic))
    print(score_aif_series(folder, logic))
    if options.csv:
        with options.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(vars(scores[0])))
            writer.writeheader()
            writer.writerows(vars(score) for score in scores)
    return 0


if __name__ == "__main__":
    sys.exit(main())
