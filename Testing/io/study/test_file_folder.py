"""A folder of image files is a study whose parts are given by the names."""

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import write_labels, write_map, write_sequence
from QPerfusionLogic.io.study.inspection import inspect
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest


@pytest.fixture
def a_folder(tmp_path):
    """Sequences `stress_tissue`, `rest_tissue` and `rest_aif`, a mask, a T1 map and a curve."""
    geometry, small = Geometry.axis_aligned(1), Geometry.axis_aligned(1, (6.0, 6.0))
    random = np.random.default_rng(3)
    for name, shape, place in (
        ("stress_tissue", (12, 1, 8, 9), geometry),
        ("rest_tissue", (11, 1, 8, 9), geometry),
        ("rest_aif", (11, 1, 4, 4), small),
    ):
        images = random.uniform(1, 2, shape).astype(np.float32)
        write_sequence(tmp_path / f"{name}.seq.nrrd", images, np.arange(shape[0]) * 0.8, place)
    write_labels(tmp_path / "rest_mask.nrrd", np.ones((1, 8, 9), dtype=np.uint8), geometry)
    write_map(tmp_path / "T1_map.nrrd", np.full((1, 8, 9), 1100.0), geometry)
    (tmp_path / "stress_aif.csv").write_text("time_s,value\n0,0\n1,2\n2,4\n")
    return tmp_path


def test_every_part_is_found_by_its_name(a_folder):
    study = LoadingLogic().run(StudyRequest(study=a_folder))
    assert (study.stress.tissue.frames, study.rest.tissue.frames) == (12, 11)
    assert study.stress.aif_curve.value.tolist() == [0.0, 2.0, 4.0]
    assert study.rest.aif_series.image_shape == (1, 4, 4)
    assert study.rest.mask.labels.all()
    assert float(study.t1_map.t1_s.mean()) == pytest.approx(1.1)


def test_what_the_user_names_wins(a_folder):
    other = a_folder / "other" / "series.seq.nrrd"
    other.parent.mkdir()
    write_sequence(other, np.ones((14, 1, 8, 9), np.float32), np.arange(14) * 0.8, Geometry.axis_aligned(1))
    (a_folder / "rest_mask.nrrd").unlink()
    study = LoadingLogic().run(StudyRequest(study=a_folder, rest=other))
    assert study.rest.tissue.frames == 14


def test_two_files_for_one_part_are_refused(a_folder):
    (a_folder / "rest_again.seq.nrrd").write_bytes((a_folder / "rest_tissue.seq.nrrd").read_bytes())
    with pytest.raises(InputError, match="two files for rest"):
        LoadingLogic().run(StudyRequest(study=a_folder))


def test_a_single_file_that_tells_no_state_is_taken_as_rest(a_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("single")
    (folder / "case02.seq.nrrd").write_bytes((a_folder / "rest_tissue.seq.nrrd").read_bytes())
    assert LoadingLogic().run(StudyRequest(study=folder)).rest.tissue.frames == 11


def test_inspect_lists_every_file(a_folder):
    summaries = {summary.description: summary for summary in inspect(a_folder)}
    assert set(summaries) == {
        *("stress_tissue.seq.nrrd", "rest_tissue.seq.nrrd", "rest_aif.seq.nrrd"),
        *("rest_mask.nrrd", "T1_map.nrrd"),
    }
    assert summaries["rest_tissue.seq.nrrd"].frames == 11
    assert summaries["rest_mask.nrrd"].frames == 1


def test_a_note_beside_the_files_is_no_hindrance(a_folder):
    (a_folder / "README.md").write_text("How these were made.")
    assert LoadingLogic().run(StudyRequest(study=a_folder)).rest.tissue.frames == 11
