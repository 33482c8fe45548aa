"""Compares simple statistics of digital patients with a folder of real series: `python -m ... FOLDER`.

The folder holds NIfTI files `NAME.nii.gz` whose first axis is time and masks `NAME_mask.nii.gz` (1 myocardium, 2 LV) on
some frames. Only the table is printed; nothing of the real series is kept.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray, LabelArray
from QPerfusionLogic.data.series import State
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient

from .image_statistics import as_table, compare_samples, series_statistics

MASK = "_mask.nii.gz"


def real_statistics(folder: Path) -> list[dict[str, float]]:
    """Return the statistics of every real series of a folder.

    Raises
    ------
    InputError
        When there is no series with a mask.
    """
    masks = sorted(Path(folder).glob(f"*{MASK}"))
    if not masks:
        raise InputError(f"no *{MASK} in {folder}", expected="real series with masks")
    return [series_statistics(*_read(mask.with_name(mask.name.replace(MASK, ".nii.gz")), mask)) for mask in masks]


def digital_statistics(patients: int, seed: int) -> list[dict[str, float]]:
    """Return the statistics of a basal and a mid slice of digital patients, rest first, then stress."""
    rows = []
    for index in range(patients):
        states = (State.REST, State.STRESS)
        patient = sample_patient(seed + index, slices=2, states=states, frames=55, dual_sequence=False)
        simulated = simulate_patient(patient)
        for state in states:
            series, labels = simulated.study.acquisition(state).tissue, simulated.truth[state].labels
            pixel_mm = series.geometry.pixel_spacing_mm[0]
            rows += [series_statistics(series.signal[:, k], labels[k], pixel_mm) for k in range(series.slices)]
    return rows


def _read(path: Path, mask_path: Path) -> tuple[FloatArray, LabelArray, float]:
    """Return signal (frames, rows, columns), the middle one of the drawn masks, and the pixel size."""
    import SimpleITK as sitk

    image = sitk.ReadImage(str(path))
    signal = sitk.GetArrayFromImage(image).transpose(2, 1, 0)
    masks = sitk.GetArrayFromImage(sitk.ReadImage(str(mask_path))).transpose(2, 1, 0)
    drawn = np.flatnonzero(masks.any(axis=(1, 2)))
    return signal, masks[drawn[drawn.size // 2]].astype(np.uint8), float(image.GetSpacing()[1])


def main(arguments: list[str] | None = None) -> int:
    """Print the comparison as a Markdown table."""
    parser = argparse.ArgumentParser(
        description="digital against real series: two-sample comparison of image statistics"
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patients", type=int, default=12)
    parser.add_argument("--seed", type=int, default=100)
    chosen = parser.parse_args(arguments)
    table = as_table(compare_samples(real_statistics(chosen.folder), digital_statistics(chosen.patients, chosen.seed)))
    sys.stdout.write(table + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
