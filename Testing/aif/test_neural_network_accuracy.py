"""The shipped AIF networks against known truth: digital curves, and real shapes with made-up saturation."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

from QPerfusionLogic.aif.logic import AifCorrectionLogic
from QPerfusionLogic.data.series import State
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def shipped():
    from QPerfusionLogic.aif.networks.ensemble import ensemble_of

    return ensemble_of(AifSettings().weights)[0]


@pytest.fixture(scope="module")
def pool():
    from qperfusion_research.aif.training.boluses import draw_pool

    torch.manual_seed(90_000)
    return draw_pool(300)


def errors(ensemble, pairs):
    with torch.no_grad():
        curves, _ = ensemble(pairs.signal, pairs.valid, pairs.family, pairs.conditions)
    miss = ((curves[:, 0] - pairs.gadolinium) ** 2 * pairs.valid).sum(dim=1)
    inside = (pairs.gadolinium >= curves[:, 1]) & (pairs.gadolinium <= curves[:, 2])
    share = (inside * pairs.valid).sum() / pairs.valid.sum()
    return (100.0 * miss / (pairs.gadolinium**2 * pairs.valid).sum(dim=1)).numpy(), float(share)


@pytest.mark.parametrize(("density", "bar"), [(True, 1.0), (False, 2.0)])
def test_saturated_curves_are_restored_with_an_honest_band(shipped, pool, density, bar):
    from qperfusion_research.aif.training.pairs import Shift, draw_pairs

    torch.manual_seed(1)
    pairs = draw_pairs(400, pool, Shift(protocol_known=True, density_known=density, dose_known=False))
    found, inside = errors(shipped, pairs)
    assert np.median(found) < bar
    assert 0.88 < inside < 0.98


@pytest.mark.parametrize(
    "shift",
    [{"saturation_time_s": 0.15}, {"saturation_time_s": 0.07}, {"flip_scale": 0.7}, {"dose_known": True}],
)
def test_shifts_of_the_protocol_are_borne(shipped, pool, shift):
    from qperfusion_research.aif.training.pairs import Shift, draw_pairs

    torch.manual_seed(2)
    pairs = draw_pairs(400, pool, Shift(protocol_known=True, density_known=False, **{"dose_known": False, **shift}))
    assert np.median(errors(shipped, pairs)[0]) < 2.0


@pytest.mark.parametrize("factor", [0.6, 1.8])
def test_the_networks_follow_a_dose_that_is_not_the_usual_one(shipped, pool, factor):
    """Boluses of one area, reported that their dose lets expect it or none: what is reported takes the bias off."""
    from qperfusion_research.aif.training.pairs import Shift, draw_pairs
    from QPerfusionLogic.aif.networks.curve_input import AREA_UNIT_MMOL_S_L

    torch.manual_seed(4)
    pairs = draw_pairs(3000, pool, Shift(protocol_known=True, density_known=False, dose_known=True))
    told = AREA_UNIT_MMOL_S_L * torch.exp(0.5 * pairs.conditions[:, 8])
    pairs = pairs.chosen((torch.log(told / (factor * AREA_UNIT_MMOL_S_L)).abs() < 0.2).nonzero()[:, 0])
    unreported = pairs.conditions.clone()
    unreported[:, 8:10] = 0.0
    bias = []
    for conditions in (pairs.conditions, unreported):
        with torch.no_grad():
            curves, _ = shipped(pairs.signal, pairs.valid, pairs.family, conditions)
        bias.append(float(torch.log(curves[:, 0].amax(dim=1) / pairs.gadolinium.amax(dim=1)).median()))
    assert abs(bias[0]) < min(0.05, abs(bias[1]))


def test_automatic_takes_the_networks_where_a_saturated_series_has_no_proton_density(make_input):
    known = make_input(proton_density=False)
    found = AifCorrectionLogic(AifSettings(), ConversionSettings()).run(known.state)
    assert found.mode == "neural_network"
    assert {"aif-by-network", "aif-mode-chosen"} <= {notice.code for notice in found.notices}
    assert found.model_checksum
    assert found.time_s[-1] >= known.state.acquisition.tissue.time_s[-1, 0] - 0.1


def test_the_rest_of_a_study_is_told_what_was_published_about_it(make_input):
    state = dataclasses.replace(make_input(proton_density=False).state, state=State.REST)
    found = AifCorrectionLogic(AifSettings(mode="neural_network"), ConversionSettings()).run(state)
    assert "aif-learned-rest" in {notice.code for notice in found.notices}


def test_a_balanced_readout_is_not_handed_to_the_networks(make_input):
    state = make_input(proton_density=False).state
    series = state.acquisition.tissue
    balanced = dataclasses.replace(series, protocol=dataclasses.replace(series.protocol, sequence="bssfp"))
    state = dataclasses.replace(state, acquisition=dataclasses.replace(state.acquisition, tissue=balanced))
    with pytest.raises(InputError, match="bSSFP"):
        AifCorrectionLogic(AifSettings(mode="neural_network"), ConversionSettings()).run(state)


WITHOUT_DENSITY = pytest.param(
    False,
    marks=pytest.mark.xfail(reason="the bar is missed: without proton density the scale rests on usual shapes"),
)

TAIL_WITH_DENSITY = pytest.param(
    True,
    marks=pytest.mark.xfail(reason="aif-5: 22 by one shape, a spike of one frame; aif-2 had 9.5"),
)


def errors_of_real_shapes(shipped, real_data, density):
    sys.path.insert(0, str(Path(__file__).parent))
    from real_shapes import real_shapes
    from simulated_saturation import pairs_of_shape

    torch.manual_seed(3)
    shapes = real_shapes(real_data).values()
    return np.concatenate([errors(shipped, pairs_of_shape(*shape, 200, density))[0] for shape in shapes])


@pytest.mark.real_data
@pytest.mark.parametrize("density", [True, WITHOUT_DENSITY])
def test_real_shapes_with_simulated_saturation_are_restored(shipped, real_data, density):
    assert np.median(errors_of_real_shapes(shipped, real_data, density)) < 2.0


@pytest.mark.real_data
@pytest.mark.parametrize("density", [TAIL_WITH_DENSITY, WITHOUT_DENSITY])
def test_hardly_any_real_shape_is_restored_badly(shipped, real_data, density):
    assert np.percentile(errors_of_real_shapes(shipped, real_data, density), 95) < 10.0
