"""The statistics of an evaluation, on rows whose answer is known."""

from __future__ import annotations

import math
from typing import Any

import pytest

from qperfusion_research.flow.files import agreement_line
from qperfusion_research.flow.tables import ConfigurationAgreement, flow_tables


def a_result(patient: int, configurations: dict[str, float], evaluation: str = "stages") -> dict[str, Any]:
    """Six segments of 1 to 2 mL/min/g at stress, half of it at rest; each configuration reads its factor times the
    truth."""
    rows = [
        {
            "patient": patient,
            "evaluation": evaluation,
            "configuration": configuration,
            "state": state,
            "segment": segment,
            "mbf": factor * share * (1.0 + 0.2 * segment),
            "true": share * (1.0 + 0.2 * segment),
        }
        for configuration, factor in configurations.items()
        for state, share in (("stress", 1.0), ("rest", 0.5))
        for segment in range(6)
    ]
    return {"patient": patient, "rows": rows, "inputs": [], "refused": []}


def found(
    tables: list[ConfigurationAgreement], configuration: str, quantity: str, reference: str = "truth"
) -> ConfigurationAgreement:
    chosen = [t for t in tables if (t.configuration, t.quantity, t.reference) == (configuration, quantity, reference)]
    assert len(chosen) == 1
    return chosen[0]


def test_a_common_factor_is_a_bias_in_per_cent() -> None:
    tables = flow_tables([a_result(1, {"configuration": 1.1}), a_result(2, {"configuration": 1.1})])
    assert found(tables, "configuration", "stress_mbf").bias_percent == pytest.approx(10.0)


def test_a_common_factor_leaves_the_reserve_alone() -> None:
    line = agreement_line(found(flow_tables([a_result(1, {"configuration": 1.2})]), "configuration", "mpr"))
    assert line["bias_percent"] == pytest.approx(0.0, abs=1e-9)


def test_what_is_common_to_a_patient_is_not_spread_within_patients() -> None:
    table = found(
        flow_tables([a_result(1, {"configuration": 1.1}), a_result(2, {"configuration": 0.9})]),
        "configuration",
        "stress_mbf",
    )
    assert table.bias_percent == pytest.approx(0.0, abs=1e-9)
    assert table.cv_percent > 9.0
    assert table.cv_within_percent == pytest.approx(0.0, abs=1e-9)


def test_segments_without_a_number_are_counted_and_left_out() -> None:
    result = a_result(1, {"configuration": 1.0})
    result["rows"][0]["mbf"] = None
    tables = flow_tables([result])
    assert found(tables, "configuration", "stress_mbf").missing == 1
    assert found(tables, "configuration", "stress_mbf").segments == 6
    assert found(tables, "configuration", "mpr").missing == 1


def test_automatic_contours_are_compared_with_true_ones_too() -> None:
    tables = flow_tables([a_result(1, {"automatic": 1.3, "true contours, else automatic": 1.2})])
    table = found(tables, "automatic", "stress_mbf", "true contours, else automatic")
    assert table.bias_percent == pytest.approx(100 * (1.3 / 1.2 - 1))


def test_arms_that_differ_in_a_setting_are_compared_with_the_first_too() -> None:
    tables = flow_tables([a_result(1, {"plain": 1.25, "other": 1.5}, evaluation="models")])
    assert found(tables, "other", "stress_mbf", "plain").bias_percent == pytest.approx(20.0)


def test_classes_at_the_threshold_of_reading_are_counted_at_stress() -> None:
    line = agreement_line(found(flow_tables([a_result(1, {"configuration": 1.5})]), "configuration", "stress_mbf"))
    # True 1.0 and 1.2 lie below 1.35, read as 1.5 and 1.8: two of six on the other side.
    assert line["same_class_percent"] == pytest.approx(100 * 4 / 6)


def test_an_arm_without_any_number_has_an_empty_line() -> None:
    result = a_result(1, {"configuration": 1.0})
    for row in result["rows"]:
        row["mbf"] = None
    table = found(flow_tables([result]), "configuration", "stress_mbf")
    assert table.missing == 6
    assert math.isnan(table.bias_percent)
    assert agreement_line(table)["icc"] is None
