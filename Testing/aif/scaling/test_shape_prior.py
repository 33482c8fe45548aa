"""Saturated curves without proton-density frames: the usual shape of boluses scales them, with a band."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.aif.logic import AifCorrectionLogic
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings


def imperfectly_saturated(known, offset_share):
    """Lift every pixel by a share of its recovered signal, as imperfect saturation does."""
    series = known.state.registered.series
    top = series.signal.max(axis=0)
    lifted = dataclasses.replace(series, signal=series.signal + offset_share * (top - series.signal))
    return dataclasses.replace(
        known.state,
        registered=dataclasses.replace(known.state.registered, series=lifted),
        acquisition=dataclasses.replace(known.state.acquisition, tissue=lifted),
    )


@pytest.mark.parametrize("offset_share", [0.0, 0.03])
def test_imperfect_saturation_is_forgiven_where_the_baseline_alone_goes_wrong(make_input, offset_share):
    known = make_input(proton_density=False, peak=4.5)
    state = imperfectly_saturated(known, offset_share)
    physics = {"relaxivity_r2_l_mmol_s": 18.0}
    shaped = AifCorrectionLogic(AifSettings(mode="signal_inversion"), ConversionSettings(**physics)).run(state)
    plain = AifCorrectionLogic(
        AifSettings(mode="signal_inversion"), ConversionSettings(normalisation="baseline", **physics)
    ).run(state)
    truth = known.truth(shaped.time_s)
    assert shaped.gd_mmol_l.sum() == pytest.approx(truth.sum(), rel=0.25)
    if offset_share:
        assert plain.gd_mmol_l.sum() < 0.75 * truth.sum()
    assert (shaped.lower_mmol_l <= shaped.gd_mmol_l + 1e-6).all()
    assert (shaped.upper_mmol_l >= shaped.gd_mmol_l - 1e-6).all()
    assert shaped.lower_mmol_l.max() < truth.max() < shaped.upper_mmol_l.max()


@pytest.mark.parametrize("frames", [26, 30])
def test_in_a_short_series_the_depth_of_the_saturation_scales_the_curve(make_input, frames):
    known = make_input(proton_density=False, frames=frames)
    physics = {"relaxivity_r2_l_mmol_s": 18.0}
    found = AifCorrectionLogic(AifSettings(mode="signal_inversion"), ConversionSettings(**physics)).run(known.state)
    truth = known.truth(found.time_s)
    assert found.gd_mmol_l.max() == pytest.approx(truth.max(), rel=0.4)
    assert found.lower_mmol_l.max() < truth.max() < found.upper_mmol_l.max()


def test_a_curve_cut_before_the_first_pass_has_emptied_is_scaled_by_its_baseline(make_input):
    found = AifCorrectionLogic(AifSettings(mode="signal_inversion"), ConversionSettings()).run(
        make_input(proton_density=False, frames=20).state
    )
    assert found.lower_mmol_l is None
    assert np.isfinite(found.gd_mmol_l).all()
