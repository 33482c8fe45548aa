"""A simulated study: deterministic, consistent with its truth, written as files."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from QPerfusionLogic.data.series import State
from QPerfusionLogic.errors import InputError, OutputError
from QPerfusionLogic.phantom.files.cohort_writer import simulate, write_patient
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient


def test_the_same_seed_gives_the_same_study(a_small_study):
    again = simulate_patient(
        sample_patient(5, slices=1, frames=24, states=(State.STRESS,), condition="ischaemia", territory="LAD")
    )
    assert np.array_equal(again.study.stress.tissue.signal, a_small_study.study.stress.tissue.signal)
    assert again.parameters == a_small_study.parameters


def test_another_seed_gives_another_patient(a_small_study):
    assert sample_patient(6).as_dictionary() != a_small_study.parameters


def test_all_series_have_the_shapes_that_their_geometry_and_times_tell(a_small_study):
    acquisition = a_small_study.study.stress
    for series in (acquisition.tissue, acquisition.aif_series):
        assert series.time_s.shape == (24, series.slices)
        assert series.geometry.slices == series.slices
        assert np.all(np.diff(series.time_s, axis=0) > 0)
    assert acquisition.aif_series.second_echo.shape == acquisition.aif_series.signal.shape
    assert acquisition.tissue.proton_density.shape[1:] == acquisition.tissue.signal.shape[1:]


def test_truth_maps_are_finite_exactly_in_the_myocardium(a_small_study):
    truth = a_small_study.truth[State.STRESS]
    for name in ("mbf", "ps", "vp", "ve", "delay"):
        assert np.array_equal(np.isfinite(truth.maps[name]), truth.labels == 1)
    assert np.array_equal(truth.segments > 0, truth.labels == 1)
    assert np.array_equal(truth.layers > 0, truth.labels == 1)


def test_the_defect_lies_in_the_territory_it_was_asked_for(a_small_study):
    truth = a_small_study.truth[State.STRESS]
    means = {s: truth.maps["mbf"][truth.segments == s].mean() for s in range(7, 13)}
    assert max(means[7], means[8]) < min(means[10], means[11])


def test_the_anterior_insertion_point_parts_segments_1_and_2():
    study = simulate_patient(sample_patient(8, slices=1, frames=12, states=(State.REST,), motion=False))
    truth = study.truth[State.REST]
    point = truth.insertion_points[0, 0]
    rows, columns = np.nonzero(truth.labels[0] == 1)
    order = np.argsort(np.hypot(rows - point[0], columns - point[1]))[:12]
    assert set(truth.segments[0][rows[order], columns[order]].tolist()) == {7, 8}


def test_moving_a_frame_by_the_true_displacement_brings_the_heart_back():
    from scipy.ndimage import shift

    options = {"slices": 1, "frames": 20, "states": (State.REST,), "noise": False, "mishaps": False}
    moving = simulate_patient(sample_patient(11, **options))
    truth, series = moving.truth[State.REST], moving.study.rest.tissue
    pixel = series.geometry.pixel_spacing_mm[0]
    heart = truth.labels[0] > 0
    reference = series.signal[0, 0]
    still, moved = [], []
    for frame in range(4):
        away = (truth.displacement_mm[frame, 0] - truth.displacement_mm[0, 0]) / pixel
        still.append(np.abs(series.signal[frame, 0] - reference)[heart].mean())
        moved.append(np.abs(shift(series.signal[frame, 0], -away, order=3) - reference)[heart].mean())
    assert sum(moved) < 0.5 * sum(still)


def test_a_patient_is_written_with_its_truth(a_small_study, tmp_path):
    write_patient(a_small_study, tmp_path / "patient_001")
    truth = tmp_path / "patient_001" / "truth"
    assert (truth / "stress" / "mbf.nrrd").exists()
    assert json.loads((truth / "patient.json").read_text())["seed"] == 5
    rows = list(csv.DictReader((truth / "segments.csv").open()))
    assert rows[0]["territory"] == "LAD"
    assert float(rows[0]["stress_mbf"]) > 0
    assert not list(tmp_path.glob("*.partial"))


def test_an_existing_patient_is_never_overwritten(a_small_study, tmp_path):
    (tmp_path / "patient_001").mkdir()
    with pytest.raises(OutputError):
        write_patient(a_small_study, tmp_path / "patient_001")


@pytest.mark.parametrize(
    "wrong", [{"patients": 0}, {"vendor": "acme"}, {"format": "tiff"}, {"slices": 9}, {"frames": 3}]
)
def test_wrong_options_are_refused(wrong, tmp_path):
    with pytest.raises(InputError):
        simulate(tmp_path, **wrong)


def test_sequences_and_protocol_are_written_for_slicer(a_small_study, tmp_path):
    from QPerfusionLogic.io.files.nrrd_files import read_sequence

    write_patient(a_small_study, tmp_path / "patient_001", format="nrrd")
    folder = tmp_path / "patient_001" / "nrrd"
    series = a_small_study.study.stress.tissue
    sequence = read_sequence(folder / "stress_tissue.seq.nrrd")
    np.testing.assert_allclose(sequence.values[3:], series.signal, rtol=1e-6)
    np.testing.assert_allclose(np.diff(sequence.time_s[3:], axis=0), np.diff(series.time_s, axis=0), atol=1e-5)
    assert json.loads((folder / "stress_tissue.json").read_text())["flip_angle_deg"] == series.protocol.flip_angle_deg


def test_true_maps_lie_on_the_grid_of_the_images(a_small_study, tmp_path):
    from QPerfusionLogic.io.files.nrrd_files import read_map

    write_patient(a_small_study, tmp_path / "patient_001")
    flow, geometry = read_map(tmp_path / "patient_001" / "truth" / "stress" / "mbf.nrrd")
    truth = a_small_study.truth[State.STRESS]
    np.testing.assert_allclose(flow, truth.maps["mbf"])
    expected = a_small_study.study.stress.tissue.geometry.index_to_lps
    np.testing.assert_allclose(geometry.index_to_lps, expected, atol=1e-4)
