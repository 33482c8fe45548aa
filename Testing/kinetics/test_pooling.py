"""Segments of one heart fitted together, on curves made by dense convolution with the textbook residue."""

import numpy as np
import pytest
from scipy.special import chndtr

from QPerfusionLogic.data.heart_prior import HeartPrior
from QPerfusionLogic.kinetics.base.kinetic_input import KineticInput
from QPerfusionLogic.kinetics.hierarchical.pooling import _JointLikelihood, heart_prior
from QPerfusionLogic.kinetics.logic import KineticFittingLogic
from QPerfusionLogic.kinetics.models.btex import Btex
from QPerfusionLogic.kinetics.models.fermi import Fermi
from QPerfusionLogic.settings.schema import KineticsSettings

from .conftest import brute_force_curve, gamma_bolus

VP, PS, VISF, DELAY_S = 0.085, 1.8, 0.16, 0.9
SETTINGS = KineticsSettings(model="btex", input="plasma")


def plug_flow(flow, vp, ps, ve):
    """Return the residue of a capillary without mixing."""

    def residue(time_s):
        elapsed = time_s - 60.0 * vp / flow
        tail = chndtr(2 * ps / flow, 2, 2 * np.maximum(elapsed, 0) * ps / ve / 60.0)
        return np.where(elapsed < 0, 1.0, tail)

    return residue


@pytest.fixture(scope="module")
def a_heart():
    """Times, input, sixteen clean curves and their flows: one heart with scatter of its volumes and delays."""
    random = np.random.default_rng(1)
    time_s = np.arange(0.0, 40.0, 0.7)
    aif = gamma_bolus(time_s)
    flows = random.uniform(1.2, 2.2, 16)
    curves = np.stack(
        [
            brute_force_curve(
                time_s,
                aif,
                plug_flow(flow, VP * scatter[0], PS * scatter[1], VISF * scatter[2]),
                flow,
                DELAY_S + random.normal(0.0, 0.15),
                step_s=0.01,
            )
            for flow, scatter in zip(flows, np.exp(random.normal(0.0, 0.06, (16, 3))), strict=True)
        ]
    )
    return time_s, aif, curves, flows


def given(a_heart, curves):
    return KineticInput(curves, a_heart[0], a_heart[1], a_heart[0])


def everything(curves):
    return np.ones(len(curves), dtype=bool)


def noisy(curves, seed=2, ratio=60.0):
    return curves + np.random.default_rng(seed).normal(0.0, curves.max() / ratio, curves.shape)


def test_the_centre_of_a_clear_heart_is_found(a_heart):
    time_s, aif, curves, _ = a_heart
    found = heart_prior([Btex(aif, time_s, settings=SETTINGS).hierarchical(noisy(curves, ratio=1000.0))])
    expected = {"vp": VP, "ps": PS, "ve": VISF}
    for name, value in expected.items():
        assert found.centre[name] == pytest.approx(value, rel=0.08), name
    assert found.delay_s == pytest.approx(DELAY_S, abs=0.1)


def test_the_slope_of_the_joint_likelihood_is_its_derivative(a_heart):
    time_s, aif, curves, _ = a_heart
    likelihood = _JointLikelihood([Btex(aif, time_s, settings=SETTINGS).hierarchical(noisy(curves))])
    centre = np.array([np.log(1.4), np.log(0.07), np.log(1.4), np.log(0.2), 0.8])
    slope = likelihood(centre)[1]
    for index in range(5):
        step = np.zeros(5)
        step[index] = 0.02
        difference = (likelihood(centre + step)[0] - likelihood(centre - step)[0]) / 0.04
        assert slope[index] == pytest.approx(difference, rel=0.1, abs=0.5)


def test_flows_of_a_noisy_heart_are_nearer_the_truth_when_it_is_fitted_together(a_heart):
    *_, curves, flows = a_heart
    logic = KineticFittingLogic(SETTINGS)
    alone, together = [], []
    for seed in range(4):
        study = given(a_heart, noisy(curves, seed))
        alone.append(logic.run(study).parameters["mbf_ml_min_g"] / flows - 1.0)
        fits, _ = logic.run_together([study], [everything(curves)])
        together.append(fits[0].parameters["mbf_ml_min_g"] / flows - 1.0)
    assert np.std(together) < 0.75 * np.std(alone)
    assert abs(np.mean(together)) < 0.04


def test_a_clear_curve_that_differs_from_its_heart_keeps_its_flow(a_heart):
    """A scar with two and a half times the interstitium, measured without noise to speak of."""
    time_s, aif, curves, _ = a_heart
    scar = brute_force_curve(time_s, aif, plug_flow(0.5, 0.06, 1.2, 0.42), 0.5, 1.2, step_s=0.01)
    study = noisy(np.vstack([curves, scar]), ratio=2000.0)
    fits, _ = KineticFittingLogic(SETTINGS).run_together([given(a_heart, study)], [everything(study)])
    assert fits[0].parameters["mbf_ml_min_g"][-1] == pytest.approx(0.5, rel=0.03)


