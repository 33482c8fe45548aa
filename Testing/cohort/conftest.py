"""A tiny study on disk: a drawn heart of gadolinium, quantified in a second by the one-compartment model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.io.files.nrrd_files import write_labels, write_sequence
from QPerfusionLogic.settings.schema import Settings

STEP_S, FRAMES = 0.8, 40


@pytest.fixture(scope="session")
def a_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with rest.seq.nrrd (mmol/L), aif.csv and mask.nrrd; flow 0.9 mL/min/g."""
    folder = tmp_path_factory.mktemp("study")
    rows, columns = np.indices((40, 40))
    radius = np.hypot(rows - 20, columns - 20)
    labels = np.where(radius < 6, 2, np.where(radius < 12, 1, 0)).astype(np.uint8)[None]
    fine_s = np.arange(0.0, FRAMES * STEP_S, 0.02)
    late = np.clip((fine_s - 6.0) / 3.0, 0.0, None)
    arterial = 5.0 * late * np.exp(1.0 - late)
    flow = 0.9 / 60.0
    tissue = flow * np.convolve(arterial, np.exp(-fine_s * flow / 0.25))[: fine_s.size] * 0.02
    time_s = np.arange(FRAMES) * STEP_S
    curves = np.stack([np.interp(time_s, fine_s, curve) for curve in (0.0 * fine_s, tissue, arterial)], axis=1)
    geometry = Geometry.axis_aligned(1, (2.0, 2.0))
    write_sequence(folder / "rest.seq.nrrd", curves[:, labels].astype(np.float32), time_s, geometry)
    write_labels(folder / "mask.nrrd", labels, geometry)
    table = np.column_stack([time_s, curves[:, 2]])
    np.savetxt(folder / "aif.csv", table, delimiter=",", header="time_s,value", comments="")
    return folder


@pytest.fixture(scope="session")
def quick_settings() -> Settings:
    """Settings for images of gadolinium."""
    settings = Settings()
    for name, value in (
        ("conversion.mode", "concentration"),
        ("kinetics.model", "one_compartment"),
        ("kinetics.delay", "0"),
        ("kinetics.pixelwise", "false"),
        ("registration.mode", "none"),
    ):
        settings = settings.with_value(name, value)
    return settings


def manifest_of(path: Path, study: Path, names: tuple[str, ...], more: tuple[str, ...] = ()) -> Path:
    """Write a manifest with one good row a name and further lines as they are."""
    cells = f"{study / 'rest.seq.nrrd'},{study / 'aif.csv'},{study / 'mask.nrrd'}"
    lines = ["id,rest,rest_aif,rest_mask", *(f"{name},{cells}" for name in names), *more]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
