"""Error of flow that the arterial input and an assumed contrast agent make, shared by all segments of a heart."""

from __future__ import annotations

import math

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.results import ArterialInput, StateResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.signal_model.constants import relaxivity_spread

ERROR_OF_METHOD = {
    "dual_sequence": {State.STRESS: 0.11, State.REST: 0.04},
    "dual_bolus": {State.STRESS: 0.12, State.REST: 0.06},
    "signal_inversion": {State.STRESS: 0.08, State.REST: 0.17},
    "neural_network": {State.STRESS: 0.13, State.REST: 0.17},
    "population": {State.STRESS: 0.28, State.REST: 0.32},
}
"""Flow error common to a heart (as a share) that an input of a method makes on forty digital patients
(Documentation/evaluations.md, Arterial inputs), in the configuration in which it knows most; where the state is not
known the larger one is taken. The signal inversion has it where proton density scales it. An input with a band of its
own never has less: the band holds what one patient shows, not what the method errs by."""
ERROR_BY_ESTIMATED_SCALE = {State.STRESS: 0.27, State.REST: 0.24}
"""The same for a signal inversion whose scale is an estimate without proton density."""
ERROR_BY_PUBLISHED_NETWORK = {State.STRESS: 0.51, State.REST: 0.39}
"""The same for AI-AIF as published: bias and spread over 44 digital patients (Documentation/models/aif.md)."""
DEFAULT_FIELD_T = 1.5
ERROR_BY_BASELINE = 1.0
"""The same where only the baseline scales the inversion: flow read 160 % (stress) and 365 % (rest) too high there."""
ABSOLUTE = ("concentration", "population")
"""Methods whose input in mmol/L owes nothing to the relaxivity of the agent."""
ERROR_OF_AGENT = 0.05
"""Error of flow by an assumed agent where input and tissue come from images of one agent. Converted as gadoterate,
gadoteridol, gadobenate and gadoxetate instead of gadobutrol, a dual-sequence study of a digital patient (seed 11,
1.5 T) changes by up to 4.6 % at stress and 2.4 % at rest, one without AIF series by up to 5.3 and 3.0 %."""


def least_error_of(known: ArterialInput, state: State) -> float:
    """Return the error of flow, as a share, that the method of an arterial input makes; 0 where none is known."""
    if known.mode == "signal_inversion" and known.constants.get("aif normalisation") != "proton density":
        return ERROR_BY_BASELINE if known.lower_mmol_l is None else _of_state(ERROR_BY_ESTIMATED_SCALE, state)
    if known.constants.get("aif normalisation") == "published network":
        return _of_state(ERROR_BY_PUBLISHED_NETWORK, state)
    return _of_state(ERROR_OF_METHOD.get(known.mode, {}), state)


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
    if arterial_input.mode in ABSOLUTE:
        return relaxivity_spread(concentration.physics.agent, concentration.physics.field_strength_t or DEFAULT_FIELD_T)
    return ERROR_OF_AGENT


def together(*shares: float) -> float:
    """Return independent errors put together."""
    return math.hypot(*shares)


def _of_state(errors: dict[State, float], state: State) -> float:
    return errors.get(state, max(errors.values(), default=0.0))
