"""Wrong input ends in one clear line, never in a traceback or a silent guess."""

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import write_labels, write_sequence
from QPerfusionLogic.io.study.inspection import inspect
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.settings.schema import LoadingSettings


def refused(match, **request):
    with pytest.raises(InputError, match=match) as caught:
        LoadingLogic().run(StudyRequest(**request))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.fixture
def a_rest_folder(write, clocks, tmp_path):
    timing = clocks.siemens(start_s=37000.0, SeriesDescription="perf rest")
    write(tmp_path / "rest", frames=12, pixels=lambda frame, slice_: 200 + 10 * frame + slice_, **timing)
    return tmp_path / "rest"


@pytest.fixture
def a_stress_folder(write, clocks, tmp_path):
    write(tmp_path / "stress", frames=12, SeriesDescription="perf stress", **clocks.siemens())
    return tmp_path / "stress"


def test_a_path_that_does_not_exist(tmp_path):
    refused("nothing at", study=tmp_path / "nowhere")


def test_an_empty_folder(tmp_path):
    refused("an empty folder", study=tmp_path)


def test_a_folder_without_dicom(tmp_path):
    (tmp_path / "notes.txt").write_text("a note that is long enough to be looked at" * 10)
    refused("no DICOM image", study=tmp_path)


def test_a_folder_of_ct_images(a_ct_folder):
    refused("3 CT images .* expected MR images", study=a_ct_folder)


@pytest.mark.parametrize("left_bytes", [400, 900, -100])
def test_a_truncated_dicom_file(left_bytes, a_rest_folder):
    path = sorted(a_rest_folder.iterdir())[3]
    path.write_bytes(path.read_bytes()[:left_bytes])
    refused(f"a damaged DICOM file .*{path.name}", study=a_rest_folder)


def test_inspect_lists_every_series_and_names_the_damaged_file(a_rest_folder, a_stress_folder, tmp_path):
    path = sorted(a_rest_folder.iterdir())[3]
    path.write_bytes(path.read_bytes()[:-100])
    problems = {item.description: item.problems for item in inspect(tmp_path)}
    assert set(problems) == {"perf rest", "perf stress"}
    assert any("damaged" in text and path.name in text for text in problems["perf rest"])
    assert not any("damaged" in text for text in problems["perf stress"])


def test_inspect_tells_of_a_damaged_file_that_lost_its_series(a_rest_folder, tmp_path):
    path = sorted(a_rest_folder.iterdir())[3]
    path.write_bytes(path.read_bytes()[:400])
    (found,) = inspect(tmp_path)
    assert any("may be of this series" in text and path.name in text for text in found.problems)


