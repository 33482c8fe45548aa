"""`qperfusion evaluate segmentation`: its scores, criteria and negative controls."""

import argparse

import numpy as np
import pytest

from qperfusion_research.phantom.training_slices import training_sample
from qperfusion_research.segmentation.evaluation import evaluation_command as evaluation_command
from qperfusion_research.segmentation.evaluation.cases import EvaluationCase, real_cases
from qperfusion_research.segmentation.evaluation.negative_controls import KINDS, Negative, is_confidently_wrong
from qperfusion_research.segmentation.evaluation.scores import CRITERIA, Criterion, report, score
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.segmentation.contours.drawing_plan import DrawingPlan
from QPerfusionLogic.segmentation.logic import SegmentationLogic
from QPerfusionLogic.settings.schema import SegmentationSettings

CLASSICAL = SegmentationLogic(SegmentationSettings(mode="classical"))


@pytest.fixture
def a_case(a_heart, as_registered) -> EvaluationCase:
    truth = {value: a_heart.labels[0] == value for value in (1, 2, 3)}
    return EvaluationCase("plain", as_registered(a_heart.series()), truth, 18, np.full((2, 2), np.nan))


def test_a_heart_that_is_found_scores_high(a_case):
    found = score(a_case, CLASSICAL.run(a_case.registered))
    assert found.located == 1.0
    assert found.myocardium > 0.9
    assert found.peak_error_frames <= 1.0


def test_the_report_says_which_bars_are_met(a_case):
    found = score(a_case, CLASSICAL.run(a_case.registered))
    lines = report("plain", [found], {"myocardium": Criterion("good", 0.5), "left_ventricle": Criterion("bad", 1.1)})
    assert any("good" in line and line.endswith("pass") for line in lines)
    assert any("bad" in line and line.endswith("FAIL") for line in lines)


def test_the_bars_are_those_of_the_specification():
    assert [CRITERIA["real"][name].limit for name in ("myocardium", "left_ventricle", "box")] == [0.80, 0.90, 0.93]
    assert [CRITERIA["digital"][name].limit for name in ("myocardium", "left_ventricle", "box")] == [0.90, 0.95, 0.97]


@pytest.fixture(scope="module")
def a_sample():
    return training_sample(3, frames=40)


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_of_negative_is_a_series_large_enough_to_segment(a_sample, kind):
    first = KINDS[kind](a_sample, np.random.default_rng(0))
    assert first.signal.shape[0] == len(first.time_s)
    assert min(first.signal.shape[1:]) >= 12


def test_in_a_negative_with_the_right_ventricle_alone_the_left_one_does_not_fill(a_sample):
    given = KINDS["only the RV fills"](a_sample, np.random.default_rng(0))
    assert np.ptp(given.signal[:, a_sample.labels == 2], axis=0).max() == 0.0


def test_a_confident_ring_counts_as_wrong_unless_a_heart_is_under_it(a_case, a_heart):
    found = CLASSICAL.run(a_case.registered)
    nothing = Negative(a_heart.series()[:, 0], np.arange(45.0), 2.0)
    heart = Negative(nothing.signal, nothing.time_s, 2.0, np.isin(a_heart.labels[0], (1, 2)))
    assert is_confidently_wrong(nothing, found)
    assert not is_confidently_wrong(heart, found)


def test_a_folder_without_masks_is_refused(tmp_path):
    with pytest.raises(InputError, match="masks"):
        next(real_cases(tmp_path))


def test_a_part_of_the_drawing_can_be_left_out(a_case):
    pytest.importorskip("torch")
    plan = DrawingPlan(turns_deg=(0.0,), mirrored=False, rings=False, without=(0,))
    found = SegmentationLogic(SegmentationSettings(mode="network"), plan).run(a_case.registered)
    assert score(a_case, found).located == 1.0


@pytest.mark.slow
def test_the_command_prints_bars_for_digital_slices_and_negatives():
    parser = argparse.ArgumentParser()
    evaluation_command.add_arguments(parser)
    options = parser.parse_args(["--slices", "1", "--negatives", "1", "--mode", "classical"])
    text = evaluation_command.run(options, Progress())
    assert "criterion >= 0.9" in text
    assert "confident wrong rings" in text
