"""The course of a bolus behind a saturated curve, against boluses that are none of the family it is fitted with."""

from __future__ import annotations

import numpy as np
import pytest

from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.aif.curves.saturated_shape import shape_behind
from QPerfusionLogic.signal_model.response import SignalResponse, Tissue
from QPerfusionLogic.signal_model.sequence import SaturationRecovery

BLOOD = Tissue(1.7, 0.22, 4.6, 5.78)
TIME_S = np.arange(0.0, 48.0, 0.8)


def bolus(time_s, stretch=1.0, arrival_s=9.0):
    """Two dispersed passes and what is left in the body, as a chain of mixing volumes makes them; peak 1."""
    grid = np.arange(0.0, 80.0, 0.05)
    injected = ((grid >= 0.0) & (grid < 2.5)).astype(float)

    def mixed(curve, mean_s, times):
        kernel = np.exp(-grid / mean_s) / mean_s * 0.05
        for _ in range(times):
            curve = np.convolve(curve, kernel)[: grid.size]
        return curve

    first = mixed(injected, 1.1 * stretch, 5)
    whole = (
        first
        + 0.35 * mixed(np.roll(first, int(9.0 * stretch / 0.05)), 2.2 * stretch, 3)
        + 0.12 * np.cumsum(first) / first.sum()
    )
    return np.interp(time_s - arrival_s, grid, whole / whole.max(), left=0.0)


def saturated(peak, time_s=TIME_S, saturation_time_s=0.1, noise=0.004, **kind):
    sequence = SaturationRecovery("flash", 0.0022, 0.001, 15.0, saturation_time_s, 20)
    signal = SignalResponse(sequence, BLOOD, 20.0).signal(peak * bolus(time_s, **kind))
    random = np.random.default_rng(2)
    signal = 800.0 * (signal + noise * signal.max() * random.normal(size=signal.size))
    return BloodCurve(time_s, signal, float("nan"), 0, 40)


@pytest.mark.parametrize("stretch", [0.8, 1.0, 1.3])
@pytest.mark.parametrize("peak", [3.0, 6.0, 10.0])
def test_the_course_is_found_without_knowing_the_protocol(peak, stretch):
    found = shape_behind(saturated(peak, stretch=stretch))
    assert found is not None
    true = bolus(found.time_s, stretch=stretch)
    assert found.relative.max() == pytest.approx(1.0, abs=0.02)
    assert found.relative.sum() == pytest.approx(true.sum(), rel=0.17)
    assert found.time_s[np.argmax(found.relative > 0.3)] == pytest.approx(found.time_s[np.argmax(true > 0.3)], abs=0.5)
    assert np.sqrt(np.mean((found.relative - true) ** 2)) < 0.07


def test_the_saturated_curve_itself_is_far_wider():
    curve = saturated(8.0, saturation_time_s=0.2)
    found = shape_behind(curve)
    assert found is not None
    compressed = (curve.signal - curve.baseline) / np.ptp(curve.signal)
    assert np.interp(TIME_S, found.time_s, found.relative).sum() < 0.6 * compressed.sum()


def test_a_curve_without_bolus_or_cut_at_its_peak_has_no_course():
    assert shape_behind(BloodCurve(TIME_S, np.full(TIME_S.size, 5.0), float("nan"), 0, 40)) is None
    assert shape_behind(saturated(5.0, TIME_S[:20])) is None
