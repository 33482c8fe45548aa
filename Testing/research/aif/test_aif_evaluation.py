"""`qperfusion evaluate aif`: what it measures, on curves whose errors are known."""

from __future__ import annotations

import numpy as np
import pytest

from qperfusion_research.aif.evaluation.curves import (
    MethodResults,
    agreement,
    normalised_error,
    run_method,
    share_inside,
)
from qperfusion_research.aif.evaluation.methods import Answer, truth
from qperfusion_research.aif.evaluation.patients import curve_patient
from qperfusion_research.aif.evaluation.tables import result_lines
from QPerfusionLogic.settings.schema import KineticsSettings


@pytest.fixture(scope="module")
def a_patient():
    return curve_patient(3)


def test_a_patient_is_saturated_and_has_sixteen_segments(a_patient):
    assert a_patient.linear_peak > 1.3
    assert a_patient.segments.tolist() == list(range(1, 17))
    assert a_patient.tissue.shape == (16, len(a_patient.time_s))


def test_a_curve_ten_per_cent_too_high_has_an_error_of_one_per_cent(a_patient):
    true = truth(a_patient)
    high = Answer(true.time_s, 1.1 * true.gd_mmol_l, 0.9 * true.gd_mmol_l, 1.2 * true.gd_mmol_l)
    assert normalised_error(high, true) == pytest.approx(1.0, rel=1e-6)
    assert share_inside(high, true) == 1.0


def test_flow_falls_as_the_arterial_input_rises(a_patient):
    settings = KineticsSettings(model="one_compartment", delay="0")
    true = truth(a_patient)
    results = {"truth": MethodResults(), "high": MethodResults()}
    for scale, found in ((1.0, results["truth"]), (1.25, results["high"])):
        for _ in range(3):
            run_method(found, Answer(true.time_s, scale * true.gd_mmol_l), a_patient, settings)
    ratio = np.mean(results["high"].mbf) / np.mean(results["truth"].mbf)
    assert ratio == pytest.approx(0.8, rel=0.1)


def test_a_method_that_is_the_truth_agrees_with_it():
    rng = np.random.default_rng(0)
    features = {"peak_mmol_l": 5.0, "time_to_peak_s": 6.0, "fwhm_s": 8.0}
    flows = [rng.uniform(0.8, 3.0, 16) for _ in range(5)]
    same = MethodResults([0.0] * 5, [1.0] * 5, [features] * 5, flows)
    found = agreement(same, same, np.arange(1.0, 17.0))
    assert found.patients.bias.value == 0.0
    assert found.segment_classes.share.value == found.vessel_classes.share.value == 1.0
    assert found.vessel_classes.n == 15


def test_a_method_without_flow_does_not_keep_the_others_from_the_table():
    features = {"peak_mmol_l": 5.0, "time_to_peak_s": 6.0, "fwhm_s": 8.0}
    flows = [np.linspace(1.0, 3.0, 16) + 0.1 * index for index in range(3)]
    true = MethodResults([0.0] * 3, [np.nan] * 3, [features] * 3, flows)
    none = MethodResults([9.0] * 3, [np.nan] * 3, [features] * 3, [np.full(16, np.nan)] * 3)
    lines = result_lines({"truth": true, "same": true, "none": none}, np.arange(1.0, 17.0), "stress", "fermi")
    assert any(line.startswith("none") and "0 patients only" in line for line in lines)
    assert any(line.startswith("same") and "100.0 %" in line for line in lines)
