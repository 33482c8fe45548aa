"""Only magnitude images as acquired are used where phase, motion-corrected or derived images lie beside them."""

import numpy as np
import pydicom
import pytest

from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest

RIGHT = 100 + 10 * np.arange(12)
NOISE = 7


def loaded(path):
    return LoadingLogic().run(StudyRequest(study=path))


def set_private(paths, group, creator, offset, vr, value, before=()):
    for path in paths:
        dataset = pydicom.dcmread(path)
        for other in before:
            dataset.private_block(group, other, create=True)
        dataset.private_block(group, creator, create=True).add_new(offset, vr, value)
        dataset.save_as(path)


@pytest.fixture
def write_two(write, clocks, tmp_path):
    """Write magnitude images and then others of the same series and times; return the paths of both."""

    def written(clock="siemens", magnitude=None, other=None, uid="1.2.3.4"):
        timing = getattr(clocks, clock)(SeriesDescription="perf rest", SeriesNumber=1)
        first = write(tmp_path, frames=12, series_uid=uid, **{**timing, **(magnitude or {})})
        noise = {"pixels": lambda frame, slice_: NOISE}
        return first, write(tmp_path, frames=12, series_uid=uid, **noise, **{**timing, **(other or {})})

    return written


@pytest.mark.parametrize("kind", ["PHASE", "REAL", "IMAGINARY"])
def test_the_complex_image_component_tells_phase_from_magnitude(write_two, tmp_path, kind):
    plain = ["ORIGINAL", "PRIMARY", "OTHER"]
    write_two(
        magnitude={"ComplexImageComponent": "MAGNITUDE", "ImageType": plain},
        other={"ComplexImageComponent": kind, "ImageType": plain},
    )
    series = loaded(tmp_path).rest.tissue
    np.testing.assert_array_equal(series.signal[:, 0, 0, 0], RIGHT)
    assert any(f"({kind.lower()}, left out)" in notice.message for notice in series.notices)


@pytest.mark.parametrize("before", [(), ("ANOTHER CREATOR",)])
def test_private_elements_of_ge_tell_phase_from_magnitude(write_two, tmp_path, before):
    plain = {"ImageType": ["ORIGINAL", "PRIMARY", "OTHER"]}
    magnitude, phase = write_two("ge", magnitude=plain, other=plain)
    set_private(magnitude, 0x0043, "GEMS_PARM_01", 0x2F, "SS", 0, before)
    set_private(phase, 0x0043, "GEMS_PARM_01", 0x2F, "SS", 1, before)
    np.testing.assert_array_equal(loaded(tmp_path).rest.tissue.signal[:, 0, 0, 0], RIGHT)


def test_motion_corrected_images_of_the_same_series_are_left_out(write_two, tmp_path):
    write_two(other={"ImageType": ["DERIVED", "PRIMARY", "M", "MOCO"]})
    np.testing.assert_array_equal(loaded(tmp_path).rest.tissue.signal[:, 0, 0, 0], RIGHT)


def test_derived_images_beside_the_original_are_left_out(write_two, write, clocks, tmp_path):
    derived = ["DERIVED", "SECONDARY", "M"]
    write(tmp_path, frames=12, slices=1, SeriesDescription="perf rest", ImageType=derived, **clocks.siemens())
    write(tmp_path, frames=12, pixels=lambda *_: NOISE, SeriesDescription="perf rest", **clocks.siemens())
    study = loaded(tmp_path)
    assert study.rest.tissue.signal[0, 0, 0, 0] == NOISE
    assert any("(derived)" in notice.message for notice in study.notices)
    assert not any(notice.code == "series-ambiguous" for notice in study.notices)


def test_derived_images_alone_are_used(write, clocks, tmp_path):
    write(tmp_path, frames=12, SeriesDescription="perf", ImageType=["DERIVED", "SECONDARY"], **clocks.siemens())
    assert loaded(tmp_path).rest.tissue.frames == 12


def test_a_motion_corrected_rest_is_used_beside_an_original_stress(write, clocks, tmp_path):
    write(tmp_path, frames=12, SeriesDescription="perf", **clocks.siemens(HeartRate=90))
    write(tmp_path, frames=12, SeriesDescription="perf MOCO", **clocks.siemens(start_s=37000.0, HeartRate=60))
    study = loaded(tmp_path)
    assert study.stress is not None
    assert study.rest is not None
