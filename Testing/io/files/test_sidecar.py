"""The JSON file beside an image file gives it a protocol and times."""

import json

import numpy as np
import pytest

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.settings.schema import LoadingSettings


@pytest.fixture
def a_nifti(tmp_path):
    import SimpleITK

    signal = np.random.default_rng(2).uniform(1, 2, (10, 1, 6, 5)).astype(np.float32)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(signal, isVector=False), str(tmp_path / "rest.nii.gz"))
    return tmp_path / "rest.nii.gz"


def loaded(path, content, **settings):
    path.with_name("rest.json").write_text(json.dumps(content))
    return LoadingLogic(LoadingSettings(**settings)).run(StudyRequest(rest=path)).rest.tissue


def test_a_protocol_as_dcm2niix_writes_it_is_taken(a_nifti):
    content = {
        "Manufacturer": "Siemens",
        "MagneticFieldStrength": 3,
        "RepetitionTime": 0.0022,
        "EchoTime": 0.00108,
        "FlipAngle": 12,
        "InversionTime": 0.1,
    }
    protocol = loaded(a_nifti, content, frame_interval_s=0.8).protocol
    found = (protocol.field_strength_t, protocol.repetition_time_s, protocol.echo_time_s, protocol.saturation_time_s)
    assert found == (3.0, 0.0022, 0.00108, 0.1)
    assert protocol.vendor == "siemens"


def test_a_repetition_time_of_a_whole_beat_is_left_out(a_nifti):
    assert loaded(a_nifti, {"RepetitionTime": 0.8}, frame_interval_s=0.8).protocol.repetition_time_s is None


def test_our_own_field_names_win(a_nifti):
    content = {"InversionTime": 0.5, "saturation_time_s": 0.11, "pulses_to_centre": 30}
    protocol = loaded(a_nifti, content, frame_interval_s=0.8).protocol
    assert (protocol.saturation_time_s, protocol.pulses_to_centre) == (0.11, 30)


def test_irregular_times_of_the_volumes_are_taken(a_nifti):
    times = np.cumsum([0.0, 0.8, 0.9, 0.7, 0.8, 1.6, 0.8, 0.8, 0.9, 0.8])
    series = loaded(a_nifti, {"VolumeTiming": times.tolist()})
    np.testing.assert_allclose(series.time_s[:, 0], times)
    assert series.source.time_source == "times in the JSON sidecar"


def test_too_few_times_are_refused(a_nifti):
    with pytest.raises(InputError, match="3 times beside"):
        loaded(a_nifti, {"VolumeTiming": [0, 1, 2]})


def test_a_damaged_sidecar_is_named(a_nifti):
    a_nifti.with_name("rest.json").write_text("{")
    with pytest.raises(InputError, match=r"rest\.json: not JSON"):
        LoadingLogic(LoadingSettings(frame_interval_s=0.8)).run(StudyRequest(rest=a_nifti))


@pytest.mark.parametrize(
    "content",
    [
        {"RepetitionTime": -1},
        {"MagneticFieldStrength": 300},
        {"pulses_to_centre": -3},
        {"pulses_to_centre": 2.5},
        {"flip_angle_deg": "twelve"},
        {"flip_angle_deg": [12]},
        {"saturation_time_s": True},
        {"saturation_efficiency": 1e308},
        {"vendor": {"name": "Siemens"}},
        {"sequence": "spiral"},
        {"echo_time_s": float("nan")},
        {"VolumeTiming": "0123456789"},
        {"VolumeTiming": [float("nan")] * 10},
        {"VolumeTiming": {"0": 1}},
    ],
)
def test_values_of_another_type_or_out_of_range_are_refused_with_their_name(a_nifti, content):
    with pytest.raises(InputError, match=f"{next(iter(content))}|_s = |_t = "):
        loaded(a_nifti, content, frame_interval_s=0.8)


def test_a_value_that_is_not_known_is_left_open(a_nifti):
    assert loaded(a_nifti, {"echo_time_s": None}, frame_interval_s=0.8).protocol.echo_time_s is None
