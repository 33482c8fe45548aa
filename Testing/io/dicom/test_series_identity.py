"""Series are found by all that is known of their images, not by one identifier.

Every test alters the headers of one study whose two states were read unaltered first; what is read must not change.
"""

import shutil

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest

REST_AFTER_S = 875.0


def bolus(frame, slice_):
    return 900 + frame if frame < 3 else 100 + 10 * max(frame - 10, 0) + slice_


@pytest.fixture
def a_study(write, clocks, tmp_path):
    """Stress and rest of three slices with proton-density frames at the head, and their AIF series."""
    folder = tmp_path / "study"
    for state, start_s in (("stress", 36000.0), ("rest", 36000.0 + REST_AFTER_S)):
        shift = 0 if state == "stress" else 1000
        words = {"SeriesDescription": f"perf {state}", "HeartRate": 92 if state == "stress" else 70}
        write(
            folder / state,
            frames=20,
            slices=3,
            pixels=lambda frame, slice_, shift=shift: bolus(frame, slice_) + shift,
            **clocks.siemens(start_s=start_s, **words),
        )
        words["SeriesDescription"] += " AIF"
        low = {"rows": 8, "columns": 10, "pixels": lambda frame, slice_, shift=shift: 3 * bolus(frame, slice_) + shift}
        write(folder / f"{state}_aif", frames=20, **low, **clocks.siemens(start_s=start_s - 0.1, **words))
    return folder


def altered(study, change, flat=False):
    """Return a copy of a study, each file changed; in one folder where flat."""
    copy = study.with_name("altered")
    shutil.copytree(study, copy)
    for number, path in enumerate(sorted(item for item in copy.rglob("*") if item.is_file())):
        dataset = pydicom.dcmread(path)
        change(dataset, path)
        dataset.save_as(path)
        if flat:
            path.rename(copy / f"{number:05d}")
    return copy


def loaded(path):
    return LoadingLogic().run(StudyRequest(study=path))


def assert_same(found, expected):
    for state in ("stress", "rest"):
        one, other = getattr(found, state), getattr(expected, state)
        for part in ("tissue", "aif_series"):
            series, right = getattr(one, part), getattr(other, part)
            np.testing.assert_array_equal(series.signal, right.signal)
            np.testing.assert_array_equal(series.proton_density, right.proton_density)
            np.testing.assert_allclose(series.time_s, right.time_s, atol=1e-6)


def test_injections_in_one_series_are_parted_by_the_pause_between_them(a_study):
    def share(dataset, path):
        aif = "aif" in path.parent.name
        dataset.SeriesInstanceUID, dataset.SeriesNumber = f"1.2.3.{int(aif)}", 20 + aif
        dataset.SeriesDescription = "perf AIF" if aif else "perf"

    found = loaded(altered(a_study, share, flat=True))
    assert_same(found, loaded(a_study))
    assert any("pause of 8" in notice.message for notice in found.rest.tissue.notices)
    assert any(notice.code == "state-guessed" for notice in found.notices)


def test_two_boluses_of_one_series_a_minute_apart_are_no_stress_and_rest(write, clocks, tmp_path):
    for start_s in (36000.0, 36070.0):
        write(tmp_path, frames=12, series_uid="1.2.3.4", **clocks.siemens(start_s=start_s))
    with pytest.raises(InputError, match=r"two acquisitions .* 61 s from the end"):
        loaded(tmp_path)


@pytest.mark.parametrize("empty", [True, False])
def test_series_without_identifier_are_told_apart_by_number_and_description(a_study, empty):
    def strip(dataset, path):
        dataset.SeriesInstanceUID = ""
        if not empty:
            del dataset.SeriesInstanceUID

    assert_same(loaded(altered(a_study, strip, flat=True)), loaded(a_study))


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("part", ["image", "volume", "slice", "halves"])
def test_parts_of_a_series_with_identifiers_of_their_own_are_joined(a_study, part, numbered):
    uids = {}

    def spread(dataset, path):
        frame = (int(dataset.InstanceNumber) - 1) // (1 if "aif" in path.parent.name else 3)
        own = {"image": path, "volume": frame, "slice": dataset.ImagePositionPatient[2], "halves": frame >= 11}[part]
        dataset.SeriesInstanceUID = uids.setdefault((path.parent, str(own)), generate_uid())
        if not numbered:
            del dataset.SeriesNumber

    found = loaded(altered(a_study, spread))
    assert_same(found, loaded(a_study))
    assert any("joined" in notice.message for notice in found.rest.tissue.notices)


def test_a_study_identifier_for_every_image_parts_nothing(a_study):
    def spread(dataset, path):
        dataset.SeriesInstanceUID, dataset.StudyInstanceUID = generate_uid(), generate_uid()

    assert_same(loaded(altered(a_study, spread)), loaded(a_study))


@pytest.mark.parametrize("uid", ["", "1.2.3.4"])
def test_images_of_one_sop_identifier_are_all_read(a_study, uid):
    def same(dataset, path):
        dataset.SOPInstanceUID = uid

    assert_same(loaded(altered(a_study, same)), loaded(a_study))


