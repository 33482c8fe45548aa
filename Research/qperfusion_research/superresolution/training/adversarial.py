"""The comparator of the tables: the same network trained against a discriminator, as super-resolution GANs are.

Generator and discriminator step together on one loss: hinge terms for the discriminator; L1 and the adversarial term
for the generator, which sees the discriminator with its weights held (cf. Ledig et al., SRGAN, CVPR 2017; Xia et al.,
Med Image Anal 2021;71:102037). Imports torch.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from QPerfusionLogic.networks.device import fast_precision
from QPerfusionLogic.superresolution.bridge.bridge_network import BridgeNetwork

ADVERSARIAL = 0.01
"""Weight of the adversarial term beside L1, in units of the frame's bright tissue."""


class AdversarialPair(nn.Module):
    """Generator and discriminator in one module, so that one optimiser and one checkpoint hold both."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = BridgeNetwork()
        self.discriminator = patch_discriminator()


def patch_discriminator(width: int = 32) -> nn.Sequential:
    """Return a discriminator of patches: (n, 2, rows, columns), low and candidate, to a map of logits."""
    layers: list[nn.Module] = []
    before = 2
    for index, after in enumerate((width, 2 * width, 4 * width)):
        conv = nn.Conv2d(before, after, 4, stride=2, padding=1)
        layers += [nn.utils.parametrizations.spectral_norm(conv) if index else conv, nn.LeakyReLU(0.2)]
        before = after
    return nn.Sequential(*layers, nn.Conv2d(before, 1, 3, padding=1))


def adversarial_loss(
    pair: AdversarialPair, low: torch.Tensor, full: torch.Tensor, fraction: torch.Tensor
) -> torch.Tensor:
    """Return the joint loss of a batch; no measured lines are put back, as in the published generators."""
    level = torch.ones_like(fraction)
    with fast_precision(low.device):
        made = low + pair.generator(low, low, level, fraction).float()
        judge = pair.discriminator
        held = {name: value.detach() for name, value in judge.named_parameters()}
        deceived = torch.func.functional_call(judge, held, (torch.cat([low, made], dim=1),))
        real, fake = judge(torch.cat([low, full], dim=1)), judge(torch.cat([low, made.detach()], dim=1))
    generator = (made - full).abs().mean() - ADVERSARIAL * deceived.float().mean()
    discriminator = functional.relu(1.0 - real.float()).mean() + functional.relu(1.0 + fake.float()).mean()
    return torch.as_tensor(generator + discriminator)