def test_slices_with_their_own_times_make_one_heart(a_heart):
    time_s, aif, curves, flows = a_heart
    early_s = DELAY_S - 0.2
    later = np.stack([brute_force_curve(time_s, aif, plug_flow(f, VP, PS, VISF), f, early_s, 0.01) for f in flows[:3]])
    slices = [given(a_heart, curves[:8]), KineticInput(later, time_s + 0.2, aif, time_s)]
    fits, _ = KineticFittingLogic(SETTINGS).run_together(slices, [everything(item.curves) for item in slices])
    assert [len(fit.status) for fit in fits] == [8, 3]
    np.testing.assert_allclose(fits[1].parameters["mbf_ml_min_g"], flows[:3], rtol=0.03)


def test_a_few_curves_are_fitted_as_if_they_were_alone(a_heart):
    study = given(a_heart, noisy(a_heart[2])[:3])
    logic = KineticFittingLogic(SETTINGS)
    alone, together = logic.run(study), logic.run_together([study], [everything(study.curves)])[0][0]
    np.testing.assert_array_equal(alone.parameters["mbf_ml_min_g"], together.parameters["mbf_ml_min_g"])


def test_a_range_that_was_asked_for_is_not_pooled(a_heart):
    time_s, aif, curves, _ = a_heart
    settings = KineticsSettings(input="plasma", bounds={"vp": (0.06, 0.07)})
    found = heart_prior([Btex(aif, time_s, settings=settings).hierarchical(curves)])
    assert set(found.centre) == {"fp", "ps", "ve"}


def test_a_model_without_volumes_shares_flow_and_delay_only(a_heart):
    time_s, aif, curves, _ = a_heart
    found = heart_prior([Fermi(aif, time_s).hierarchical(curves)])
    assert set(found.centre) == {"mbf"}
    assert 0.0 <= found.delay_s <= 2.5


@pytest.mark.parametrize("settings", [KineticsSettings(delay="shared"), KineticsSettings(delay=0.5)])
def test_other_ways_with_the_delay_still_give_flow(a_heart, settings):
    study = given(a_heart, noisy(a_heart[2]))
    fit = KineticFittingLogic(settings).run_together([study], [everything(study.curves)])[0][0]
    assert np.isfinite(fit.parameters["mbf_ml_min_g"]).all()


def test_curves_without_a_bolus_share_nothing_and_give_no_number(a_heart):
    noise = np.random.default_rng(5).normal(0.0, 0.01, (6, a_heart[0].size))
    empty = np.full((2, a_heart[0].size), np.nan)
    study = given(a_heart, np.vstack([noise, empty, np.zeros((2, a_heart[0].size))]))
    fit = KineticFittingLogic(SETTINGS).run_together([study], [everything(study.curves)])[0][0]
    assert np.isnan(fit.parameters["mbf_ml_min_g"]).all()


def test_a_prior_of_nothing_leaves_every_delay_as_likely():
    assert not HeartPrior().of_delays(np.arange(3.0)).any()


def test_noisy_pixels_held_near_their_heart_scatter_less_and_keep_their_flow(a_heart):
    random = np.random.default_rng(4)
    flows = np.repeat(a_heart[3], 12)
    truth = np.repeat(a_heart[2], 12, axis=0)
    pixels = given(a_heart, truth + random.normal(0.0, truth.max() / 15.0, truth.shape))
    segments = pixels.curves.reshape(16, 12, -1).mean(axis=1)
    logic = KineticFittingLogic(SETTINGS)
    _, near = logic.run_together([given(a_heart, segments)], [everything(segments)])
    alone, held = (logic.run(pixels, near=each).parameters["mbf_ml_min_g"] / flows - 1.0 for each in (None, near))
    assert np.nanstd(held) < 0.7 * np.nanstd(alone)
    assert abs(np.nanmedian(held)) < 0.1


def test_a_noisy_stress_study_is_hardly_drawn_to_the_usual_flow_of_all_hearts(a_heart):
    """Flows twice the median over hearts, so much noise that a single segment hardly shows its own."""
    *_, curves, flows = a_heart
    logic = KineticFittingLogic(SETTINGS)
    found = []
    for seed in range(6):
        study = given(a_heart, noisy(curves, seed, ratio=12.0))
        fits, near = logic.run_together([study], [everything(curves)])
        found.append(fits[0].parameters["mbf_ml_min_g"] / flows - 1.0)
        assert near.centre["fp"] == pytest.approx(flows.mean(), rel=0.35)
    assert abs(np.mean(found)) < 0.06
    assert np.std(found) < 0.1