@pytest.mark.parametrize("every_image", [False, True], ids=["one identifier", "an identifier for each image"])
def test_copies_with_identifiers_of_their_own_change_nothing(a_study, every_image):
    right = loaded(a_study)
    copy = altered(a_study, lambda d, p: setattr(d, "SeriesInstanceUID", generate_uid()) if every_image else None)
    for path in sorted(item for item in copy.rglob("*") if item.is_file())[::2]:
        dataset = pydicom.dcmread(path)
        dataset.SOPInstanceUID = generate_uid()
        dataset.save_as(path.with_name(f"{path.name}_copy"))
    found = loaded(copy)
    assert_same(found, right)
    assert "duplicated-frames" in {notice.code for notice in found.stress.tissue.notices}


@pytest.mark.parametrize("cosine", [0.65, 0.25, 0.95])
def test_jitter_of_the_orientation_loses_no_frame(a_study, cosine):
    def turned(jitter):
        def turn(dataset, path):
            row = np.array([cosine, np.sqrt(1 - cosine**2), 0.0])
            row[0] += jitter * (-1) ** int(dataset.InstanceNumber)
            dataset.ImageOrientationPatient = [*row.tolist(), 0.0, 0.0, -1.0]
            dataset.ImagePositionPatient = [*(-10.0 * int(dataset.ImagePositionPatient[2]) * row[[1, 0]]), 0.0]

        return turn

    plain = loaded(altered(a_study, turned(0.0)))
    shutil.rmtree(a_study.with_name("altered"))
    assert_same(loaded(altered(a_study, turned(2e-6))), plain)


@pytest.mark.parametrize(("keyword", "value"), [("FlipAngle", 12.5), ("InversionTime", 100.5), ("EchoTime", 1.15)])
def test_jitter_of_the_protocol_loses_no_frame(a_study, keyword, value):
    def jitter(dataset, path):
        setattr(dataset, keyword, value + 1e-4 * (-1) ** int(dataset.InstanceNumber))

    assert_same(loaded(altered(a_study, jitter)), loaded(a_study))


def test_slices_planned_apart_by_degrees_stay_one_stack(a_study):
    def tilt(dataset, path):
        angle = np.radians(0.6 * (50.0 - float(dataset.ImagePositionPatient[2])))
        dataset.ImageOrientationPatient = [np.cos(angle), 0, np.sin(angle), 0, 1, 0]

    found = loaded(altered(a_study, tilt))
    assert_same(found, loaded(a_study))
    assert any("tilted by up to 12 degrees" in notice.message for notice in found.rest.tissue.notices)


def test_slices_that_cross_in_one_point_are_slices_of_their_own(a_study):
    def cross(dataset, path):
        angle = np.radians(1.2 * (50.0 - float(dataset.ImagePositionPatient[2])) - 12.0)
        row, column = np.array([np.cos(angle), 0, np.sin(angle)]), np.array([0.0, 1.0, 0.0])
        rows, columns = dataset.Rows, dataset.Columns
        corner = -row * 1.5 * (columns - 1) / 2 - column * 2.0 * (rows - 1) / 2
        dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [*row, *column], corner.tolist()

    found = loaded(altered(a_study, cross))
    assert found.rest.tissue.signal.shape == (17, 3, 16, 20)


def test_two_series_of_one_state_are_a_serious_question(write, clocks, tmp_path):
    for start_s in (36000.0, 37000.0):
        write(tmp_path, frames=12, slices=2, SeriesDescription="perf rest", **clocks.siemens(start_s=start_s))
    (notice,) = (notice for notice in loaded(tmp_path).notices if notice.code == "series-ambiguous")
    assert notice.severity is Severity.SERIOUS
    assert "24 images" in notice.message


@pytest.mark.parametrize(
    ("own_numbers", "cause"),
    [
        (True, "24 images of a slice at 12 times"),
        (False, "12 images of 24 .* with the slice and time of another image"),
    ],
)
def test_two_images_for_each_time_are_refused_by_that_cause(own_numbers, cause, write, clocks, tmp_path):
    for shift in (0, 1000):
        pixels = {"pixels": lambda frame, slice_, shift=shift: shift + frame}
        paths = write(tmp_path, frames=12, series_uid="1.2.3", **pixels, **clocks.siemens(SeriesNumber=1))
        for path in paths if own_numbers else ():
            dataset = pydicom.dcmread(path)
            dataset.InstanceNumber += shift
            dataset.save_as(path)
    with pytest.raises(InputError, match=cause):
        loaded(tmp_path)


def test_an_image_that_differs_from_the_one_of_its_time_is_reported(write, clocks, tmp_path):
    write(tmp_path, frames=12, series_uid="1.2.3", **clocks.siemens())
    write(tmp_path, frames=1, series_uid="1.2.3", pixels=lambda frame, slice_: 7, **clocks.siemens())
    notices = {notice.code: notice for notice in loaded(tmp_path).rest.tissue.notices}
    assert notices["repeated-images-differ"].severity is Severity.SERIOUS
