"""The tissue PDE against the closed form, its convergence and its mass balance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import chndtr, ive

from QPerfusionLogic.phantom.physiology.circulation import Circulation, blood_curves
from QPerfusionLogic.phantom.physiology.tissue_exchange import Exchange, exchange_tissue

STRESS = (1.6, 0.07, 1.3, 0.2)
REST = (0.45, 0.056, 1.1, 0.2)


def closed_form_residue(time_s, plasma_flow, vp, ps, ve):
    """Residue of physics.md section 5 through the non-central chi-square tail."""
    flow, exchange = plasma_flow / 60.0, ps / 60.0
    after = np.maximum(time_s - vp / flow, 0.0)
    tail = chndtr(2.0 * exchange / flow, 2, 2.0 * exchange * after / ve)
    return np.where(time_s < vp / flow, 1.0, tail)


def bessel_residue(time_s, plasma_flow, vp, ps, ve):
    """The same residue by integrating the Bessel form term by term."""
    flow, exchange = plasma_flow / 60.0, ps / 60.0
    after = time_s - vp / flow
    if after < 0:
        return 1.0
    a, k = exchange**2 / (flow * ve), exchange / ve

    def density(s):
        root = 2.0 * np.sqrt(a * s)
        return np.sqrt(a / s) * ive(1, root) * np.exp(root - k * s)

    return 1.0 - np.exp(-exchange / flow) * (1.0 + quad(density, 0.0, after, limit=200)[0])


def pde_residue(parameters, cells, duration_s=40.0):
    """Residue of the PDE at mid-steps, from its response to a step of plasma."""
    flow, vp = parameters[0] / 60.0, parameters[1]
    step_s = vp / flow / cells
    time_s = np.arange(0.0, duration_s, step_s)
    content = exchange_tissue(Exchange(*parameters), np.ones_like(time_s), time_s, cells).content[0]
    return time_s[:-1] + step_s / 2.0, np.diff(content) / step_s / flow


def test_the_two_closed_forms_agree():
    for time_s in (1.0, 5.0, 12.0, 30.0):
        assert closed_form_residue(np.array([time_s]), *STRESS)[0] == pytest.approx(
            bessel_residue(time_s, *STRESS), abs=1e-8
        )


@pytest.mark.parametrize("parameters", [STRESS, REST])
def test_the_pde_equals_the_closed_form_at_200_cells(parameters):
    time_s, residue = pde_residue(parameters, 200)
    assert np.abs(residue - closed_form_residue(time_s, *parameters)).max() < 1e-3


def test_the_pde_converges_with_second_order():
    errors = []
    for cells in (25, 50, 100):
        time_s, residue = pde_residue(STRESS, cells)
        errors.append(np.abs(residue - closed_form_residue(time_s, *STRESS)).max())
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    np.testing.assert_allclose(orders, 2.0, atol=0.15)


@pytest.mark.parametrize("diffusion", [0.0, 0.02])
@pytest.mark.parametrize("v_cell", [0.0, 0.3])
def test_no_tracer_is_made_or_lost(diffusion, v_cell):
    blood = blood_curves(Circulation(), 60.0)
    exchange = Exchange(*STRESS, ps_cell_ml_min_g=0.8, v_cell_ml_g=v_cell, axial_diffusion_1_s=diffusion)
    tracer = exchange_tissue(exchange, blood.left_ventricle / 0.58, blood.time_s)
    balance = tracer.content - (tracer.entered - tracer.left)
    assert np.abs(balance).max() < 1e-10 * tracer.entered.max()


def test_all_that_entered_is_the_flow_times_the_input():
    blood = blood_curves(Circulation(), 60.0)
    tracer = exchange_tissue(Exchange(*STRESS), blood.left_ventricle, blood.time_s)
    area = np.trapezoid(blood.left_ventricle, blood.time_s)
    assert tracer.entered[0, -1] == pytest.approx(STRESS[0] / 60.0 * area, rel=1e-3)


def test_parenchymal_cells_hold_what_their_volume_allows():
    time_s = np.arange(0.0, 3000.0, 1.0)
    exchange = Exchange(*STRESS, ps_cell_ml_min_g=1.0, v_cell_ml_g=0.3)
    content = exchange_tissue(exchange, np.ones_like(time_s), time_s, 50).content[0, -1]
    assert content == pytest.approx(0.07 + 0.2 + 0.3, rel=1e-4)


def test_axial_diffusion_blurs_the_outflow_but_keeps_the_mean_transit_time():
    time_s = np.arange(0.0, 400.0, 0.05)
    plug, spread = (
        exchange_tissue(Exchange(1.6, 0.07, 0.0, 0.0, axial_diffusion_1_s=d), np.ones_like(time_s), time_s)
        for d in (0.0, 0.05)
    )
    assert spread.content[0, -1] == pytest.approx(plug.content[0, -1], rel=1e-3)
    assert np.abs(np.gradient(spread.left[0])).max() < 1.01 * np.abs(np.gradient(plug.left[0])).max()
    early = time_s < 0.9 * 0.07 / (1.6 / 60.0)
    assert spread.left[0][early][-1] > 10 * max(plug.left[0][early][-1], 1e-12)
