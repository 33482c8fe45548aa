"""Random damage to a file ends in a study or in one clear line, never in another exception."""

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.io.files.nrrd_files import write_labels, write_sequence
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.settings.schema import LoadingSettings


def damaged(content, seed, start):
    """Return content with a few random bytes from `start` on, and cut short for every third seed."""
    random = np.random.default_rng(seed)
    changed = bytearray(content)
    for position in random.integers(start, len(content), size=random.integers(1, 6)):
        changed[position] = random.integers(0, 256)
    return bytes(changed[: random.integers(start, len(content))] if seed % 3 == 0 else changed)


def loads_or_reports(**request):
    message = ""
    try:
        LoadingLogic(LoadingSettings(frame_interval_s=0.8)).run(StudyRequest(**request))
    except QPerfusionError as error:
        message = str(error)
    assert "\n" not in message


def test_damaged_dicom_headers(write, clocks, tmp_path):
    paths = write(tmp_path, frames=9, rows=6, columns=6, SeriesDescription="perf rest", **clocks.siemens())
    whole = [path.read_bytes() for path in paths]
    for seed in range(60):
        for path, content in zip(paths, whole, strict=True):
            path.write_bytes(damaged(content, seed, 132) if seed % 2 or path is paths[4] else content)
        loads_or_reports(rest=tmp_path)


@pytest.mark.parametrize(
    "which", ["rest.seq.nrrd", "rest_mask.nrrd", "rest.nii", "rest.json", "rest_aif.csv", "times.csv"]
)
def test_damaged_image_and_text_files(which, tmp_path):
    import SimpleITK

    signal = np.random.default_rng(1).uniform(1, 2, (9, 1, 6, 5)).astype(np.float32)
    geometry = Geometry.axis_aligned(1)
    write_sequence(tmp_path / "rest.seq.nrrd", signal, 0.8 * np.arange(9), geometry)
    write_labels(tmp_path / "rest_mask.nrrd", np.ones((1, 6, 5), dtype=np.uint8), geometry)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(signal, isVector=False), str(tmp_path / "rest.nii"))
    (tmp_path / "rest.json").write_text('{"RepetitionTime": 0.0022, "VolumeTiming": [0, 1, 2, 3, 4, 5, 6, 7, 8]}')
    (tmp_path / "rest_aif.csv").write_text("time_s,value\n" + "\n".join(f"{0.5 * k},{k % 4}" for k in range(20)))
    (tmp_path / "times.csv").write_text("time_s\n" + "\n".join(f"{0.9 * k:g}" for k in range(9)))
    whole = (tmp_path / which).read_bytes()
    series = "rest.nii" if which in ("rest.nii", "rest.json") else "rest.seq.nrrd"
    for seed in range(60):
        (tmp_path / which).write_bytes(damaged(whole, seed, 0))
        others = {"rest_mask": tmp_path / "rest_mask.nrrd", "rest_aif": tmp_path / "rest_aif.csv"}
        times = {"times": tmp_path / "times.csv"} if which == "times.csv" else {}
        loads_or_reports(rest=tmp_path / series, **others, **times)
