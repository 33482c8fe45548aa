"""A small drawn heart for tests of the plumbing: right ventricle, left ventricle and ring fill one after another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from QPerfusionLogic.data.arrays import FloatArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.io.files.nrrd_files import write_labels, write_sequence

SHAPE = (1, 72, 72)
FRAMES = 50
INTERVAL_S = 0.8


def gamma_variate(time_s: FloatArray, bolus_arrival_time_s: float, width_s: float) -> FloatArray:
    """A bolus of peak 1."""
    late = np.clip((time_s - bolus_arrival_time_s) / width_s, 0.0, None)
    return late * np.exp(1.0 - late)


def drawn_labels() -> LabelArray:
    """1 myocardium, 2 LV, 3 RV."""
    rows, columns = np.indices(SHAPE[1:])
    radius = np.hypot(rows - 36, columns - 40)
    labels = np.zeros(SHAPE, dtype=np.uint8)
    right = np.hypot(rows - 36, (columns - 26) * 1.6) < 16
    labels[0][right & (radius > 16)] = 3
    labels[0][radius <= 16] = 1
    labels[0][radius < 10] = 2
    return labels


def drawn_gadolinium(flow_ml_min_g: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return gadolinium (frames, 1, rows, columns), time and arterial input (mmol/L): mono-exponential tissue."""
    fine = np.arange(0.0, FRAMES * INTERVAL_S, 0.02)
    arterial = 5.0 * gamma_variate(fine, 9.0, 3.0) + 0.8 / (1.0 + np.exp(-(fine - 16.0)))
    flow_per_s = flow_ml_min_g / 60.0
    tissue = flow_per_s * np.convolve(arterial, np.exp(-fine * flow_per_s / 0.25))[: fine.size] * 0.02
    right = 6.0 * gamma_variate(fine, 4.0, 2.5)
    time_s = np.arange(FRAMES) * INTERVAL_S
    curves = [np.interp(time_s, fine, curve) for curve in (np.zeros_like(fine), tissue, arterial, right)]
    return np.stack(curves, axis=1)[:, drawn_labels()].astype(np.float32), time_s, np.interp(time_s, fine, arterial)


@pytest.fixture(scope="session")
def drawn_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with {stress,rest}.seq.nrrd (mmol/L), {stress,rest}_aif.csv and mask.nrrd; flows 2.4 and 0.9 mL/min/g."""
    folder = tmp_path_factory.mktemp("drawn")
    geometry = Geometry.axis_aligned(1, (2.0, 2.0))
    random = np.random.default_rng(0)
    for state, flow in (("stress", 2.4), ("rest", 0.9)):
        values, time_s, arterial = drawn_gadolinium(flow)
        values = values + random.normal(0.0, 0.02, values.shape).astype(np.float32)
        write_sequence(folder / f"{state}.seq.nrrd", values, time_s, geometry)
        table = np.column_stack([time_s, arterial])
        np.savetxt(folder / f"{state}_aif.csv", table, delimiter=",", header="time_s,value", comments="")
    write_labels(folder / "mask.nrrd", drawn_labels(), geometry)
    return folder
