"""Digital patients against published values (physics.md section 7)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.anatomy.perfusion_pattern import LocalFlow
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.physiology.circulation import blood_curves
from QPerfusionLogic.phantom.physiology.tissue_curves import tissue_curves
from QPerfusionLogic.phantom.scanner.bloch import Readout, simulate_readout


@pytest.fixture(scope="module")
def healthy_boluses():
    """LV curves of 60 healthy patients given 0.05 mmol/kg, per state: (patients, times), and the times."""
    curves = {}
    for state in (State.STRESS, State.REST):
        rows = []
        for seed in range(60):
            patient = sample_patient(seed, condition="healthy", irregular_bolus=False)
            blood = blood_curves(replace(patient.states[state].circulation, dose_mmol_kg=0.05), 80.0)
            rows.append(blood.left_ventricle)
        curves[state] = np.array(rows)
    return blood.time_s, curves


def full_width_s(time_s, curve):
    peak = int(curve.argmax())
    below = curve < 0.5 * curve[peak]
    start = np.flatnonzero(below[:peak])[-1]
    end = peak + int(np.argmax(below[peak:]))
    return time_s[end] - time_s[start]


@pytest.mark.parametrize(("pulses", "low", "high"), [(0, 1.9, 2.1), (27, 2.0, 2.6)])
def test_a_blood_peak_of_6_reads_about_2_mmol_l_through_the_tissue_sequence(pulses, low, high):
    t1_s, r1 = 1.435, 4.5
    readout = Readout(pulses_to_centre=pulses, saturation_delay_s=0.1 - pulses * 0.0022)
    t1 = np.array([t1_s, 1.0 / (1.0 / t1_s + r1 * 6.0)])
    baseline, peak = simulate_readout(readout, t1, 0.2)[:, pulses].real
    apparent = (peak / baseline - 1.0) / (r1 * t1_s)
    assert low < apparent < high


@pytest.mark.parametrize(("state", "low", "high"), [(State.STRESS, 3.5, 5.3), (State.REST, 4.4, 6.0)])
def test_healthy_blood_peaks_where_published_ones_do(healthy_boluses, state, low, high):
    _, curves = healthy_boluses
    assert low < np.median(curves[state].max(axis=1)) < high


def test_the_stress_bolus_is_as_wide_as_published(healthy_boluses):
    time_s, curves = healthy_boluses
    widths = [full_width_s(time_s, curve) for curve in curves[State.STRESS]]
    assert abs(np.median(widths) - 5.34) < 3.09 / 2.0


def test_the_bolus_is_wider_at_rest_than_at_stress(healthy_boluses):
    time_s, curves = healthy_boluses
    widths = {s: np.median([full_width_s(time_s, curve) for curve in rows]) for s, rows in curves.items()}
    assert widths[State.REST] > widths[State.STRESS]


def test_blood_returns_after_the_first_pass(healthy_boluses):
    _, curves = healthy_boluses
    late = curves[State.REST][:, -1] / curves[State.REST].max(axis=1)
    assert 0.05 < np.median(late) < 0.3


def test_healthy_flow_and_exchange_are_drawn_around_published_means():
    patterns = [sample_patient(seed, condition="healthy").pattern for seed in range(80)]
    stress = np.array([pattern.stress_mbf_ml_min_g for pattern in patterns])
    rest = np.array([pattern.rest_mbf_ml_min_g for pattern in patterns])
    assert stress.mean() == pytest.approx(2.82, abs=0.2)
    assert stress.std() == pytest.approx(0.47, abs=0.12)
    assert rest.mean() == pytest.approx(0.70, abs=0.08)
    assert np.mean([pattern.ve_ml_g for pattern in patterns]) == pytest.approx(0.206, abs=0.01)


def test_the_published_upslope_ratio_of_stress_to_rest_is_reached():
    patient = sample_patient(1, condition="healthy")
    slopes = []
    for state, flow in ((State.STRESS, 2.8), (State.REST, 0.75)):
        blood = blood_curves(patient.states[state].circulation, 60.0)
        curves = tissue_curves(patient.pattern, state, blood)
        tissue = curves.at(LocalFlow(np.array([flow]), np.array([0.8]), np.zeros(1)), blood.time_s)[0]
        slopes.append(np.gradient(tissue).max() / np.gradient(blood.left_ventricle).max())
    assert 1.5 < slopes[0] / slopes[1] < 4.0


def test_interpolated_curves_equal_the_pde_solved_for_the_very_flow():
    from QPerfusionLogic.phantom.physiology.tissue_curves import _exchange
    from QPerfusionLogic.phantom.physiology.tissue_exchange import exchange_tissue

    patient = sample_patient(3)
    pattern = replace(patient.pattern, heterogeneity=0.0)
    blood = blood_curves(patient.states[State.STRESS].circulation, 60.0)
    curves = tissue_curves(pattern, State.STRESS, blood)
    flows = np.array([0.31, 0.97, 2.43, 3.71])
    exact = exchange_tissue(
        _exchange(pattern, State.STRESS, flows, scar=False),
        blood.left_ventricle / (1 - pattern.hematocrit),
        blood.time_s,
    ).content
    fast = curves.at(LocalFlow(flows, np.zeros(4), np.zeros(4)), blood.time_s)
    assert np.abs(fast - exact).max() < 2e-3 * exact.max()


def test_nothing_is_in_the_blood_before_the_bolus_arrives():
    patient = sample_patient(2026, condition="healthy")
    for parameters in patient.states.values():
        blood = blood_curves(parameters.circulation, 45.0)
        before = blood.time_s < parameters.circulation.arrival_s
        assert blood.right_ventricle[before].max() < 1e-4 * blood.right_ventricle.max()
        assert blood.left_ventricle[before].max() < 1e-4 * blood.left_ventricle.max()
