"""How the network's answers are averaged and made into rings; every part can be left out to see what it does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DrawingPlan:
    """The steps between crop and contour.

    Parameters
    ----------
    turns_deg : tuple of float
        Turns of the crop whose answers are averaged.
    mirrored : bool
        Whether each turn is also shown mirrored.
    rings : bool
        Whether smooth closed rings are laid through the probabilities; else the most probable class counts.
    papillaries : bool
        Whether a thickening of the wall is shared with the cavity, as readers do with papillary muscles.
    margin_mm : float
        How far inside its edge the epicardium is drawn, out of partial volume.
    trabeculae_mm : float
        How far outside the network's edge of the cavity the endocardium is drawn (its labels hold the trabeculae).
    without : tuple of int
        Input channels that are blanked.
    """

    turns_deg: tuple[float, ...] = (-20.0, 0.0, 20.0)
    mirrored: bool = True
    rings: bool = True
    papillaries: bool = True
    margin_mm: float = 0.5
    trabeculae_mm: float = 0.0
    without: tuple[int, ...] = ()


STANDARD = DrawingPlan()
