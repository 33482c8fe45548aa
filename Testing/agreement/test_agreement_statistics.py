"""Statistics of agreement against published worked examples and independent computations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from QPerfusionLogic.agreement.bland_altman import bland_altman
from QPerfusionLogic.agreement.classification import threshold_agreement, vessel_values
from QPerfusionLogic.agreement.groups import mann_whitney
from QPerfusionLogic.agreement.regression import deming_regression, linear_regression
from QPerfusionLogic.agreement.reliability import concordance, intraclass_correlation, repeatability
from QPerfusionLogic.errors import InputError

WRIGHT = np.array([494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427.0])
WRIGHT_AGAIN = np.array([490, 397, 512, 401, 470, 611, 415, 431, 638, 429, 420, 633, 275, 492, 165, 372, 421.0])
MINI = np.array([512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451.0])
MINI_AGAIN = np.array([525, 415, 508, 444, 500, 625, 460, 390, 642, 432, 420, 605, 227, 467, 268, 370, 443.0])
"""Peak expiratory flow (L/min) of 17 subjects with two meters, Bland and Altman, Lancet 1986;327:307-310, table 1."""

JUDGES = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
"""Six targets rated by four judges, Shrout and Fleiss, Psychol Bull 1979;86:420-428, table 2."""

NCSS_X = [7, 8.3, 10.5, 9, 5.1, 8.2, 10.2, 10.3, 7.1, 5.9]
NCSS_Y = [7.9, 8.2, 9.6, 9, 6.5, 7.3, 10.2, 10.6, 6.3, 5.2]
"""Worked example of the NCSS manual, chapter 303 (Deming regression), error variance of x four times that of y."""


@pytest.fixture
def peak_flow():
    return bland_altman(MINI, WRIGHT, multiplier=2.0)


def test_bias_and_spread_of_the_peak_flow_meters_are_those_printed_in_1986(peak_flow):
    assert round(peak_flow.bias.value, 1) == -2.1
    assert round(peak_flow.standard_deviation, 1) == 38.8


def test_the_interval_of_the_bias_is_that_printed_in_1986(peak_flow):
    assert (round(peak_flow.bias.low, 1), round(peak_flow.bias.high, 1)) == (-22.0, 17.8)


def test_the_limits_of_agreement_are_those_printed_in_1986(peak_flow):
    # The paper computes on from its rounded 2.1 and 38.8, which moves the last digit by one.
    assert peak_flow.lower_limit.value == pytest.approx(-79.7, abs=0.1)
    assert peak_flow.upper_limit.value == pytest.approx(75.5, abs=0.1)


def test_the_intervals_of_the_limits_are_those_printed_in_1986(peak_flow):
    # As above: from the rounded standard error 16.3.
    assert (peak_flow.lower_limit.low, peak_flow.lower_limit.high) == pytest.approx((-114.3, -45.1), abs=0.15)
    assert (peak_flow.upper_limit.low, peak_flow.upper_limit.high) == pytest.approx((40.9, 110.1), abs=0.2)


@pytest.mark.parametrize(
    ("first", "second", "printed"), [(WRIGHT, WRIGHT_AGAIN, 21.6), (MINI, MINI_AGAIN, 28.2)], ids=["large", "mini"]
)
def test_the_repeatability_of_the_meters_is_that_printed_in_1986(first, second, printed):
    found = repeatability(first, second)
    assert round(found.within_sd * np.sqrt(2), 1) == printed
    assert found.coefficient == pytest.approx(1.96 * printed, rel=0.003)


def test_the_correlation_of_the_peak_flow_meters_is_that_printed_in_1986():
    assert round(linear_regression(MINI, WRIGHT).r.value, 2) == 0.94


def test_a_bias_that_grows_with_the_quantity_is_found():
    values = np.linspace(1.0, 4.0, 20)
    found = bland_altman(values, 1.2 * values + 0.01 * np.sin(9 * values))
    assert found.proportional_p < 1e-6
    assert found.proportional_slope.value == pytest.approx(0.2 / 1.1, rel=0.02)


def test_the_intraclass_correlations_of_the_judges_are_those_printed_in_1979():
    found = intraclass_correlation(JUDGES)
    assert round(found.agreement.value, 2) == 0.29
    assert round(found.consistency.value, 2) == 0.71


def test_the_intervals_of_the_intraclass_correlations_are_those_of_the_psych_package():
    found = intraclass_correlation(JUDGES)
    assert (round(found.agreement.low, 3), round(found.agreement.high, 2)) == (0.019, 0.76)
    assert (round(found.consistency.low, 2), round(found.consistency.high, 2)) == (0.34, 0.95)


def test_a_constant_offset_spoils_agreement_and_not_consistency():
    values = np.array([1.0, 2.0, 3.0, 4.0])
    found = intraclass_correlation(np.stack([values, values + 1.0], axis=1))
    assert found.consistency.value == pytest.approx(1.0)
    assert found.agreement.value == pytest.approx(np.var(values, ddof=1) / (np.var(values, ddof=1) + 0.5))


def test_the_concordance_of_the_peak_flow_meters_is_that_of_the_stata_command_concord():
    assert round(concordance(MINI, WRIGHT).value, 3) == 0.943


def test_the_concordance_is_correlation_times_bias_correction():
    r = stats.pearsonr(MINI, WRIGHT).statistic
    scale = MINI.std() / WRIGHT.std()
    shift = (MINI.mean() - WRIGHT.mean()) / np.sqrt(MINI.std() * WRIGHT.std())
    assert concordance(MINI, WRIGHT).value == pytest.approx(r * 2 / (scale + 1 / scale + shift**2))


def test_the_interval_of_the_concordance_holds_the_truth_nineteen_times_in_twenty():
    rng = np.random.default_rng(11)
    truth = 2 * 0.9 * 1.2 / (1.0 + 1.44 + 0.09)
    inside = 0
    for _ in range(1000):
        x, noise = rng.normal(size=(2, 40))
        y = 1.2 * (0.9 * x + np.sqrt(1 - 0.81) * noise) + 0.3
        found = concordance(x, y)
        inside += found.low <= truth <= found.high
    assert 0.93 < inside / 1000 < 0.97


def test_the_deming_line_of_the_ncss_example_is_that_of_its_manual():
    line = deming_regression(NCSS_X, NCSS_Y, error_ratio=0.25)
    assert round(line.slope.value, 4) == 1.0012
    assert round(line.intercept.value, 4) == -0.0897


@pytest.mark.parametrize("error_ratio", [0.25, 1.0, 4.0])
def test_the_deming_line_minimises_the_weighted_distances(error_ratio):
    x, y = np.array(NCSS_X), np.array(NCSS_Y)

    def distance(line):
        slope, intercept = line
        return np.sum((y - slope * x - intercept) ** 2) / (slope**2 + error_ratio)

    best = optimize.minimize(distance, (1.0, 0.0), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).x
    line = deming_regression(x, y, error_ratio)
    assert (line.slope.value, line.intercept.value) == pytest.approx(tuple(best), abs=1e-5)


def test_deming_finds_the_true_slope_where_least_squares_is_diluted():
    rng = np.random.default_rng(4)
    truth = rng.uniform(0.5, 4.0, 4000)
    x, y = truth + rng.normal(0, 0.5, 4000), 1.3 * truth + rng.normal(0, 0.5, 4000)
    deming = deming_regression(x[:800], y[:800]).slope
    assert deming.low < 1.3 < deming.high
    assert linear_regression(x, y).slope.high < 1.3


def test_the_least_squares_interval_is_that_of_the_textbook():
    x, y = np.arange(10.0), np.arange(10.0) * 2 + np.sin(np.arange(10.0))
    line = linear_regression(x, y)
    residual = y - line.slope.value * x - line.intercept.value
    error = np.sqrt((residual**2).sum() / 8 / ((x - x.mean()) ** 2).sum())
    assert line.slope.high - line.slope.value == pytest.approx(stats.t.ppf(0.975, 8) * error)


def test_mann_whitney_gives_the_exact_p_of_two_separated_triples():
    found = mann_whitney([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    assert found.p == pytest.approx(2 / 20)
    assert found.first.value == 2.0


def test_threshold_agreement_counts_the_four_cells_and_kappa():
    reference = [1.0] * 20 + [2.0] * 20 + [1.0] * 5 + [2.0] * 10
    test = [1.0] * 20 + [2.0] * 20 + [2.0] * 5 + [1.0] * 10
    found = threshold_agreement(reference, test, 1.35)
    assert (found.both_below, found.reference_only, found.test_only, found.both_above) == (20, 5, 10, 20)
    chance = (25 * 30 + 30 * 25) / 55**2
    assert found.kappa == pytest.approx((40 / 55 - chance) / (1 - chance))
    assert found.share.low < 40 / 55 < found.share.high


def test_a_vessel_is_the_mean_of_its_two_lowest_segments():
    values, names = vessel_values([3.0, 1.0, 2.0, 4.0, 9.0], ["LAD", "LAD", "LAD", "RCA", "RCA"])
    assert dict(zip(names, values, strict=True)) == {"LAD": 1.5, "RCA": 6.5}


@pytest.mark.parametrize(
    ("one", "two"), [([1.0, 2.0], [1.0, 2.0]), ([1.0, 2.0, 3.0], [1.0, 2.0]), ([1.0, np.nan, 2.0], [1.0, 2.0, 3.0])]
)
def test_pairs_that_cannot_be_compared_are_refused(one, two):
    with pytest.raises(InputError):
        bland_altman(one, two)


def test_perfect_agreement_has_no_spread_and_correlations_of_one():
    values = [1.0, 2.0, 4.0, 3.0]
    assert bland_altman(values, values).lower_limit.value == 0.0
    assert intraclass_correlation(np.stack([values, values], axis=1)).agreement.value == pytest.approx(1.0)
    assert concordance(values, values).value == pytest.approx(1.0)
