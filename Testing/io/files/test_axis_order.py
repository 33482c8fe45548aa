"""Files of four dimensions by SimpleITK and files turned to the axes of the body are read as the plain file is."""

import itertools
import json
import struct

import nrrd
import numpy as np
import pytest
import SimpleITK

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest

FRAMES, SLICES, ROWS, COLUMNS = 10, 3, 14, 12
STEP_S = 0.77
ROW, COLUMN = np.array([0.6, 0.8, 0.0]), np.array([0.0, 0.0, -1.0])
SPACING_MM = (1.5, 1.6, 9.0)


@pytest.fixture
def values():
    """(frames, slices, rows, columns)"""
    return np.random.default_rng(5).integers(10, 90, (FRAMES, SLICES, ROWS, COLUMNS)).astype(np.float32)


def frames_of(values):
    for volume in values:
        image = SimpleITK.GetImageFromArray(np.ascontiguousarray(volume))
        image.SetSpacing(SPACING_MM)
        image.SetOrigin((10.0, -60.0, 80.0))
        image.SetDirection(np.column_stack([ROW, COLUMN, np.cross(ROW, COLUMN)]).ravel().tolist())
        yield image


def write(path, values, order=(0, 1, 2), flips=(False, False, False), step_s=STEP_S):
    images = [SimpleITK.Flip(SimpleITK.PermuteAxes(image, order), flips, False) for image in frames_of(values)]
    SimpleITK.WriteImage(SimpleITK.JoinSeries(images, 0.0, step_s), str(path))
    return path


def loaded(path):
    return LoadingLogic().run(StudyRequest(rest=path)).rest.tissue


def by_place(series):
    """Return signal (frames,) by position in the patient."""
    found = {}
    for slice_, row, column in np.ndindex(series.image_shape):
        place = series.geometry.index_to_lps[slice_] @ [column, row, 0, 1]
        found[tuple(np.round(place[:3], 2))] = series.signal[:, slice_, row, column].tolist()
    return found


@pytest.mark.parametrize("ending", [".nrrd", ".mha", ".nii.gz", ".nhdr"])
def test_an_image_of_four_dimensions_is_frames_at_the_step_of_its_header(values, tmp_path, ending):
    series = loaded(write(tmp_path / f"rest{ending}", values))
    assert np.ptp(series.time_s[:, 0]) == pytest.approx(STEP_S * (FRAMES - 1), abs=1e-4)
    np.testing.assert_array_equal(np.sort(series.signal.ravel()), np.sort(values.ravel()))
    assert "constant-interval" in {notice.code for notice in series.notices}


@pytest.mark.parametrize("ending", [".nrrd", ".nii.gz"])
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_order_of_axes_gives_the_same_signal_at_the_same_place(values, tmp_path, order, ending):
    right = by_place(loaded(write(tmp_path / f"rest{ending}", values)))
    turned = loaded(write(tmp_path / f"turned{ending}", values, order, (order[0] != 0, False, True)))
    assert turned.image_shape[0] == SLICES
    assert by_place(turned) == right


def test_one_slice_is_found_as_the_axis_of_one(values, tmp_path):
    turned = loaded(write(tmp_path / "rest.nii.gz", values[:, :1], (2, 0, 1)))
    assert turned.image_shape == (1, ROWS, COLUMNS)


def test_a_step_in_milliseconds_is_read_in_seconds(values, tmp_path):
    path = write(tmp_path / "rest.nii", values)
    content = bytearray(path.read_bytes())
    content[76 + 16 : 76 + 20] = struct.pack("<f", 1000 * STEP_S)
    content[123] = 2 | 16
    path.write_bytes(content)
    assert np.ptp(loaded(path).time_s[:, 0]) == pytest.approx(STEP_S * (FRAMES - 1), abs=1e-4)


def test_a_step_of_one_is_the_default_of_the_format_and_no_time(values, tmp_path):
    with pytest.raises(InputError, match="no frame times"):
        loaded(write(tmp_path / "rest.nrrd", values, step_s=1.0))


def test_the_spacing_of_an_axis_of_frames_is_its_step(values, tmp_path):
    header = {
        "kinds": ["domain"] * 3 + ["time"],
        "spacings": [*SPACING_MM, 1000 * STEP_S],
        "units": ["mm"] * 3 + ["ms"],
    }
    nrrd.write(str(tmp_path / "rest.nrrd"), values.transpose(), header)
    series = loaded(tmp_path / "rest.nrrd")
    assert np.ptp(series.time_s[:, 0]) == pytest.approx(STEP_S * (FRAMES - 1), abs=1e-4)


def test_dots_in_a_name_belong_to_it(values, tmp_path):
    for state, field in (("stress", 1.5), ("rest", 3.0)):
        write(tmp_path / f"P1.2.{state}.nii.gz", values + (state == "rest"))
        (tmp_path / f"P1.2.{state}.json").write_text(json.dumps({"MagneticFieldStrength": field}))
    study = LoadingLogic().run(StudyRequest(study=tmp_path))
    assert study.stress.tissue.protocol.field_strength_t == 1.5
    assert study.rest.tissue.protocol.field_strength_t == 3.0
