"""NIfTI, NRRD and sequence files are read with the axes, times and place that the user or the file shows."""

import numpy as np
import pytest
import SimpleITK

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.series import Quantity, State
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import write_map, write_sequence
from QPerfusionLogic.io.study.inspection import inspect
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.settings.schema import LoadingSettings

FRAMES, SLICES, ROWS, COLUMNS = 10, 2, 6, 5


@pytest.fixture
def values():
    """(frames, slices, rows, columns)"""
    return np.random.default_rng(5).uniform(10, 90, (FRAMES, SLICES, ROWS, COLUMNS)).astype(np.float32)


def loaded(path, times=None, **settings):
    request = StudyRequest(rest=path, times=times)
    return LoadingLogic(LoadingSettings(**settings)).run(request).rest.tissue


def write_nifti(path, array, spacing=None):
    """Write an array whose first axis becomes the first axis of the file."""
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(array.transpose()), isVector=False)
    if spacing:
        image.SetSpacing(spacing)
    SimpleITK.WriteImage(image, str(path))


@pytest.mark.parametrize("axes", ["x,y,z,t", "t,x,y,z", "t,z,y,x", "x,y,t,z", "y,x,z,t"])
def test_any_order_of_four_axes_gives_the_same_images(axes, values, tmp_path):
    in_file = values.transpose(["tzyx".index(name) for name in axes.split(",")])
    write_nifti(tmp_path / "rest.nii.gz", in_file)
    np.testing.assert_array_equal(loaded(tmp_path / "rest.nii.gz", axes=axes, frame_interval_s=0.8).signal, values)


@pytest.mark.parametrize("axes", ["x,y,t", "t,x,y", "t,y,x", "y,x,t"])
def test_any_order_of_three_axes_gives_the_same_images(axes, values, tmp_path):
    one_slice = values[:, :1]
    in_file = one_slice[:, 0].transpose(["tyx".index(name) for name in axes.split(",")])
    write_nifti(tmp_path / "rest.nii.gz", in_file)
    np.testing.assert_array_equal(loaded(tmp_path / "rest.nii.gz", axes=axes, frame_interval_s=0.8).signal, one_slice)


def test_pixel_spacing_follows_the_axes(values, tmp_path):
    write_nifti(tmp_path / "rest.nii.gz", values[:, 0], spacing=(16.0, 2.5, 1.5))
    series = loaded(tmp_path / "rest.nii.gz", axes="t,y,x", frame_interval_s=0.8)
    assert series.geometry.pixel_spacing_mm == pytest.approx((2.5, 1.5))


def test_a_nifti_in_standard_order_keeps_its_place_in_the_patient_upper_slice_first(values, tmp_path):
    image = SimpleITK.GetImageFromArray(values, isVector=False)
    image.SetOrigin((7.0, -8.0, 9.0, 0.0))
    image.SetSpacing((1.5, 2.5, 8.0, 0.9))
    SimpleITK.WriteImage(image, str(tmp_path / "rest.nii.gz"))
    series = loaded(tmp_path / "rest.nii.gz")
    expected = [[1.5, 0, 0, 7], [0, 2.5, 0, -8], [0, 0, 8, 17], [0, 0, 0, 1]]
    np.testing.assert_allclose(series.geometry.index_to_lps[0], expected, atol=1e-5)
    np.testing.assert_array_equal(series.signal, values[:, ::-1])
    np.testing.assert_allclose(series.time_s[:, 0], 0.9 * np.arange(FRAMES), atol=1e-6)
    assert [notice.code for notice in series.notices] == ["constant-interval"]


def test_a_nifti_without_times_asks_for_them(values, tmp_path):
    write_nifti(tmp_path / "rest.nii.gz", values.transpose(3, 2, 1, 0))
    with pytest.raises(InputError, match=r"loading\.frame_interval_s"):
        loaded(tmp_path / "rest.nii.gz")


def test_a_file_of_vectors_is_refused(values, tmp_path):
    image = SimpleITK.GetImageFromArray(values, isVector=True)
    SimpleITK.WriteImage(image, str(tmp_path / "rest.nii.gz"))
    with pytest.raises(InputError, match="5 numbers per pixel"):
        loaded(tmp_path / "rest.nii.gz", frame_interval_s=0.8)


