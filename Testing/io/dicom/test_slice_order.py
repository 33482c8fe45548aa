"""Slices run from base to apex wherever the files show positions."""

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.io.files.nrrd_files import write_labels, write_sequence
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest

TIMES = np.arange(10)[:, None] * 0.8 + np.array([0.0, 0.1, 0.2])


@pytest.fixture
def signal():
    return np.random.default_rng(1).uniform(1, 2, (10, 3, 6, 5)).astype(np.float32)


def short_axis(step):
    """A stack whose slices follow each other by `step` mm towards the apex."""
    matrices = np.tile(np.eye(4), (3, 1, 1))
    towards_apex = np.array([0.6, -0.64, -0.48])
    along_columns = np.array([0.8, 0.48, 0.36])
    matrices[:, :3, 0], matrices[:, :3, 1] = along_columns, np.cross(towards_apex, along_columns)
    matrices[:, :3, 2] = towards_apex
    matrices[:, :3, 3] = np.array([5.0, 6.0, 7.0]) + step * np.arange(3)[:, None] * towards_apex
    return Geometry(matrices)


def loaded(folder):
    return LoadingLogic().run(StudyRequest(study=folder)).rest


def test_a_file_that_runs_from_apex_to_base_is_turned_round(signal, tmp_path):
    write_sequence(tmp_path / "rest.seq.nrrd", signal, TIMES, short_axis(-10.0))
    series = loaded(tmp_path).tissue
    np.testing.assert_array_equal(series.signal, signal[:, ::-1])
    np.testing.assert_allclose(series.time_s, TIMES[:, ::-1], atol=1e-9)
    np.testing.assert_allclose(series.geometry.index_to_lps[:, :3, 3], short_axis(-10.0).index_to_lps[::-1, :3, 3])


def test_its_mask_is_turned_with_it(signal, tmp_path):
    labels = np.zeros((3, 6, 5), dtype=np.uint8)
    labels[0, 1:3], labels[2, 4] = 1, 2
    write_sequence(tmp_path / "rest.seq.nrrd", signal, TIMES, short_axis(-10.0))
    write_labels(tmp_path / "rest_mask.nrrd", labels, short_axis(-10.0))
    np.testing.assert_array_equal(loaded(tmp_path).mask.labels, labels[::-1])


def test_a_file_that_runs_from_base_to_apex_stays(signal, tmp_path):
    write_sequence(tmp_path / "rest.seq.nrrd", signal, TIMES, short_axis(10.0))
    np.testing.assert_array_equal(loaded(tmp_path).tissue.signal, signal)


def test_a_file_without_a_place_stays_as_it_is(signal, tmp_path):
    write_sequence(tmp_path / "rest.seq.nrrd", signal, TIMES, Geometry.axis_aligned(3))
    np.testing.assert_array_equal(loaded(tmp_path).tissue.signal, signal)
