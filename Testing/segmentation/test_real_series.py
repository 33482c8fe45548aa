"""The heart in real series; the benchmark scores all of them, these tests guard a few."""

from pathlib import Path

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.registration.logic import RegistrationLogic
from QPerfusionLogic.segmentation.logic import SegmentationLogic
from QPerfusionLogic.settings.schema import RegistrationSettings, SegmentationSettings

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


def segmented(signal, spacing_mm):
    time_s = np.arange(len(signal), dtype=float)[:, None]
    series = PerfusionSeries(
        signal[:, None].astype(np.float32), time_s, Geometry.axis_aligned(1, (spacing_mm, spacing_mm))
    )
    registered = RegistrationLogic(RegistrationSettings()).run(series, Progress())
    return SegmentationLogic(SegmentationSettings()).run(registered)


def read(path: Path):
    SimpleITK = pytest.importorskip("SimpleITK")  # noqa: N806
    image = SimpleITK.ReadImage(str(path))
    return SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0), float(image.GetSpacing()[1])


@pytest.mark.parametrize("name", ["case09_rest_base", "case21_stress_mid", "case27_stress_base"])
def test_the_peak_of_the_left_ventricle_and_its_area_are_those_of_the_drawn_masks(real_data, name):
    folder = real_data / "human_first_pass"
    signal, spacing = read(folder / f"{name}.nii.gz")
    masks, _ = read(folder / f"{name}_mask.nii.gz")
    drawn = np.flatnonzero(masks.any(axis=(1, 2)))
    curve = [signal[frame][masks[frame] == 2].mean() for frame in drawn]
    found = segmented(signal, spacing)
    assert abs(found.peak_frames["left_ventricle"] - drawn[int(np.argmax(curve))]) <= 3
    drawn_area = np.median([(masks[frame] > 0).sum() for frame in drawn])
    assert 0.8 < np.isin(found.labels, (1, 2)).sum() / drawn_area < 1.25
    assert np.isfinite(found.insertion_points).all()


def test_both_ventricles_are_found_in_a_series_whose_blood_is_saturated(real_data, overlap):
    study = LoadingLogic().run(StudyRequest(study=real_data / "ge_first_pass" / "dicom"))
    registered = RegistrationLogic(RegistrationSettings()).run(study.rest.tissue, Progress())
    found = SegmentationLogic(SegmentationSettings()).run(registered)
    drawn = np.load(real_data / "ge_first_pass" / "masks.npz")
    for value, name in ((1, "myocardium"), (2, "lv"), (3, "rv")):
        assert overlap(found.labels[0] == value, drawn[name] > 0) > 0.75
    assert [notice.code for notice in found.notices] == ["level-assumed"]


def test_both_ventricles_are_found_in_the_low_resolution_arterial_series(real_data, overlap):
    data = np.load(real_data / "aif_series" / "aif_series_1.npz")
    found = segmented(data["signal"], 5.0)
    curve = data["signal"][:, data["mask"] == 1].mean(axis=1)
    assert overlap(found.labels[0] == 2, data["mask"] == 1) > 0.7
    assert overlap(found.labels[0] == 3, data["mask"] == 2) > 0.7
    assert (data["mask"][found.aif_region[0]] == 1).all()
    assert abs(found.peak_frames["left_ventricle"] - int(np.argmax(curve))) <= 1
