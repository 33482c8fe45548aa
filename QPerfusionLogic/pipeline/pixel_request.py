"""The curves of single pixels that are to be fitted, and their fits."""

from __future__ import annotations

from dataclasses import dataclass, field

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.heart_prior import HeartPrior
from QPerfusionLogic.settings.schema import KineticsSettings


@dataclass(frozen=True)
class PixelRequest:
    """Curves to be fitted.

    Parameters
    ----------
    pixels : tuple of (row, column)
    curves : (n, frames) array
        Gadolinium, mmol/L.
    time_s : (frames,) array
    kept : (frames,) bool array
        Frames that count.
    aif_time_s, aif_mmol_l : (m,) arrays
    settings : KineticsSettings
    near : HeartPrior, optional
        What the pixels of this heart are held near, as those of its maps are.
    in_wall : (n,) bool array, optional
        Which pixels are of the wall, whose edges may hold blood; none by default.
    """

    pixels: tuple[tuple[int, int], ...]
    curves: FloatArray
    time_s: FloatArray
    kept: BoolArray
    aif_time_s: FloatArray
    aif_mmol_l: FloatArray
    settings: KineticsSettings
    near: HeartPrior | None = None
    in_wall: BoolArray | None = None


@dataclass(frozen=True)
class PixelFit:
    """The fit of one pixel: predicted (frames,) in mmol/L, NaN where a frame did not count; its parameters and status.

    `error` says why there is no fit.
    """

    predicted: FloatArray
    parameters: dict[str, float] = field(default_factory=dict)
    status: str = ""
    error: str = ""


Fits = dict[tuple[int, int], PixelFit]
