"""The learned method: its weights, its guard and what it says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.aif.logic import AifCorrectionLogic
from QPerfusionLogic.data.protocol import Protocol
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.networks import packages
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings

torch = pytest.importorskip("torch")


@pytest.fixture
def untrained(tmp_path):
    from QPerfusionLogic.aif.networks.ensemble import empty_ensemble
    from QPerfusionLogic.networks.model_files import save_model

    torch.manual_seed(0)
    return save_model(empty_ensemble(2), tmp_path / "untrained.safetensors", {"members": 2})


def run(known, weights=""):
    settings = AifSettings(mode="neural_network", weights=str(weights))
    return AifCorrectionLogic(settings, ConversionSettings()).run(known.state)


def test_an_untrained_network_does_not_explain_the_curve_and_inversion_takes_over(make_input, untrained):
    found = run(make_input(), untrained.path)
    assert found.mode == "signal_inversion"
    assert "aif-learned-doubtful" in {notice.code for notice in found.notices}


def test_a_curve_is_not_doubted_for_a_protocol_that_is_only_assumed(make_input):
    """Seen through a saturation time that is twice the assumed one, the truth itself differs by a tenth."""
    from QPerfusionLogic.aif.curves.blood_curve import tissue_blood_curve
    from QPerfusionLogic.aif.methods.neural_network import LARGEST_MISFIT, Restored, nominal_protocol, unexplained
    from QPerfusionLogic.data.conversion_physics import Precontrast
    from QPerfusionLogic.signal_model.physics import physics_of_series

    known = make_input(proton_density=False)
    curve = tissue_blood_curve(known.state)
    true = known.truth(curve.time_s)
    series = known.state.acquisition.tissue
    assumed = physics_of_series(dataclasses.replace(series, protocol=Protocol()), ConversionSettings())
    told = physics_of_series(series, ConversionSettings())
    assert nominal_protocol(assumed) is None
    longer = dataclasses.replace(curve, signal=1000.0 * (1.05 - np.exp(-0.2 * 4.6 * true)))
    found = Restored(curve.time_s, true, true, true, Precontrast(1.0, 0.0), "", "")
    assert unexplained(found, longer, told) > LARGEST_MISFIT
    assert unexplained(found, longer, assumed) < 0.3 * LARGEST_MISFIT
    late = dataclasses.replace(found, gd_mmol_l=np.roll(true, 6))
    assert unexplained(late, longer, assumed) > LARGEST_MISFIT


def test_altered_weights_are_refused(make_input, untrained):
    content = bytearray(untrained.path.read_bytes())
    content[-1] ^= 1
    untrained.path.write_bytes(bytes(content))
    with pytest.raises(QPerfusionError, match="altered"):
        run(make_input(), untrained.path)


def test_networks_that_would_help_and_cannot_be_used_are_missed_aloud(make_input, monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == "safetensors" else object())
    known = make_input(proton_density=False)
    found = AifCorrectionLogic(AifSettings(), ConversionSettings()).run(known.state)
    assert found.mode != "neural_network"
    notice = next(item for item in found.notices if item.code == "network-not-used")
    assert "without safetensors" in notice.message
    assert "digital patients" in notice.message
    assert notice.action.startswith("pip install safetensors")


def test_weights_that_are_not_there_are_refused(make_input, tmp_path):
    with pytest.raises(QPerfusionError, match="no weights"):
        run(make_input(), tmp_path / "none.safetensors")


def test_pairs_hold_saturated_curves_below_their_unsaturated_truth():
    from qperfusion_research.aif.training.boluses import draw_pool
    from qperfusion_research.aif.training.pairs import draw_pairs

    torch.manual_seed(1)
    pairs = draw_pairs(64, draw_pool(50))
    peak = (pairs.gadolinium * pairs.valid).amax(dim=1)
    assert all(torch.isfinite(part).all() for part in (pairs.signal, pairs.family, pairs.conditions))
    assert pairs.gadolinium[:, :2].abs().max() < 0.05
    assert 1.0 / 5 < peak.median() < 12.0 / 5
    assert pairs.signal.amax() == pytest.approx(1.0)


def test_the_family_of_inverted_curves_holds_the_true_one_where_the_equation_is_right():
    from QPerfusionLogic.aif.networks.inverted_family import (
        NOMINAL_DECAY_L_MMOL_S,
        PEAKS_MMOL_L,
        Protocols,
        blood_signal,
        inverted_family,
    )

    truth = PEAKS_MMOL_L[3] * torch.exp(-(((torch.arange(64.0) - 20.0) / 5.0) ** 2))[None]
    protocol = Protocols.typical(1)
    signal = blood_signal(truth, protocol, NOMINAL_DECAY_L_MMOL_S)
    density = blood_signal(torch.zeros(1, 1), protocol, 0.0, density=True) / signal.max()
    family = inverted_family(signal / signal.max(), torch.ones(1, 64), protocol, density)
    assert (family[:, 3] - truth).abs().max() < 0.03
    assert (family[:, 6] - truth).abs().max() < 0.03


def test_the_signal_of_the_pairs_is_that_of_the_signal_model():
    import numpy as np

    from QPerfusionLogic.aif.networks.inverted_family import Protocols, blood_signal
    from QPerfusionLogic.signal_model.response import SignalResponse, Tissue
    from QPerfusionLogic.signal_model.sequence import SaturationRecovery

    sequence = SaturationRecovery("flash", 0.0022, 0.001, 15.0, 0.1, 20)
    response = SignalResponse(sequence, Tissue(1.7, 0.22, 4.6, 5.78))
    gadolinium = np.linspace(0.0, 8.0, 9)
    expected = response.signal(gadolinium)
    found = blood_signal(torch.tensor(gadolinium, dtype=torch.float32)[None], Protocols.typical(1), 5.78)[0].numpy()
    assert found / found[0] == pytest.approx(expected / expected[0], rel=1e-4)


@pytest.mark.slow
def test_training_lowers_the_error_and_goes_on_where_it_was_cut(tmp_path):
    from qperfusion_research.aif.training.boluses import draw_pool
    from qperfusion_research.aif.training.ensemble_training import Recipe, curve_loss, train_ensemble
    from qperfusion_research.aif.training.pairs import draw_pairs

    recipe = Recipe(stem=6, branch=1, members=2, batch=8, pool=10)
    lines = []
    trained = train_ensemble(recipe, tmp_path, lines.append)
    again = train_ensemble(recipe, tmp_path, lines.append)
    assert len(trained.members) == 2
    assert all(torch.equal(a, b) for a, b in zip(trained.parameters(), again.parameters(), strict=True))
    torch.manual_seed(5)
    pairs = draw_pairs(64, draw_pool(20))
    given = (pairs.signal, pairs.valid, pairs.family, pairs.conditions)
    early = train_ensemble(Recipe(stem=1, branch=0, members=1, batch=8, pool=10), tmp_path / "early", lines.append)
    with torch.no_grad():
        assert curve_loss(trained(*given)[0], pairs) < curve_loss(early(*given)[0], pairs)


def test_the_published_network_can_be_chosen_and_warns_of_its_error(make_input):
    """Its answer has no band; the error of flow that it makes on digital patients stands in for one."""
    from QPerfusionLogic.pipeline.input_error import least_error_of

    known = make_input(proton_density=False)
    found = run(known, "published")
    assert found.mode == "neural_network"
    assert found.lower_mmol_l is None
    assert found.model_name == "AI-AIF as published"
    assert "aif-by-published-network" in {notice.code for notice in found.notices if notice.severity == "serious"}
    true = known.truth(found.time_s)
    assert np.isfinite(found.gd_mmol_l).all()
    assert 0.5 * true.max() < found.gd_mmol_l.max() < 1.5 * true.max()
    assert least_error_of(found, known.state.state) > 0.4


def test_a_file_of_the_published_training_is_known_by_its_card(make_input, tmp_path):
    from QPerfusionLogic.aif.networks.published_network import ARCHITECTURE, PublishedNetwork
    from QPerfusionLogic.networks.model_files import save_model

    torch.manual_seed(0)
    own = save_model(PublishedNetwork(), tmp_path / "own.safetensors", {"architecture": ARCHITECTURE})
    found = run(make_input(proton_density=False), own.path)
    assert (found.mode, found.model_checksum) == ("neural_network", own.checksum)


def test_weights_of_another_network_are_refused(make_input, tmp_path):
    from QPerfusionLogic.aif.networks.published_network import ARCHITECTURE
    from QPerfusionLogic.networks.model_files import save_model

    other = save_model(torch.nn.Linear(2, 2), tmp_path / "other.safetensors", {"architecture": ARCHITECTURE})
    with pytest.raises(QPerfusionError, match="no set of weights of this network"):
        run(make_input(proton_density=False), other.path)
