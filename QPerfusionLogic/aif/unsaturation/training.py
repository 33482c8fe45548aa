"""Train the AIF networks on pairs drawn afresh for every step (python -m QPerfusionLogic.aif.unsaturation.training)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from QPerfusionLogic.progress import Progress

from .network import QUANTILES, PaperNetwork, UnsaturationNetwork
from .pairs import Pairs, Shift, draw_pairs
from .weights import save_weights

STATE_WEIGHT, BAND_WEIGHT = 0.02, 0.2
POOL_BATCH = 500
SHIFTS = {
    "in distribution": Shift(),
    "saturation time 150 ms": Shift(saturation_time_s=0.15),
    "saturation time 70 ms": Shift(saturation_time_s=0.07),
    "transmit field 0.7": Shift(flip_scale=0.7),
}


def train_unsaturation(
    iterations: int, batch: int, seed: int, device: str, progress: Progress | None = None, pool: int = 0
) -> UnsaturationNetwork:
    """Return our network, trained on the curve (relative squared error), its band (pinball) and the state before."""
    progress = progress or Progress()
    torch.manual_seed(seed)
    network = UnsaturationNetwork().to(device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=iterations, pct_start=0.05)
    parts = [draw_pairs(POOL_BATCH, device) for _ in range(-(-pool // POOL_BATCH))]
    drawn = Pairs.joined(parts) if parts else None
    for step in range(iterations):
        if drawn is None:
            pairs = draw_pairs(batch, device)
        else:
            pairs = drawn.chosen(torch.randint(0, len(drawn.signal), (batch,), device=device))
        curves, state = network(pairs.signal, pairs.valid, pairs.conditions)
        loss = curve_loss(curves, pairs) + STATE_WEIGHT * torch.mean((state - pairs.state) ** 2)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 500 == 0:
            progress.update(step / iterations, f"member {seed}: step {step}, loss {loss.item():.4f}")
    return network.eval()


def curve_loss(curves: Any, pairs: Pairs) -> Any:
    """Return the mean over curves of the normalised squared error plus the pinball loss of both band limits."""
    weight = pairs.valid / pairs.valid.sum(dim=1, keepdim=True)
    power = (pairs.gadolinium**2 * weight).sum(dim=1)
    error = (((curves[:, 0] - pairs.gadolinium) ** 2) * weight).sum(dim=1) / power
    band = torch.zeros_like(error)
    for index, quantile in enumerate(QUANTILES):
        miss = pairs.gadolinium - curves[:, 1 + index]
        pinball = torch.maximum(quantile * miss, (quantile - 1.0) * miss)
        band = band + (pinball * weight).sum(dim=1) / power.sqrt()
    return torch.mean(error.clamp(max=4.0) + BAND_WEIGHT * band)


def train_paper(iterations: int, batch: int, seed: int, device: str) -> PaperNetwork:
    """Return the published network trained by the published recipe: Adam 1e-3, MSE, noise 0.02 in and 0.03 out.

    The curves are those of our digital circulations, the target gadolinium scaled to the saturated curve's rise; time
    offset and noise come on top as in the paper.
    """
    torch.manual_seed(seed)
    network = PaperNetwork().to(device)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(iterations):
        pairs = draw_pairs(batch, device)
        signal, target = paper_pair(pairs)
        offset = int(torch.randint(0, 4, ()))
        signal, target = torch.roll(signal, offset, 1), torch.roll(target, offset, 1)
        found = network(signal + 0.02 * torch.randn_like(signal))
        loss = torch.mean((found - target - 0.03 * torch.randn_like(target)) ** 2)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


def paper_pair(pairs: Pairs) -> tuple[Any, Any]:
    """Return saturated and unsaturated curve as the paper has them: signal, both divided by the saturated maximum.

    The unsaturated one continues the rise of the saturated one from its lowest tenth, as a short saturation time would.
    """
    baseline = pairs.signal[:, :5].mean(dim=1, keepdim=True)
    low = ((pairs.gadolinium > 0.02) & (pairs.gadolinium < 0.15)).float() * pairs.valid
    rise = ((pairs.signal - baseline) * low).sum(dim=1, keepdim=True)
    slope = rise / (pairs.gadolinium * low).sum(dim=1, keepdim=True).clamp(min=1e-3)
    return pairs.signal, (baseline + slope * pairs.gadolinium) * pairs.valid


@torch.no_grad()
def errors(networks: list[UnsaturationNetwork], shift: Shift, count: int, device: str, seed: int = 10_000) -> Any:
    """Return normalised squared errors (%) of an ensemble on fresh curves, and the share of samples inside its band."""
    torch.manual_seed(seed)
    pairs = draw_pairs(count, device, shift)
    curves = torch.stack([net(pairs.signal, pairs.valid, pairs.conditions)[0] for net in networks]).mean(dim=0)
    inside = (pairs.gadolinium >= curves[:, 1]) & (pairs.gadolinium <= curves[:, 2])
    error = ((curves[:, 0] - pairs.gadolinium) ** 2 * pairs.valid).sum(1) / (pairs.gadolinium**2 * pairs.valid).sum(1)
    return 100.0 * error.cpu(), float((inside.float() * pairs.valid).sum() / pairs.valid.sum())


def main(arguments: list[str] | None = None) -> int:
    """Train an ensemble, print its errors and save its weights."""
    parser = argparse.ArgumentParser(description="Train the AIF network on digital boluses.")
    parser.add_argument("output", type=Path, help="folder for the weights")
    parser.add_argument("--preset", choices=("ours", "paper"), default="ours")
    parser.add_argument("--members", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--iterations", type=int, default=12_000)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--pool", type=int, default=0, help="pairs drawn once and reused; 0 draws afresh for each step")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    chosen = parser.parse_args(arguments)
    if chosen.preset == "paper":
        published = train_paper(chosen.iterations, chosen.batch, 0, chosen.device)
        save_weights(chosen.output / "aif_paper.safetensors", published, vars(chosen))
        return 0
    log = Progress(lambda share, message: print(f"{100 * share:5.1f} % {message}", flush=True))  # noqa: T201
    networks = []
    for member in range(chosen.first_seed, chosen.first_seed + chosen.members):
        network = train_unsaturation(chosen.iterations, chosen.batch, member, chosen.device, log, chosen.pool)
        networks.append(network)
        save_weights(chosen.output / f"aif_unsaturation_{member}.safetensors", network, vars(chosen))
    for name, shift in SHIFTS.items():
        found, inside = errors(networks, shift, 4000, chosen.device)
        print(f"{name}: median {found.median():.2f} %, p95 {found.quantile(0.95):.1f} %, in band {100 * inside:.1f} %")  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
