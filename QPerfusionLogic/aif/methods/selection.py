"""The routes to an arterial input by name, and the one that `automatic` takes."""

from __future__ import annotations

from QPerfusionLogic.aif.correction.method_curve import AifMethod
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.data.series import Quantity

from .dual_bolus import by_dual_bolus
from .dual_sequence import by_dual_sequence
from .given_curve import by_given_curve, by_images_as_they_are
from .model_inversion import by_model_inversion
from .neural_network import by_network
from .population import by_population

AIF_METHODS: dict[str, AifMethod] = {
    "curve": by_given_curve,
    "dual_sequence": by_dual_sequence,
    "dual_bolus": by_dual_bolus,
    "neural_network": by_network,
    "signal_inversion": by_model_inversion,
    "concentration": by_images_as_they_are,
    "population": by_population,
}


def chosen_method(state: StateResult, mode: str, conversion_mode: str) -> tuple[str, tuple[Notice, ...]]:
    """Return the name of the route for a mode, and a note on what `automatic` chose.

    Automatic prefers, in this order: a curve given by the user, the AIF series, a pre-bolus, images that already hold
    gadolinium, and last the saturated tissue series: inverted where it has proton-density frames, restored by the
    networks where it has none, for there the inversion has no scale (inverted too, with a warning, where the networks
    cannot be used; where even that has lost the peak, a population
    curve stands in, with a serious notice). On digital patients `qperfusion evaluate aif` measures both.
    """
    if mode != "automatic":
        return mode, ()
    acquisition = state.acquisition
    if acquisition.aif_curve is not None:
        name, why = "curve", "a curve was given"
    elif acquisition.aif_series is not None:
        name, why = "dual_sequence", "there is an AIF series"
    elif acquisition.pre_bolus is not None:
        name, why = "dual_bolus", "there is a pre-bolus series"
    elif acquisition.tissue.quantity is Quantity.GADOLINIUM or conversion_mode == "concentration":
        name, why = "concentration", "the images hold gadolinium"
    elif _networks_can_help(state):
        name, why = "neural_network", "there is neither curve, AIF series, pre-bolus nor proton density"
    else:
        name, why = "signal_inversion", "there is neither curve, AIF series nor pre-bolus"
    note = Notice(code="aif-mode-chosen", message=f"aif.mode automatic took {name}: {why}", severity=Severity.NOTE)
    return name, (note,)


def _networks_can_help(state: StateResult) -> bool:
    """Whether the tissue series is what the networks were made for: no proton density, a spoiled readout."""
    series = state.acquisition.tissue
    return series.proton_density is None and series.protocol.sequence != "bssfp"