def test_times_come_from_a_csv(values, tmp_path):
    write_nifti(tmp_path / "rest.nii.gz", values.transpose(3, 2, 1, 0))
    times = np.cumsum([0.0, 0.8, 0.9, 0.7, 0.8, 1.6, 0.8, 0.8, 0.9, 0.8])
    (tmp_path / "times.csv").write_text("time_s;kept\n" + "\n".join(f"{value:g};1" for value in times))
    series = loaded(tmp_path / "rest.nii.gz", times=tmp_path / "times.csv")
    np.testing.assert_allclose(series.time_s[:, 1], times)


def test_a_sequence_of_concentrations_keeps_times_and_quantity(values, tmp_path):
    times = np.cumsum(np.full(FRAMES, 0.7)) - 0.7
    geometry = Geometry.axis_aligned(SLICES, (2.0, 2.0), 10.0)
    write_sequence(tmp_path / "rest.seq.nrrd", values, times, geometry, {"quantity": "gd_mmol_l"})
    series = loaded(tmp_path / "rest.seq.nrrd")
    np.testing.assert_allclose(series.time_s[:, 0], times)
    assert (series.quantity, series.state) == (Quantity.GADOLINIUM, State.REST)


def test_a_map_of_t1_in_milliseconds_becomes_seconds(values, tmp_path):
    geometry = Geometry.axis_aligned(SLICES)
    write_sequence(tmp_path / "rest.seq.nrrd", values, np.arange(FRAMES) * 0.8, geometry)
    t1_ms = np.full((SLICES, ROWS, COLUMNS), 1150.0)
    t1_ms[0, 0, 0] = 0.0
    write_map(tmp_path / "t1.nrrd", t1_ms, geometry)
    request = StudyRequest(rest=tmp_path / "rest.seq.nrrd", t1_map=tmp_path / "t1.nrrd")
    t1_s = LoadingLogic().run(request).t1_map.t1_s
    assert np.nanmedian(t1_s) == pytest.approx(1.15)
    assert np.isnan(t1_s[0, 0, 0])


def test_an_aif_curve_is_read_beside_a_series(values, tmp_path):
    write_sequence(tmp_path / "rest.seq.nrrd", values, np.arange(FRAMES) * 0.8, Geometry.axis_aligned(SLICES))
    (tmp_path / "aif.csv").write_text("time_s,value\n0,0\n0.8,1.5\n1.6,3\n")
    request = StudyRequest(rest=tmp_path / "rest.seq.nrrd", rest_aif=tmp_path / "aif.csv")
    curve = LoadingLogic().run(request).rest.aif_curve
    np.testing.assert_array_equal(curve.value, [0.0, 1.5, 3.0])
    assert curve.quantity is Quantity.GADOLINIUM


def test_the_aif_table_of_an_earlier_run_gives_its_gadolinium(values, tmp_path):
    write_sequence(tmp_path / "rest.seq.nrrd", values, np.arange(FRAMES) * 0.8, Geometry.axis_aligned(SLICES))
    (tmp_path / "aif.csv").write_text("time_s,measured,corrected,gd_mmol_l\n0,100,100,0\n1,200,300,2.5\n2,250,400,4\n")
    request = StudyRequest(rest=tmp_path / "rest.seq.nrrd", rest_aif=tmp_path / "aif.csv")
    np.testing.assert_array_equal(LoadingLogic().run(request).rest.aif_curve.value, [0.0, 2.5, 4.0])


def test_inspect_tells_what_a_sequence_file_holds(values, tmp_path):
    write_sequence(tmp_path / "stress_perf.seq.nrrd", values, np.arange(FRAMES) * 0.8, Geometry.axis_aligned(SLICES))
    (summary,) = inspect(tmp_path / "stress_perf.seq.nrrd")
    assert (summary.state, summary.frames, summary.slices) == (State.STRESS, FRAMES, SLICES)
    assert summary.interval_s == pytest.approx(0.8)


def test_given_times_also_time_an_aif_file_of_the_same_frames(values, tmp_path):
    write_nifti(tmp_path / "rest.nii.gz", values.transpose(3, 2, 1, 0))
    write_nifti(tmp_path / "aif.nii.gz", values[:, :1, ::2, ::2].transpose(3, 2, 1, 0))
    times = np.cumsum([0.0, 0.8, 0.9, 0.7, 0.8, 1.6, 0.8, 0.8, 0.9, 0.8])
    (tmp_path / "times.csv").write_text("time_s\n" + "\n".join(f"{value:g}" for value in times))
    request = StudyRequest(
        rest=tmp_path / "rest.nii.gz", rest_aif=tmp_path / "aif.nii.gz", times=tmp_path / "times.csv"
    )
    np.testing.assert_allclose(LoadingLogic().run(request).rest.aif_series.time_s[:, 0], times)
