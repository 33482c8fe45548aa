"""Blood of the ventricle in pixels at the edge of the wall: found, taken out, and left alone where there is none."""

import os
from pathlib import Path

import numpy as np
import pytest

from QPerfusionLogic.data.results import FIT_STATUS
from QPerfusionLogic.kinetics.base.kinetic_input import KineticInput
from QPerfusionLogic.kinetics.logic import KineticFittingLogic
from QPerfusionLogic.kinetics.models.btex import Btex
from QPerfusionLogic.kinetics.models.registry import model_class
from QPerfusionLogic.settings.schema import KineticsSettings

MIXED = FIT_STATUS.index("blood_mixed")
FINE_S = np.arange(0.0, 45.0, 0.1)
TIME_S = np.arange(0.0, 45.0, 0.75)


@pytest.fixture(scope="module")
def blood() -> np.ndarray:
    """A first pass of 6 mmol/L at 0.1 s, and what recirculates."""
    since = np.clip(FINE_S - 8.0, 0.0, None)
    first_pass = (since / 4.0) ** 2 * np.exp(-since / 2.0)
    return 6.0 * first_pass / first_pass.max() + 0.9 * (1.0 - np.exp(-since / 6.0))


def pixels(blood, flow, share, cnr, count=200):
    """Return noisy curves (n, frames) of capillaries with plug flow and a share of the ventricle's blood."""
    random = np.random.default_rng(int(1000 * flow) + cnr)
    walls = Btex(blood, TIME_S, FINE_S).predict(
        {
            "mbf_ml_min_g": np.full(count, flow),
            "ps_ml_min_g": random.uniform(0.7, 2.0, count),
            "vp_ml_g": random.uniform(0.05, 0.1, count),
            "ve_ml_g": random.uniform(0.15, 0.3, count),
            "delay_s": random.uniform(0.2, 1.5, count),
        }
    )
    noise = random.normal(size=walls.shape) * walls.max(axis=1).mean() / cnr
    return (1.0 - share) * walls + share * np.interp(TIME_S, FINE_S, blood) + noise


def fitted(blood, curves, changes=None, of_wall=True):
    settings = KineticsSettings(**(changes or {}))
    return KineticFittingLogic(settings).run(KineticInput(curves, TIME_S, blood, FINE_S), of_wall=of_wall)


@pytest.mark.parametrize("flow", [0.8, 1.5, 2.5])
def test_a_tenth_of_blood_no_longer_reads_as_a_flow_that_no_heart_has(blood, flow):
    curves = pixels(blood, flow, share=0.1, cnr=20)
    left_in = fitted(blood, curves, {"blood_in_pixels": "left_in"}).parameters["mbf_ml_min_g"]
    assert np.nanmedian(left_in) > 4.0 * flow
    found = fitted(blood, curves)
    assert np.mean(found.status == MIXED) > 0.95
    assert np.median(found.parameters["mbf_ml_min_g"]) == pytest.approx(flow, rel=0.3)
    assert np.median(found.parameters["blood_share"]) == pytest.approx(0.1, abs=0.015)


@pytest.mark.parametrize("flow", [0.8, 2.5, 3.5])
def test_high_flows_without_blood_are_left_alone(blood, flow):
    curves = pixels(blood, flow, share=0.0, cnr=20)
    found = fitted(blood, curves)
    pure = found.status != MIXED
    assert np.mean(pure) > 0.98
    as_they_are = fitted(blood, curves, {"blood_in_pixels": "left_in"})
    for name in ("mbf_ml_min_g", "mbf_se", "delay_s"):
        np.testing.assert_array_equal(found.parameters[name][pure], as_they_are.parameters[name][pure])
    assert not found.parameters["blood_share"][pure].any()


def test_the_fitted_curve_of_a_mixture_is_that_of_wall_and_blood(blood):
    curves = pixels(blood, 1.0, share=0.15, cnr=50, count=20)
    found = fitted(blood, curves)
    assert np.mean(found.status == MIXED) > 0.85
    mixed = found.status == MIXED
    residual = np.sqrt(np.nanmean((curves - found.predicted)[mixed] ** 2, axis=1))
    assert (residual < 0.03 * curves[mixed].max(axis=1)).all()


def test_pixels_outside_the_wall_are_fitted_as_they_are(blood):
    curves = pixels(blood, 1.0, share=0.15, cnr=20, count=20)
    found = fitted(blood, curves, of_wall=False)
    assert not (found.status == MIXED).any()
    assert "blood_share" not in found.parameters


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["btex_mixing_cells", "btex"])
def test_no_pixel_of_a_real_wall_at_rest_has_a_flow_of_stress(name):
    path = Path(os.environ.get("QPERFUSION_TEST_DATA", "../shared/data")) / "gd_rest" / "gd_rest.npz"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    study = np.load(path)
    gadolinium, aif = study["gd_mmol_l"].astype(float), study["aif_mmol_l"].astype(float)
    time_s = np.arange(aif.size) * float(study["dt_s"])
    peak, arrival = gadolinium.max(axis=0), gadolinium.argmax(axis=0)
    wall = (peak > 0.1) & (peak < 0.5) & (arrival > 31) & (gadolinium[:18].std(axis=0) < 0.04)
    fit = model_class(name)(aif, time_s).fit(gadolinium[:, wall].T)
    assert wall.sum() > 800
    assert not ((fit.status == FIT_STATUS.index("converged")) & (fit.mbf_ml_min_g > 3.0)).any()
    assert 0.6 < np.nanmedian(fit.mbf_ml_min_g) < 1.0
