"""What is written as NRRD is what Slicer and we read back."""

import nrrd
import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import (
    format_time,
    read_labels,
    read_map,
    read_sequence,
    write_labels,
    write_map,
    write_sequence,
)

TIMES = np.array([0.0, 0.7, 1.45, 2.9])


@pytest.fixture
def an_oblique_geometry():
    along_columns, along_rows = np.array([0.8, 0.6, 0.0]), np.array([0.0, 0.0, -1.0])
    normal = np.cross(along_columns, along_rows)
    matrices = np.tile(np.eye(4), (3, 1, 1))
    matrices[:, :3, 0], matrices[:, :3, 1], matrices[:, :3, 2] = 1.5 * along_columns, 2.5 * along_rows, 8.0 * normal
    matrices[:, :3, 3] = np.array([7.0, -8.0, 9.0]) + np.arange(3)[:, None] * 8.0 * normal
    return Geometry(matrices)


@pytest.fixture
def a_scalar_sequence():
    return np.random.default_rng(1).normal(size=(4, 3, 5, 6)).astype(np.float32)


@pytest.fixture
def a_motion_sequence():
    return np.random.default_rng(2).normal(size=(4, 3, 5, 6, 3)).astype(np.float32)


@pytest.mark.parametrize("which", ["a_scalar_sequence", "a_motion_sequence"])
def test_a_sequence_survives_writing_and_reading(which, an_oblique_geometry, tmp_path, request):
    values = request.getfixturevalue(which)
    write_sequence(tmp_path / "a.seq.nrrd", values, TIMES, an_oblique_geometry, {"quantity": "signal"})
    found = read_sequence(tmp_path / "a.seq.nrrd")
    np.testing.assert_array_equal(found.values, values)
    np.testing.assert_allclose(found.time_s, np.repeat(TIMES[:, None], 3, axis=1))
    np.testing.assert_allclose(found.geometry.index_to_lps, an_oblique_geometry.index_to_lps, atol=1e-9)
    assert found.metadata["quantity"] == "signal"


def test_the_time_of_every_slice_is_kept(a_scalar_sequence, an_oblique_geometry, tmp_path):
    times = TIMES[:, None] + np.array([0.2, 0.0, 0.1])
    write_sequence(tmp_path / "a.seq.nrrd", a_scalar_sequence, times, an_oblique_geometry)
    np.testing.assert_allclose(read_sequence(tmp_path / "a.seq.nrrd").time_s, times)


def test_no_half_written_file_is_left_beside(a_scalar_sequence, an_oblique_geometry, tmp_path):
    write_sequence(tmp_path / "a.seq.nrrd", a_scalar_sequence, TIMES, an_oblique_geometry)
    assert [path.name for path in tmp_path.iterdir()] == ["a.seq.nrrd"]


def test_a_map_survives_writing_and_reading(an_oblique_geometry, tmp_path):
    values = np.arange(90.0).reshape(3, 5, 6)
    values[0, 0, 0] = np.nan
    write_map(tmp_path / "mbf.nrrd", values, an_oblique_geometry)
    found, geometry = read_map(tmp_path / "mbf.nrrd")
    np.testing.assert_array_equal(found, values)
    np.testing.assert_allclose(geometry.index_to_lps, an_oblique_geometry.index_to_lps, atol=1e-9)


def test_labels_survive_writing_and_reading(an_oblique_geometry, tmp_path):
    labels = (np.arange(90).reshape(3, 5, 6) % 4).astype(np.uint8)
    write_labels(tmp_path / "labels.nrrd", labels, an_oblique_geometry)
    found = read_labels(tmp_path / "labels.nrrd")
    np.testing.assert_array_equal(found.labels, labels)
    assert found.labels.dtype == np.uint8


def test_a_map_that_is_no_label_map_is_refused(an_oblique_geometry, tmp_path):
    write_map(tmp_path / "t1.nrrd", np.full((3, 5, 6), 1.5), an_oblique_geometry)
    with pytest.raises(InputError, match="whole numbers"):
        read_labels(tmp_path / "t1.nrrd")


@pytest.mark.parametrize(("value", "text"), [(2.4000000000000004, "2.4"), (0.0, "0"), (-1e-9, "0"), (54.418, "54.418")])
def test_times_are_written_without_binary_tails(value, text):
    assert format_time(value) == text


def test_a_truncated_file_is_refused_in_one_line(a_scalar_sequence, an_oblique_geometry, tmp_path):
    path = tmp_path / "a.seq.nrrd"
    write_sequence(path, a_scalar_sequence, TIMES, an_oblique_geometry)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(InputError, match="not a whole NRRD file") as caught:
        read_sequence(path)
    assert "\n" not in str(caught.value)


def test_a_legacy_multivolume_tells_its_times_in_milliseconds(tmp_path):
    import nrrd

    header = {
        "kinds": ["list", "domain", "domain", "domain"],
        "space": "right-anterior-superior",
        "space directions": np.array([[np.nan] * 3, [2, 0, 0], [0, 2, 0], [0, 0, 8]]),
        "space origin": np.array([1.0, 2.0, 3.0]),
        "MultiVolume.FrameLabels": "0,700,1450,2900",
    }
    values = np.arange(4 * 6 * 5 * 3, dtype=np.float32).reshape(4, 6, 5, 3)
    nrrd.write(str(tmp_path / "multi.nrrd"), values, header)
    found = read_sequence(tmp_path / "multi.nrrd")
    np.testing.assert_allclose(found.time_s[:, 0], TIMES)
    np.testing.assert_array_equal(found.values, values.transpose(0, 3, 2, 1))
    np.testing.assert_allclose(found.geometry.index_to_lps[0, :3, 3], [-1.0, -2.0, 3.0])


@pytest.mark.parametrize(
    ("label", "unit", "timed"), [("frame", "", False), ("", "", False), ("time", "", True), ("frame", "s", True)]
)
def test_an_axis_without_unit_that_counts_its_frames_holds_no_times(tmp_path, label, unit, timed):
    header = {
        "kinds": ["domain", "domain", "domain", "list"],
        "labels": ["", "", "", label],
        "units": ["", "", "", unit],
        "axis 3 index type": "numeric",
        "axis 3 index values": " ".join(str(number) for number in range(12)),
    }
    nrrd.write(str(tmp_path / "series.seq.nrrd"), np.zeros((5, 4, 1, 12), dtype=np.float32), header)
    found = read_sequence(tmp_path / "series.seq.nrrd")
    assert (found.time_s is not None) == timed
    assert found.values.shape == (12, 1, 4, 5)
