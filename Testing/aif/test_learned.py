"""The learned route with the user's own weights: plumbing, checksums, fallback; none ship, so no accuracy here."""

from __future__ import annotations

import pytest

from QPerfusionLogic.aif import AifCorrectionLogic
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings import AifSettings, ConversionSettings

torch = pytest.importorskip("torch")


@pytest.fixture
def weights(tmp_path):
    from QPerfusionLogic.aif.unsaturation.network import UnsaturationNetwork
    from QPerfusionLogic.aif.unsaturation.weights import save_weights

    torch.manual_seed(0)
    save_weights(tmp_path / "untrained.safetensors", UnsaturationNetwork(), {"iterations": 0})
    return tmp_path


def run(known, folder):
    settings = AifSettings(mode="learned", weights=str(folder))
    return AifCorrectionLogic(settings, ConversionSettings()).run(known.state)


def test_an_untrained_network_does_not_explain_the_curve_and_inversion_takes_over(make_input, weights):
    found = run(make_input(), weights)
    assert found.mode == "model"
    assert "aif-learned-doubtful" in {notice.code for notice in found.notices}


def test_altered_weights_are_refused(make_input, weights):
    path = weights / "untrained.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match="altered"):
        run(make_input(), weights)


def test_a_folder_without_weights_is_refused(make_input, tmp_path):
    with pytest.raises(InputError, match="safetensors"):
        run(make_input(), tmp_path)


def test_pairs_hold_saturated_curves_below_their_unsaturated_truth():
    from QPerfusionLogic.aif.unsaturation.pairs import draw_pairs

    torch.manual_seed(1)
    pairs = draw_pairs(64)
    peak = (pairs.gadolinium * pairs.valid).amax(dim=1)
    assert torch.isfinite(pairs.signal).all()
    assert pairs.gadolinium[:, :3].abs().max() < 0.02
    assert 1.4 / 5 < peak.min() < peak.max() < 12.2 / 5
    assert pairs.signal.amax() == pytest.approx(1.0)


@pytest.mark.slow
def test_training_lowers_the_error():
    from QPerfusionLogic.aif.unsaturation.pairs import Shift
    from QPerfusionLogic.aif.unsaturation.training import errors, train_unsaturation

    early = train_unsaturation(2, 16, 0, "cpu", pool=500)
    later = train_unsaturation(60, 16, 0, "cpu", pool=500)
    before, _ = errors([early], Shift(), 200, "cpu")
    after, _ = errors([later], Shift(), 200, "cpu")
    assert after.median() < 0.7 * before.median()
