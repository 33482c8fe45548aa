"""Every arterial input that one state's data allows, side by side."""

from __future__ import annotations

import dataclasses

from QPerfusionLogic.data.results import ArterialInput, StateResult
from QPerfusionLogic.data.series import Quantity
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings

from .logic import AifCorrectionLogic

IMAGE_METHODS = ("dual_sequence", "dual_bolus", "neural_network", "signal_inversion", "population")


def allowed_inputs(
    state: StateResult, settings: AifSettings, conversion: ConversionSettings, progress: Progress | None = None
) -> tuple[dict[str, ArterialInput], dict[str, str]]:
    """Return the arterial input of every route that works on this state, and why the others do not.

    Parameters
    ----------
    state : StateResult
        Registered and segmented.

    Returns
    -------
    dict of ArterialInput
        By route: curve, dual_sequence, dual_bolus, learned, model, population or as_is.
    dict of str
        By route, one sentence each.
    """
    progress = progress or Progress()
    found: dict[str, ArterialInput] = {}
    refused: dict[str, str] = {}
    signal = state.acquisition.tissue.quantity is Quantity.SIGNAL and conversion.mode != "concentration"
    methods = (("curve",) if state.acquisition.aif_curve is not None else ()) + (
        IMAGE_METHODS if signal else ("concentration",)
    )
    for index, name in enumerate(methods):
        chosen = dataclasses.replace(settings, mode=name)
        try:
            result = AifCorrectionLogic(chosen, conversion).run(
                state, progress.part(index / len(methods), (index + 1) / len(methods))
            )
            if result.mode == name:
                found[name] = result
            else:
                refused[name] = "; ".join(n.message for n in result.notices if n.code == "aif-learned-doubtful")
        except QPerfusionError as error:
            if error.exit_code == 130:
                raise
            refused[name] = str(error)
    return found, refused
