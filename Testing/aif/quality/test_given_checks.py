"""What contradicts that a given curve is blood gadolinium in mmol/L is a serious notice."""

import numpy as np
import pytest

from QPerfusionLogic.aif.quality.given_curve_checks import given_curve_notices
from QPerfusionLogic.data.notices import Severity

TIME_S = np.arange(0.0, 48.0, 0.8)


@pytest.fixture
def bolus():
    """First pass of 6 mmol/L and its recirculation."""
    late = np.clip(TIME_S - 8.0, 0.0, None)
    return 6.0 * (late / 4.0) ** 3 * np.exp(3.0 * (1.0 - late / 4.0)) + 0.9 * (1.0 - np.exp(-late / 6.0))


def codes(values):
    found = given_curve_notices(values, TIME_S)
    assert all(notice.severity is Severity.SERIOUS for notice in found)
    return {notice.code for notice in found}


@pytest.mark.parametrize("share", [0.1, 1.0, 3.0])
def test_a_bolus_in_mmol_l_is_taken_without_a_word(bolus, share):
    assert codes(share * bolus) == set()


def test_noise_and_gaps_do_not_matter(bolus):
    noisy = bolus + np.random.default_rng(4).normal(0.0, 0.05, bolus.size)
    noisy[[3, 30]] = np.nan
    assert codes(noisy) == set()


@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_a_unit_that_is_off_by_a_thousand_is_named(bolus, factor):
    assert codes(factor * bolus) == {"aif-unit"}


@pytest.mark.parametrize("level", [2.0, 4.0])
def test_a_clipped_peak_is_named(bolus, level):
    assert codes(np.minimum(bolus, level)) == {"aif-plateau"}


def test_raw_signal_is_named(bolus):
    assert "aif-offset" in codes(120.0 + 80.0 * bolus)
    assert codes(2.0 + bolus) == {"aif-offset"}


def test_a_curve_without_a_bolus_is_left_to_other_checks():
    assert codes(np.zeros_like(TIME_S)) == set()
