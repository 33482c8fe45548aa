"""The networks: shapes, sizes, what they learn in a few steps, how they are sampled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from qperfusion_research.superresolution.training.adversarial import AdversarialPair, adversarial_loss  # noqa: E402
from qperfusion_research.superresolution.training.network_training import Training, train_and_save  # noqa: E402
from qperfusion_research.superresolution.training.training_frames import patient_series, shape_series  # noqa: E402
from qperfusion_research.training.loop import Plan  # noqa: E402
from QPerfusionLogic.data.arrays import FloatArray  # noqa: E402
from QPerfusionLogic.superresolution.bridge.bridge_network import BridgeNetwork  # noqa: E402
from QPerfusionLogic.superresolution.bridge.bridge_steps import bridge_loss, expected_detail, sampled_detail  # noqa: E402
from QPerfusionLogic.superresolution.diffusion.sr3_diffusion import noise_loss, sample_ddim, sample_ddpm, signal_shares  # noqa: E402
from QPerfusionLogic.superresolution.diffusion.sr3_network import Sr3Network  # noqa: E402
from QPerfusionLogic.superresolution.frames.degradation import kept_lines, low_resolution  # noqa: E402


def _weights(network: object) -> float:
    return sum(parameter.numel() for parameter in network.parameters()) / 1e6  # type: ignore[attr-defined]


def test_the_published_network_has_about_92_million_weights() -> None:
    with torch.device("meta"):
        assert _weights(Sr3Network()) == pytest.approx(92.0, abs=1.0)


def test_a_small_sr3_keeps_the_matrix_and_attends_at_the_bottleneck_only() -> None:
    network = Sr3Network((8, 16, 16))
    low = torch.rand(2, 1, 32, 32)
    assert network(low, low, torch.rand(2)).shape == low.shape
    assert sum(type(module).__name__ == "Attention" for module in network.modules()) == 1


def test_the_schedule_is_linear_in_2000_steps() -> None:
    shares = signal_shares()
    variance = 1.0 - shares[1:] / shares[:-1]
    assert len(variance) == 2000
    np.testing.assert_allclose(np.diff(variance.numpy()), (1e-2 - 1e-6) / 1999, rtol=1e-3)


@pytest.mark.parametrize("sampler", ["ddpm", "ddim"])
def test_a_sampler_given_the_true_noise_finds_the_frame(sampler: str) -> None:
    truth = torch.rand(1, 1, 16, 16) * 1.6 - 0.8
    shares = signal_shares(100)

    def oracle(low: Any, noisy: Any, level: Any) -> Any:
        wide = level[:, None, None, None]
        return (noisy - wide * truth) / (1.0 - wide**2).sqrt()

    low = torch.zeros_like(truth)
    found = sample_ddpm(oracle, low, shares) if sampler == "ddpm" else sample_ddim(oracle, low, shares, 10)
    torch.testing.assert_close(found, truth, atol=2e-3, rtol=0.0)


def test_the_loss_of_a_small_sr3_goes_down() -> None:
    torch.manual_seed(0)
    network, shares = Sr3Network((8, 16), blocks=1, dropout=0.0), signal_shares()
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    full = torch.linspace(-1.0, 1.0, 16)[None, None, :, None].expand(8, 1, 16, 16)
    losses = []
    for _ in range(40):
        loss = noise_loss(network, full, full, shares)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:5])


def test_the_bridge_starts_as_zero_filling_and_learns() -> None:
    torch.manual_seed(0)
    frame = shape_series(3, 1)[:, :64, :64]
    low = low_resolution(frame, 0.4).astype(np.float32)
    batch = (
        torch.from_numpy(low)[None],
        torch.from_numpy(frame)[None],
        torch.from_numpy(kept_lines(64, 0.4))[None],
        torch.tensor([0.4]),
    )
    network = BridgeNetwork((8, 16, 16), 1)
    assert float(expected_detail(network, batch[0], batch[2], batch[3]).abs().max()) == 0.0
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3)
    losses = []
    for _ in range(80):
        loss = bridge_loss(network, *batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-10:]) < 0.95


def test_samples_differ_in_the_missing_lines_only() -> None:
    network = BridgeNetwork((8, 16, 16), 1)
    torch.nn.init.normal_(network.last.weight, std=0.1)
    low, share = torch.rand(1, 1, 32, 32), torch.tensor([0.4])
    kept = torch.from_numpy(kept_lines(32, 0.4))[None]
    one, two = (sampled_detail(network, low, kept, share, 3).detach() for _ in range(2))
    assert float((one - two).abs().max()) > 0.0
    spectrum = torch.fft.fft(one, dim=-2).abs()
    assert float(spectrum[:, :, kept[0]].max()) < 1e-4 * float(spectrum.max())


def test_the_generator_of_the_adversarial_pair_is_as_large_as_the_bridge() -> None:
    pair = AdversarialPair()
    assert _weights(pair.generator) == _weights(BridgeNetwork())
    frames = torch.rand(2, 1, 32, 32)
    adversarial_loss(pair, frames, frames, torch.tensor([0.4, 0.4])).backward()
    assert all(parameter.grad is not None for parameter in pair.parameters())


@pytest.mark.parametrize("draw", [patient_series, shape_series])
def test_training_series_are_the_same_for_the_same_seed(draw: object) -> None:
    one: FloatArray = draw(5, 2)  # type: ignore[operator]
    np.testing.assert_array_equal(one, draw(5, 2))  # type: ignore[operator]
    assert one.shape == (2, 128, 128)
    assert one.min() >= 0.0
    assert np.percentile(one, 99.5) == pytest.approx(1.0)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["residual_bridge", "diffusion", "sr3", "adversarial"])
def test_a_training_writes_weights_with_a_card(tmp_path: Path, preset: str) -> None:
    training = Training(preset, Plan(2, warm_up=1), batch=2, frames=4, device="cpu", widths=(8, 8, 8))
    said: list[str] = []
    model = train_and_save(training, tmp_path / "model.safetensors", said.append)
    assert model.path.is_file()
    assert model.card["architecture"] == preset
    assert said[-1].startswith("iteration 2")
