"""Error of flow that the arterial input and an assumed contrast agent make, shared by all segments of a heart."""

from __future__ import annotations

import math

import numpy as np

from QPerfusionLogic.aif.methods.aif_method import aif_methods
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.results import ArterialInput, StateResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.signal_model.constants import aif_flow_error, field_strength_or_typical, relaxivity_spread

ERROR_OF_AGENT = 0.05
"""Error of flow by an assumed agent where input and tissue come from images of one agent. Converted as gadoterate,
gadoteridol, gadobenate and gadoxetate instead of gadobutrol, a dual-sequence study of a digital patient (seed 11,
1.5 T) changes by up to 4.6 % at stress and 2.4 % at rest, one without AIF series by up to 5.3 and 3.0 %."""


def least_error_of(known: ArterialInput, state: State) -> float:
    """Return the error of flow, as a share, that the method of an arterial input makes; 0 where none is known.

    It is what the method errs by on digital patients, in the configuration in which it knows most
    (Resources/Constants/aif_errors.csv); where the state is not known, the larger one. An input with a band of its own
    never has less: the band holds what one patient shows, not what the method errs by.
    """
    return aif_flow_error(known.mode, known.normalisation, str(state))


def error_of_band(ends: tuple[FloatArray, FloatArray], flows: FloatArray, band_sds: float) -> float:
    """Return the median over segments of half the span of flow between both ends of a band, in standard deviations."""
    share = np.abs(ends[0] - ends[1]) / (2.0 * band_sds) / flows
    share = share[np.isfinite(share)]
    return float(np.median(share)) if share.size else 0.0


def error_of_agent(result: StateResult) -> float:
    """Return the error of flow, as a share, that an assumed contrast agent makes; 0 where the agent is known.

    An arterial input in mmol/L beside tissue that the assumed relaxivity converts makes flow err as the relaxivity
    does. Where both come from images of one agent, most of it cancels.
    """
    concentration, arterial_input = result.concentration, result.arterial_input
    if concentration is None or arterial_input is None or not concentration.physics.agent_assumed:
        return 0.0
    method = aif_methods().get(arterial_input.mode)
    if method is not None and not method.inverts_signal:
        return relaxivity_spread(
            concentration.physics.agent, field_strength_or_typical(concentration.physics.field_strength_t)
        )
    return ERROR_OF_AGENT


def together(*shares: float) -> float:
    """Return independent errors put together."""
    return math.hypot(*shares)
