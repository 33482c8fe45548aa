"""The compiled engine and its numpy stand-in are the same fit."""

import numpy as np
import pytest

from QPerfusionLogic.kinetics.base.kinetic_input import KineticInput
from QPerfusionLogic.kinetics.logic import KineticFittingLogic
from QPerfusionLogic.kinetics.models.registry import model_class
from QPerfusionLogic.kinetics.solver import engine
from QPerfusionLogic.settings.schema import KineticsSettings


@pytest.mark.parametrize(("model", "delay"), [("fermi", "marginalised"), ("btex", 0.5)])
def test_numpy_and_numba_agree(model, delay, frame_times, an_aif, convolve, monkeypatch):
    rng = np.random.default_rng(4)
    curves = [convolve(frame_times, an_aif, lambda u, k=k: np.exp(-u / k), 2.0, 0.5, 0.01) for k in (5.0, 8.0, 12.0)]
    noisy = np.array(curves) + rng.normal(0, 0.02, (3, frame_times.size))
    fitted = {}
    for compiled in (True, False):
        monkeypatch.setattr(engine, "has_numba", lambda compiled=compiled: compiled)
        settings = KineticsSettings(model=model, delay=delay)
        fitted[compiled] = model_class(model)(an_aif, frame_times, settings=settings).fit(noisy)
    np.testing.assert_allclose(fitted[True].mbf_ml_min_g, fitted[False].mbf_ml_min_g, rtol=0.01)
    np.testing.assert_array_equal(fitted[True].status, fitted[False].status)


def test_a_fitting_logic_that_is_kept_gives_what_a_fresh_one_gives(frame_times, an_aif, convolve):
    """It keeps the table of its last arterial input: another input, other times and weights must not meet it."""
    settings = KineticsSettings(model="fermi", delay=0.5)
    curves = np.array([convolve(frame_times, an_aif, lambda u: np.exp(-u / 8.0), 2.0, 0.5, 0.01)])
    weights = np.ones(curves.shape)
    weights[:, ::5] = 0.0
    inputs = [
        KineticInput(curves, frame_times, an_aif, frame_times),
        KineticInput(curves, frame_times, 2.0 * an_aif, frame_times),
        KineticInput(curves, frame_times, an_aif, frame_times, weights),
        KineticInput(curves, 1.1 * frame_times, an_aif, 1.1 * frame_times),
        KineticInput(curves, frame_times, an_aif, frame_times),
    ]
    kept = KineticFittingLogic(settings)
    for given in inputs:
        fresh = KineticFittingLogic(settings).run(given)
        np.testing.assert_array_equal(kept.run(given).parameters["mbf_ml_min_g"], fresh.parameters["mbf_ml_min_g"])
