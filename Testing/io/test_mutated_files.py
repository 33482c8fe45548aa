"""Files with bytes changed, lost and added are loaded, or refused by an error of ours; the seeds are fixed."""

from __future__ import annotations

import contextlib
import json
import random

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.io.files.nrrd_files import write_sequence
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.settings.schema import LoadingSettings

MUTANTS = 250
PIECES = (
    b"NaN",
    b"-1",
    b"1e308",
    b"\0",
    b"\xff\xfe",
    b"",
    b"null",
    b"[]",
    b"{}",
    b"99999999",
    b"inf",
    b'"',
    b",",
    b"\n",
)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    import SimpleITK

    place = tmp_path_factory.mktemp("originals")
    signal = np.random.default_rng(0).uniform(1, 2, (10, 1, 6, 5)).astype(np.float32)
    times = np.arange(10)[:, None] * 0.8
    write_sequence(place / "rest.seq.nrrd", signal, times, Geometry.axis_aligned(1, (2.0, 2.0)))
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(signal, isVector=False), str(place / "rest.nii"))
    (place / "aif.csv").write_text("time_s,value\n" + "".join(f"{0.8 * row:.2f},{row % 4}\n" for row in range(10)))
    sidecar = {"RepetitionTime": 0.0022, "FlipAngle": 12, "pulses_to_centre": 30, "VolumeTiming": times[:, 0].tolist()}
    (place / "rest.json").write_text(json.dumps(sidecar))
    return {path.name: path.read_bytes() for path in place.iterdir()}


def mutated(content, chance):
    found = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4))):
        start = chance.randrange(max(1, min(len(found), chance.choice((60, 400, len(content))))))
        length = chance.randrange(12)
        found[start : start + length] = chance.choice((*PIECES, found[start : start + 3 * length], b"\x80" * length))
    return bytes(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rest.seq.nrrd", "rest.nii", "aif.csv", "rest.json"])
def test_mutants_are_loaded_or_refused(name, originals, tmp_path):
    for seed in range(MUTANTS):
        for other, content in originals.items():
            (tmp_path / other).write_bytes(mutated(content, random.Random(seed)) if other == name else content)
        series = "rest.nii" if name in ("rest.nii", "rest.json") else "rest.seq.nrrd"
        request = StudyRequest(rest=tmp_path / series, rest_aif=tmp_path / "aif.csv")
        with contextlib.suppress(QPerfusionError):
            LoadingLogic(LoadingSettings(frame_interval_s=0.8)).run(request)
