"""Names of settings and choices of version 0.1, which command lines, settings files and provenance files still use."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, TypeVar

RENAMED_SETTINGS = {
    "aif.shared_blood": "aif.b1_calibration",
    "conversion.transmit_field": "conversion.b1_plus",
}
"""Setting of version 0.1 -> its name now."""
RENAMED_CHOICES: dict[str, dict[str, str]] = {
    "aif.mode": {"learned": "neural_network", "model": "signal_inversion", "as_is": "concentration"},
    "conversion.mode": {"as_is": "concentration"},
    "kinetics.model": {"btex_cells": "btex_mixing_cells"},
}
"""Setting -> its choices of version 0.1 -> their names now."""
PRIORS = {
    "pooled": ("hierarchical", "segments"),
    "pooled_everywhere": ("hierarchical", "pixels"),
    "segments": ("population", "segments"),
    "everywhere": ("population", "pixels"),
}
"""`kinetics.priors` of version 0.1 -> `kinetics.priors` and `kinetics.prior_scope`."""
RENAMED_ROLES = {"map:visf": "map:ve", "table:routes": "table:aif_methods"}
"""Role of a node in scenes of version 0.1 -> its role now."""
RENAMED_FEATURES = {"foot_s": "bolus_arrival_time_s", "transmit_field": "b1_plus"}
"""Feature of an arterial input in output folders and scenes of version 0.1 -> its name now."""
T = TypeVar("T")
_LOGGER = logging.getLogger(__name__)


def present_choice(setting: str, value: Any) -> Any:
    """Return the name that a choice of version 0.1 has now; any other value as it is.

    Examples
    --------
    >>> present_choice("aif.mode", "learned"), present_choice("aif.mode", "dual_bolus")
    ('neural_network', 'dual_bolus')
    """
    return RENAMED_CHOICES.get(setting, {}).get(value, value) if isinstance(value, str) else value


def present_settings(name: str, value: Any) -> tuple[tuple[str, Any], ...]:
    """Return a setting and its value by the names of this version, as one or two settings.

    Examples
    --------
    >>> present_settings("kinetics.priors", "everywhere")
    (('kinetics.priors', 'population'), ('kinetics.prior_scope', 'pixels'))
    >>> present_settings("aif.shared_blood", False)
    (('aif.b1_calibration', False),)
    """
    found = _translated(name, value)
    if found != ((name, value),):
        _LOGGER.info("%s=%s is now %s", name, value, " ".join(f"{key}={new}" for key, new in found))
    return found


def present_features(features: Mapping[str, T]) -> dict[str, T]:
    """Return the features of an arterial input by the names of this version.

    Examples
    --------
    >>> present_features({"foot_s": 9.5, "peak_mmol_l": 4.0})
    {'bolus_arrival_time_s': 9.5, 'peak_mmol_l': 4.0}
    """
    return {RENAMED_FEATURES.get(name, name): value for name, value in features.items()}


def _translated(name: str, value: Any) -> tuple[tuple[str, Any], ...]:
    name = RENAMED_SETTINGS.get(name, name)
    if name == "kinetics.priors" and isinstance(value, str) and value in PRIORS:
        priors, scope = PRIORS[value]
        return (name, priors), ("kinetics.prior_scope", scope)
    return ((name, present_choice(name, value)),)
