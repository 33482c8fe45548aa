"""What the curves of one heart have in common, as a prior for each of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .arrays import FloatArray

DELAY_WITHIN_HEART_S = 0.25
"""Spread of the arterial delay between the segments of one heart (s); blood reaches them within about a beat."""
FLOW_WITHIN_HEART = 0.3
"""Spread of the logarithm of flow between the segments of one heart; heavy tails let defects lie far from the rest."""
TAIL = 4.0
"""Degrees of freedom of the priors: normal in the logarithm at first, with the tails of a t distribution, so that
curves that clearly say otherwise are trusted."""


@dataclass(frozen=True)
class HeartPrior:
    """Values that the curves of one heart scatter round.

    Parameters
    ----------
    centre : dict
        Parameter name -> its value in the middle of the heart (natural scale).
    log_sd : dict
        Parameter name -> scatter of its logarithm round the centre, the centre's own uncertainty included.
    delay_s, delay_sd_s : float, optional
        The same for the arterial delay; None where the delay is not open.
    """

    centre: dict[str, float] = field(default_factory=dict)
    log_sd: dict[str, float] = field(default_factory=dict)
    delay_s: float | None = None
    delay_sd_s: float = DELAY_WITHIN_HEART_S

    def of_delays(self, delays_s: FloatArray) -> FloatArray:
        """Return the log prior (d,) of delays (d,), with heavy tails like those of the other parameters."""
        if self.delay_s is None:
            return np.zeros(delays_s.size)
        return -heavy_tailed_penalty(delays_s - self.delay_s, self.delay_sd_s)


def heavy_tailed_penalty(deviation: FloatArray, sd: float) -> FloatArray:
    """Return the penalty (negative log prior) of values that lie away from the centre.

    Examples
    --------
    >>> heavy_tailed_penalty(np.zeros(2), 0.1).tolist()
    [0.0, 0.0]
    """
    return np.asarray(0.5 * (TAIL + 1.0) * np.log1p((deviation / sd) ** 2 / TAIL))


def heavy_tailed_force(deviation: FloatArray, sd: float) -> FloatArray:
    """Return the slope of `heavy_tailed_penalty`."""
    return np.asarray((TAIL + 1.0) * deviation / (TAIL * sd**2 + deviation**2))