def test_an_unreadable_file(a_rest_folder, monkeypatch):
    from pathlib import Path

    open_file = Path.open

    def forbidden(self, *arguments, **options):
        if self.name.endswith("0003"):
            raise PermissionError(13, "Permission denied", str(self))
        return open_file(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", forbidden)
    refused("Permission denied", study=a_rest_folder)


def test_a_perfusion_series_with_one_frame(write, clocks, tmp_path):
    write(tmp_path, frames=1, slices=3, SeriesDescription="perf rest", **clocks.siemens())
    refused("a series of 1 frame .* expected at least 8 frames", rest=tmp_path)
    refused("no perfusion series", study=tmp_path)


def test_stress_and_rest_from_two_patients(a_stress_folder, another_patient, clocks, tmp_path):
    another_patient(tmp_path / "rest", frames=12, SeriesDescription="perf rest", **clocks.siemens())
    refused("series of 2 patients", stress=a_stress_folder, rest=tmp_path / "rest")
    refused("series of 2 patients", study=tmp_path)


def test_stress_and_rest_swapped(a_stress_folder, a_rest_folder):
    refused("stress and rest swapped", stress=a_rest_folder, rest=a_stress_folder)


def test_swapped_descriptions_can_be_overruled(a_stress_folder, a_rest_folder):
    request = StudyRequest(stress=a_rest_folder, rest=a_stress_folder)
    study = LoadingLogic(LoadingSettings(accept_swapped=True)).run(request)
    assert [notice.code for notice in study.notices] == ["state-contradicted", "state-contradicted"]


def test_a_slower_heart_at_stress_is_told(write, clocks, tmp_path):
    write(tmp_path / "a", frames=12, SeriesDescription="perf stress", HeartRate=60, **clocks.siemens())
    write(tmp_path / "b", frames=13, SeriesDescription="perf rest", HeartRate=90, **clocks.siemens())
    study = LoadingLogic().run(StudyRequest(stress=tmp_path / "a", rest=tmp_path / "b"))
    assert [notice.code for notice in study.notices] == ["heart-rate-swapped"]


def test_a_mask_of_another_size(a_rest_folder, tmp_path):
    labels = np.ones((1, 16, 24), dtype=np.uint8)
    write_labels(tmp_path / "mask.nrrd", labels, Geometry.axis_aligned(1))
    refused(
        "a mask of 1 slice of 16 x 24 .* expected 1 slice of 16 x 20",
        rest=a_rest_folder,
        rest_mask=tmp_path / "mask.nrrd",
    )


def test_a_mask_with_unknown_labels(a_rest_folder, tmp_path):
    write_labels(tmp_path / "mask.nrrd", np.full((1, 16, 20), 7, dtype=np.uint8), Geometry.axis_aligned(1))
    refused("values 7 in the mask", rest=a_rest_folder, rest_mask=tmp_path / "mask.nrrd")


def test_a_mask_without_myocardium(a_rest_folder, tmp_path):
    write_labels(tmp_path / "mask.nrrd", np.full((1, 16, 20), 2, dtype=np.uint8), Geometry.axis_aligned(1))
    refused("no myocardium", rest=a_rest_folder, rest_mask=tmp_path / "mask.nrrd")


def test_times_that_do_not_increase(a_rest_folder, tmp_path):
    (tmp_path / "times.csv").write_text("time_s\n0\n1\n1\n2\n")
    refused("time 3 .* not after the one before", rest=a_rest_folder, times=tmp_path / "times.csv")


def test_too_few_times(a_rest_folder, tmp_path):
    (tmp_path / "times.csv").write_text("0\n0.8\n1.6\n2.4\n")
    refused("4 times .* expected 12", rest=a_rest_folder, times=tmp_path / "times.csv")


def test_times_in_milliseconds(a_rest_folder, tmp_path):
    (tmp_path / "times.csv").write_text("\n".join(str(698 * k) for k in range(12)))
    refused("milliseconds: divide by 1000", rest=a_rest_folder, times=tmp_path / "times.csv")


def test_times_that_are_no_numbers(a_rest_folder, tmp_path):
    (tmp_path / "times.csv").write_text("time_s\n0\nsoon\n2\n")
    refused("no number as time 2", rest=a_rest_folder, times=tmp_path / "times.csv")


def test_a_sequence_whose_times_stand_still(tmp_path):
    signal = np.ones((10, 1, 8, 8), dtype=np.float32)
    times = np.array([0.0, 1, 2, 3, 3, 4, 5, 6, 7, 8])
    write_sequence(tmp_path / "rest.seq.nrrd", signal, times, Geometry.axis_aligned(1))
    refused("time 5 .* not after the one before", rest=tmp_path / "rest.seq.nrrd")


def test_a_file_that_is_no_nifti(tmp_path):
    (tmp_path / "rest.nii.gz").write_bytes(b"nothing of the kind")
    refused("unreadable", rest=tmp_path / "rest.nii.gz")


def test_a_siemens_mosaic_is_refused_with_its_reason(write, clocks, tmp_path):
    mosaic = ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]
    write(tmp_path, frames=12, SeriesDescription="perf rest", ImageType=mosaic, **clocks.siemens())
    refused("a Siemens mosaic", rest=tmp_path)
    assert "tiled in one image" in inspect(tmp_path)[0].reason


def test_a_t1_map_that_is_none(a_rest_folder, tmp_path):
    from QPerfusionLogic.io.files.nrrd_files import write_map

    write_map(tmp_path / "t1.nrrd", np.full((1, 16, 20), 30.0), Geometry.axis_aligned(1))
    refused("a median of 30 in the T1 map", rest=a_rest_folder, t1_map=tmp_path / "t1.nrrd")


def test_an_empty_request():
    refused("an empty request")


def test_a_damaged_file_of_a_series_that_does_not_matter_is_passed_over(a_rest_folder, write):
    scout = write(a_rest_folder, frames=3, SeriesDescription="localizer", Manufacturer="SIEMENS")[1]
    scout.write_bytes(scout.read_bytes()[:-50])
    assert LoadingLogic().run(StudyRequest(study=a_rest_folder)).rest.tissue.frames == 12


def test_times_in_minutes(a_rest_folder, tmp_path):
    (tmp_path / "times.csv").write_text("\n".join(f"{0.0117 * k:g}" for k in range(12)))
    refused("minutes: multiply by 60", rest=a_rest_folder, times=tmp_path / "times.csv")


def test_a_sequence_with_its_times_in_milliseconds(tmp_path):
    signal = np.ones((10, 1, 8, 8), dtype=np.float32)
    write_sequence(tmp_path / "rest.seq.nrrd", signal, 698.0 * np.arange(10), Geometry.axis_aligned(1))
    refused("milliseconds: divide by 1000", rest=tmp_path / "rest.seq.nrrd")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("time_s\n0\n1\n2\n", "one column"),
        ("time_s,value\n0,1\n1,high\n", "values that are no numbers"),
        ("time_s,value\n", "no rows"),
        ("time_s,value\n0,1\n0,2\n", "not after the one before"),
    ],
)
def test_an_aif_curve_that_is_none(text, match, a_rest_folder, tmp_path):
    (tmp_path / "aif.csv").write_text(text)
    refused(match, rest=a_rest_folder, rest_aif=tmp_path / "aif.csv")


def test_a_folder_with_the_whole_studies_of_two_patients(write, another_patient, clocks, tmp_path):
    for writer, start_s in ((write, 36000.0), (another_patient, 46000.0)):
        for state in ("stress", "rest"):
            timing = clocks.siemens(start_s=start_s)
            writer(tmp_path / writer.patient, frames=12, SeriesDescription=f"perf {state}", **timing)
    refused("series of 2 patients", study=tmp_path)
