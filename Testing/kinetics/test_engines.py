"""The compiled engine and its numpy stand-in are the same fit."""

import numpy as np
import pytest

from QPerfusionLogic.kinetics import engine
from QPerfusionLogic.kinetics.registry import model_class
from QPerfusionLogic.settings import KineticsSettings


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
