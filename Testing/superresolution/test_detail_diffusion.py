"""The conditional diffusion of the missing detail: what it begins with, what it learns, how it is sampled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from qperfusion_research.superresolution.training.training_frames import patient_series, shape_series  # noqa: E402
from QPerfusionLogic.errors import SettingsError  # noqa: E402
from QPerfusionLogic.networks.model_files import save_model  # noqa: E402
from QPerfusionLogic.settings.schema import SuperresolutionSettings  # noqa: E402
from QPerfusionLogic.superresolution.bridge.bridge_network import BridgeNetwork, only_missing  # noqa: E402
from QPerfusionLogic.superresolution.bridge.bridge_steps import expected_detail  # noqa: E402
from QPerfusionLogic.superresolution.diffusion.detail_diffusion import sampled_details, velocity_loss  # noqa: E402
from QPerfusionLogic.superresolution.diffusion.diffusion_network import DETAIL_SD, DiffusionNetwork  # noqa: E402
from QPerfusionLogic.superresolution.frames.degradation import kept_lines  # noqa: E402
from QPerfusionLogic.superresolution.resolver_choice import resolver_of  # noqa: E402

ROWS = 32


def _kept(count: int) -> Any:
    return torch.from_numpy(kept_lines(ROWS, 0.4))[None].expand(count, -1)


def _gaussian_oracle(mean: Any, deviation: float, kept: Any) -> Any:
    """The exact velocity where the detail over DETAIL_SD is normally distributed in the missing lines."""

    def velocity(noisy: Any, low: Any, level: Any, fraction: Any) -> Any:
        signal = level[:, None, None, None]
        noise = (1.0 - signal**2).sqrt()
        power = signal**2 * deviation**2 + noise**2
        detail = mean + signal * deviation**2 / power * (noisy - signal * mean)
        return only_missing((signal * noisy - detail) / noise.clamp(min=1e-6), kept)

    return velocity


def test_the_answer_to_pure_noise_is_the_detail_that_the_bridge_expects() -> None:
    torch.manual_seed(0)
    bridge, network = BridgeNetwork((8, 16, 16), 1), DiffusionNetwork((8, 16, 16), 2)
    torch.nn.init.normal_(bridge.last.weight, std=0.1)
    network.begin_with_bridge(bridge)
    low, share, kept = torch.rand(2, 1, ROWS, ROWS), torch.tensor([0.3, 0.5]), _kept(2)
    velocity = network(torch.randn_like(low), low, torch.zeros(2), share)
    expected = expected_detail(bridge, low, kept, share)
    torch.testing.assert_close(-DETAIL_SD * only_missing(velocity, kept), expected, atol=1e-5, rtol=0.0)


@pytest.mark.parametrize(("steps", "tolerance"), [(2000, 0.06), (100, 0.06)])
def test_samples_have_the_mean_and_spread_of_a_known_distribution(steps: int, tolerance: float) -> None:
    torch.manual_seed(1)
    count, kept = 64, _kept(64)
    mean = only_missing(torch.randn(1, 1, ROWS, ROWS), kept[:1])
    low, share = torch.zeros(count, 1, ROWS, ROWS), torch.full((count,), 0.4)
    found = sampled_details(_gaussian_oracle(mean, 0.5, kept), low, kept, share, steps) / DETAIL_SD
    missing = float((~kept).float().mean())
    error = found.mean(dim=0, keepdim=True) - mean
    assert float(error.square().mean().sqrt()) < 1.3 * 0.5 * (missing / count) ** 0.5
    spread = float(found.var(dim=0).mean() / missing) ** 0.5
    assert spread == pytest.approx(0.5, rel=tolerance)


def test_what_was_measured_is_kept_by_every_sample() -> None:
    torch.manual_seed(0)
    network = DiffusionNetwork((8, 16, 16), 1)
    torch.nn.init.normal_(network.last.weight, std=0.3)
    low, kept = torch.rand(2, 1, ROWS, ROWS), _kept(2)
    with torch.no_grad():
        found = sampled_details(network, low, kept, torch.full((2,), 0.4), 3)
    spectrum = torch.fft.fft(found, dim=-2).abs()
    assert float(spectrum[:, :, kept[0]].max()) < 1e-4 * float(spectrum.max())
    assert float((found[0] - found[1]).abs().max()) > 0.0


def test_the_loss_of_the_exact_velocity_is_the_least() -> None:
    torch.manual_seed(2)
    kept, share = _kept(256), torch.full((256,), 0.4)
    detail = DETAIL_SD * only_missing(0.5 * torch.randn(256, 1, ROWS, ROWS), kept)
    low, zero = torch.zeros_like(detail), torch.zeros(1, 1, ROWS, ROWS)

    def loss_of(deviation: float) -> float:
        torch.manual_seed(3)
        return float(velocity_loss(_gaussian_oracle(zero, deviation, kept), low, low + detail, kept, share))

    assert loss_of(0.5) < min(loss_of(0.3), loss_of(0.8))


@pytest.mark.parametrize("draw", [patient_series, shape_series])
def test_series_without_noise_are_the_truth_behind_the_noisy_ones(draw: Any) -> None:
    noisy, clean = draw(5, 2), draw(5, 2, noise=False)
    assert np.corrcoef(noisy.ravel(), clean.ravel())[0, 1] > 0.9
    rough = [float(np.abs(np.diff(part, 2, axis=-1)).mean()) for part in (noisy, clean)]
    assert rough[1] < rough[0]


def test_the_diffusion_needs_weights_and_says_how_to_get_them() -> None:
    with pytest.raises(SettingsError, match="diffusion without weights"):
        resolver_of(SuperresolutionSettings(mode="diffusion"))


def test_frames_are_the_mean_of_samples_and_come_with_their_spread(tmp_path: Path) -> None:
    network = DiffusionNetwork()
    torch.nn.init.normal_(network.last.weight, std=0.02)
    model = save_model(network, tmp_path / "own.safetensors", {"architecture": "diffusion"})
    settings = SuperresolutionSettings(mode="diffusion", weights=str(model.path), steps=2, samples=3, device="cpu")
    low = np.random.default_rng(0).random((2, 40, 36)).astype(np.float32)
    low[1] = np.nan
    found = resolver_of(settings).run(low, 0.4)
    assert np.isnan(found.spread[1]).all()
    assert np.isnan(found.frames[1]).all()
    assert (found.spread[0] > 0.0).mean() > 0.9
    kept = kept_lines(40, 0.4)
    before, after = (np.fft.fft(frame, axis=0)[kept] for frame in (low[0], found.frames[0]))
    np.testing.assert_allclose(after, before, atol=1e-3)
