"""The network that the settings ask for (imports torch)."""

from __future__ import annotations

from pathlib import Path

from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.networks.device import chosen_device
from QPerfusionLogic.networks.model_files import load_into, model_file, shipped_model
from QPerfusionLogic.settings.schema import SuperresolutionSettings
from QPerfusionLogic.superresolution.bridge.bridge_network import BridgeNetwork
from QPerfusionLogic.superresolution.bridge.bridge_resolver import SHIPPED, BridgeResolver
from QPerfusionLogic.superresolution.frames.frame_resolver import FrameResolver


def resolver_of(settings: SuperresolutionSettings) -> FrameResolver:
    """Return the network that the settings ask for, on its device.

    Raises
    ------
    QPerfusionError
        When weights are missing, altered or of another network.
    """
    if settings.mode == "sr3":
        from QPerfusionLogic.superresolution.diffusion.sr3_resolver import sr3_resolver_of

        return sr3_resolver_of(settings)
    if settings.mode == "diffusion":
        from QPerfusionLogic.superresolution.diffusion.diffusion_resolver import diffusion_resolver_of

        return diffusion_resolver_of(settings)
    if settings.mode != "residual_bridge":
        raise SettingsError(f"superresolution.mode = {settings.mode!r}", expected="residual_bridge, diffusion or sr3")
    model = model_file(Path(settings.weights)) if settings.weights else shipped_model(SHIPPED)
    network = BridgeNetwork()
    load_into(network, model)
    trust, spread = (model.number(name, 1.0, 0.0, 1e3) for name in ("trust", "spread_scale"))
    device = chosen_device(settings.device)
    return BridgeResolver(
        network.to(device), settings.steps, settings.samples, trust, spread, device, model.name, model.checksum
    )
