"""The fixed colour tables of flow and reserve, read from Resources/Colors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from QPerfusionLogic.resources import resource_path

UNKNOWN = "#eceff3"
"""Colour of a segment without a number."""


@dataclass(frozen=True)
class ColourTable:
    """Colours over a fixed range of values.

    Parameters
    ----------
    name, unit, label : str
        "MBF", "mL/min/g", "blood flow"; "MPR", "", "perfusion reserve".
    values : (256,) array
        In equal steps.
    rgb : (256, 3) uint8 array
    """

    name: str
    label: str
    unit: str
    values: NDArray[Any]
    rgb: NDArray[np.uint8]

    @property
    def top(self) -> float:
        """The value that takes the last colour; everything above takes it too."""
        return float(self.values[-1])

    def colours(self, values: ArrayLike) -> NDArray[np.uint8]:
        """Return (..., 3) colours of finite values (...)."""
        scaled = np.asarray(values, dtype=float) / self.top * (len(self.values) - 1)
        return self.rgb[np.clip(np.rint(np.nan_to_num(scaled)), 0, len(self.values) - 1).astype(int)]

    def hexadecimal(self, value: float) -> str:
        """Return the colour of one value as #rrggbb; the colour of unknown where it is not finite."""
        if not np.isfinite(value):
            return UNKNOWN
        red, green, blue = (int(part) for part in self.colours(value))
        return f"#{red:02x}{green:02x}{blue:02x}"

    def ink(self, value: float) -> str:
        """Return the text colour, black or white, with the higher contrast (WCAG 2) on the colour of a value."""
        if not np.isfinite(value):
            return "#52606d"
        share = self.colours(value) / 255.0
        linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
        luminance = float(linear @ np.array([0.2126, 0.7152, 0.0722]))
        return "#000000" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"


@lru_cache(maxsize=4)
def colour_table(name: str) -> ColourTable:
    """Return the table "MBF" or "MPR".

    Examples
    --------
    >>> colour_table("MBF").top
    4.0
    """
    content = np.loadtxt(resource_path("Colors", f"{name}.csv"), delimiter=",", skiprows=1)
    label, unit = {"MBF": ("blood flow", "mL/min/g"), "MPR": ("perfusion reserve", "")}[name]
    return ColourTable(name, label, unit, content[:, 0], content[:, 1:].astype(np.uint8))
