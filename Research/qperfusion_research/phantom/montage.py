"""A montage of digital patients: baseline, RV peak, LV peak and myocardial peak of each."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, FloatArray, LabelArray
from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient


def key_frames(signal: FloatArray, labels: LabelArray) -> tuple[int, int, int, int]:
    """Return the frames of baseline, RV peak, LV peak and myocardial peak of one slice.

    Parameters
    ----------
    signal : (frames, rows, columns) array
    labels : (rows, columns) array
        1 myocardium, 2 LV, 3 RV; without an RV its peak is taken from the brightest 1 % before the LV peak.
    """
    curves = {value: signal[:, labels == value].mean(axis=1) for value in (MYOCARDIUM, LEFT_VENTRICLE)}
    left = int(curves[LEFT_VENTRICLE].argmax())
    if (labels == RIGHT_VENTRICLE).any():
        right = int(signal[: left + 1, labels == RIGHT_VENTRICLE].mean(axis=1).argmax())
    else:
        right = int(np.percentile(signal[: left + 1], 99.5, axis=(1, 2))[: max(left - 2, 1)].argmax())
    tissue = left + int(curves[MYOCARDIUM][left : left + 15].argmax())
    return min(2, right), right, left, tissue


def montage_row(signal: FloatArray, labels: LabelArray, size: int = 0) -> FloatArray:
    """Return the four key frames side by side, windowed as a reader would, 0 to 1; `size` crops around the heart."""
    frames = key_frames(signal, labels)
    top = float(np.percentile(signal[frames[2]], 99.7))
    rows, columns = (int(np.mean(axis)) for axis in np.nonzero(labels == LEFT_VENTRICLE))
    half = size // 2
    pictures = []
    for frame in frames:
        picture = signal[frame]
        if size:
            padded = np.pad(picture, half)
            picture = padded[rows : rows + size, columns : columns + size]
        pictures.append(np.clip(picture / top, 0.0, 1.0) ** 0.8)
    return np.hstack(pictures)


def digital_montage(patients: int = 6, seed: int = 0, size: int = 0) -> FloatArray:
    """Return a montage of the middle slice of digital patients at stress or rest, one row each."""
    rows = []
    for index in range(patients):
        state = State.STRESS if index % 2 == 0 else State.REST
        simulated = simulate_patient(sample_patient(seed + index, slices=1, states=(state,), frames=50))
        series = simulated.study.acquisition(state).tissue
        rows.append(montage_row(series.signal[:, 0], simulated.truth[state].labels[0], size))
    width = max(row.shape[1] for row in rows)
    return np.vstack([np.pad(row, ((0, 4), (0, width - row.shape[1]))) for row in rows])


def main(arguments: list[str] | None = None) -> int:
    """Write the montage as a PNG."""
    from PIL import Image

    parser = argparse.ArgumentParser(description="montage of digital patients")
    parser.add_argument("output", type=Path)
    parser.add_argument("--patients", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=0, help="crop around the heart, in pixels; 0: the whole picture")
    chosen = parser.parse_args(arguments)
    picture = digital_montage(chosen.patients, chosen.seed, chosen.size)
    Image.fromarray((picture * 255).astype(np.uint8)).save(chosen.output)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
