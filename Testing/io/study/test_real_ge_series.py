"""The real GE first-pass series, whose only usable clock is a cumulative TriggerTime."""

import numpy as np
import pytest

from QPerfusionLogic.io.study.inspection import inspect
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def the_folder(real_data):
    folder = real_data / "ge_first_pass" / "dicom"
    if not folder.is_dir():
        pytest.skip("no GE series")
    return folder


def test_inspect_shows_frames_times_and_protocol(the_folder):
    (summary,) = inspect(the_folder)
    assert (summary.frames, summary.slices, summary.rows, summary.columns) == (79, 1, 256, 256)
    assert summary.interval_s == pytest.approx(0.698, abs=0.001)
    assert summary.time_source == "TriggerTime (0018,1060)"
    assert any("3 values in 79 frames" in reason for reason in summary.clocks_left_out)
    protocol = summary.protocol
    assert (protocol.vendor, protocol.field_strength_t, protocol.heart_rate_bpm) == ("ge", 1.5, 86)
    found = (protocol.repetition_time_s, protocol.saturation_time_s, protocol.flip_angle_deg)
    assert found == pytest.approx((0.006827, 0.1308340, 25.0), abs=1e-6)


def test_the_images_are_those_of_the_files_in_the_order_of_the_trigger(the_folder):
    import pydicom

    series = LoadingLogic().run(StudyRequest(study=the_folder)).rest.tissue
    files = sorted((pydicom.dcmread(path) for path in the_folder.iterdir()), key=lambda file: float(file.TriggerTime))
    np.testing.assert_array_equal(series.signal[:, 0], np.stack([file.pixel_array for file in files]))
    trigger_s = np.array([float(file.TriggerTime) for file in files]) / 1000
    np.testing.assert_allclose(series.time_s[:, 0], trigger_s - trigger_s[0], atol=1e-9)
