"""A small digital study to try QPerfusion with: made here without a network, or written as a file for a release.

    python -m QPerfusionLogic.workflow.sample_data OUT

writes OUT/QPerfusionDigitalStudy.mrb, a scene with the series of a digital patient with ischaemia of the LAD territory,
and OUT/QPerfusionDigitalStudy.json with its size and SHA-256.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.data.study import PerfusionStudy
from QPerfusionLogic.io.results.provenance import file_hash
from QPerfusionLogic.progress import Progress

NAME = "QPerfusionDigitalStudy"
LEVELS = 2000.0
"""Grey levels of the brightest pixel: whole numbers as a scanner stores them, which also pack well."""


def small_study(progress: Progress | None = None) -> PerfusionStudy:
    """Return stress and rest of the digital patient of the demonstration, in whole grey levels."""
    from QPerfusionLogic.phantom.simulation.demonstration import demo_patient

    study = demo_patient(progress=progress).study
    parts = {}
    for state in study.states:
        acquisition = study.acquisition(state)
        aif = acquisition.aif_series
        parts[str(state)] = dataclasses.replace(
            acquisition, tissue=_whole(acquisition.tissue), aif_series=None if aif is None else _whole(aif)
        )
    return dataclasses.replace(study, **parts)  # type: ignore[arg-type]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the sample scene and its checksum; returns 0."""
    parser = argparse.ArgumentParser(description="Write the digital study for a release.")
    parser.add_argument("output", type=Path)
    path = parser.parse_args(arguments).output / f"{NAME}.mrb"
    write_sample(small_study(), path)
    about = {"file": path.name, "bytes": path.stat().st_size, "checksum": f"SHA256:{file_hash(path)}"}
    path.with_suffix(".json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(about) + "\n")
    return 0


def write_sample(study: PerfusionStudy, path: Path) -> None:
    """Write the series of a study as a scene."""
    from QPerfusionLogic.mrml.headless import new_scene
    from QPerfusionLogic.mrml.scene_files import save_scene
    from QPerfusionLogic.mrml.study.study_inputs import add_study_inputs

    scene = new_scene()
    add_study_inputs(scene, study)
    save_scene(scene, path)
    scene.Clear(1)


def _whole(series: PerfusionSeries) -> PerfusionSeries:
    """Return a series in whole grey levels; proton-density and second-echo images keep their ratio to it."""
    factor = LEVELS / float(np.max(series.signal))

    def whole(images: FloatArray | None) -> FloatArray | None:
        return None if images is None else np.rint(images * factor).astype(np.float32)

    return dataclasses.replace(
        series,
        signal=np.rint(series.signal * factor).astype(np.float32),
        proton_density=whole(series.proton_density),
        second_echo=whole(series.second_echo),
    )


if __name__ == "__main__":
    sys.exit(main())
