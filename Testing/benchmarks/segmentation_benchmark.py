"""Score the segmentation on the real GE series and the real low-resolution AIF series (evaluation only).

Run: python Testing/benchmarks/segmentation_benchmark.py [--mode automatic|classical|network]

The 24 series of human_first_pass, digital slices, negative controls and ablations: `qperfusion evaluate segmentation`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

from qperfusion_research.segmentation.evaluation.cases import registered_signal
from QPerfusionLogic.data.arrays import dice
from QPerfusionLogic.segmentation.logic import SegmentationLogic
from QPerfusionLogic.settings.schema import SegmentationSettings


def data_folder() -> Path:
    """Return the folder of the real series."""
    default = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    return Path(os.environ.get("QPERFUSION_TEST_DATA", default))


def score_ge(folder: Path, logic: SegmentationLogic) -> str:
    """Return a line on the GE series (drawn RV, LV and myocardium, one slice)."""
    import pydicom

    files = [pydicom.dcmread(path) for path in sorted((folder / "ge_first_pass" / "dicom").iterdir())]
    files.sort(key=lambda item: float(item.TriggerTime))
    signal = np.stack([item.pixel_array for item in files]).astype(np.float32)
    time_s = np.array([float(item.TriggerTime) / 1000.0 for item in files])
    registered = registered_signal(signal, time_s, float(files[0].PixelSpacing[0]))
    seconds = []
    for _ in range(3):
        started = time.process_time()
        found = logic.run(registered)
        seconds.append(time.process_time() - started)
    masks = np.load(folder / "ge_first_pass" / "masks.npz")
    scores = [
        f"{name} {dice(found.labels[0] == value, masks[key] > 0):.3f}"
        for value, name, key in ((1, "myocardium", "myocardium"), (2, "LV", "lv"), (3, "RV", "rv"))
    ]
    return (
        f"GE series: Dice {', '.join(scores)}, confidence {found.confidence[0]:.2f}, source {found.source}, "
        f"{seconds[0]:.2f} s of processor time with the network to load, {min(seconds[1:]):.2f} s without "
        f"({signal.shape[1]} x {signal.shape[2]}, {len(signal)} frames)"
    )


def score_aif_series(folder: Path, logic: SegmentationLogic) -> str:
    """Return a line on the low-resolution AIF series (drawn LV and RV blood; pixel size and timing unknown)."""
    data = np.load(folder / "aif_series" / "aif_series_1.npz")
    signal, mask = data["signal"].astype(np.float32), data["mask"]
    found = logic.run(registered_signal(signal, np.arange(len(signal), dtype=float), 5.0))
    region = found.aif_region[0]
    peak = int(np.argmax(signal[:, mask == 1].mean(axis=1)))
    inside = float((mask[region] == 1).mean()) if region.any() else 0.0
    return (
        f"AIF series: Dice LV {dice(found.labels[0] == 2, mask == 1):.3f}, "
        f"RV {dice(found.labels[0] == 3, mask == 2):.3f}, "
        f"LV peak {found.peak_frames['left_ventricle'] - peak:+d} frames, "
        f"peak of the AIF region {int(np.argmax(signal[:, region].mean(axis=1))) - peak:+d} frames, "
        f"{inside:.0%} of its {region.sum()} pixels in the drawn LV"
    )


def main(arguments: list[str] | None = None) -> int:
    """Print a line on each series."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", default="automatic", choices=("automatic", "classical", "network"))
    logic = SegmentationLogic(SegmentationSettings(mode=parser.parse_args(arguments).mode))
    folder = data_folder()
    if not folder.is_dir():
        print(f"no real series in {folder.name}; set QPERFUSION_TEST_DATA")
        return 2
    print(score_ge(folder, logic))
    print(score_aif_series(folder, logic))
    return 0


if __name__ == "__main__":
    sys.exit(main())
