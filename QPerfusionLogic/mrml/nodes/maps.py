"""Maps of a result as volumes that know their quantity, unit and colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.reporting.tables.colour_table import colour_table

from .colours import hide_missing, show_in_colors
from .volumes import add_volume, set_units

Code = tuple[str, str, str]
"""(value, coding scheme, meaning)."""
_NO_UNIT: Code = ("1", "UCUM", "no units")
_FLOW_UNIT: Code = ("ml/min/g", "UCUM", "milliliter per minute per gram")


@dataclass(frozen=True)
class MapKind:
    """What a map shows: its title, quantity and unit codes, and the name of its fixed colour table."""

    title: str
    quantity: Code
    unit: Code
    colors: str = ""

    @property
    def label(self) -> str:
        """Title with the unit, as a colour legend shows it."""
        unit = {"1": "", "ml/min/g": "mL/min/g", "ml/g": "mL/g"}.get(self.unit[0], self.unit[0])
        return f"{self.title} ({unit})" if unit else self.title


KINDS = {
    "mbf": MapKind("MBF", ("126390", "DCM", "Absolute Regional Blood Flow"), _FLOW_UNIT, "MBF"),
    "mbf_se": MapKind("MBF standard error", ("mbf_se", "99QPERFUSION", "Standard error of blood flow"), _FLOW_UNIT),
    "mpr": MapKind("MPR", ("mpr", "99QPERFUSION", "Myocardial perfusion reserve"), _NO_UNIT, "MPR"),
    "delay": MapKind("Delay", ("delay", "99QPERFUSION", "Delay of tissue after blood"), ("s", "UCUM", "second")),
    "r2": MapKind("R2", ("r2", "99QPERFUSION", "Coefficient of determination"), _NO_UNIT),
    "rms": MapKind(
        "RMS", ("rms", "99QPERFUSION", "Root mean square residual"), ("mmol/L", "UCUM", "millimole per liter")
    ),
    "blood_share": MapKind("Blood share", ("blood_share", "99QPERFUSION", "Share of blood in the pixel"), _NO_UNIT),
    "status": MapKind("Fit status", ("status", "99QPERFUSION", "Status of the fit"), _NO_UNIT),
    "ps": MapKind("PS", ("ps", "99QPERFUSION", "Permeability surface area product"), _FLOW_UNIT),
    "vp": MapKind("Vp", ("vp", "99QPERFUSION", "Plasma volume"), ("ml/g", "UCUM", "milliliter per gram")),
    "ve": MapKind("ve", ("ve", "99QPERFUSION", "Interstitial fluid volume"), ("ml/g", "UCUM", "milliliter per gram")),
}
"""Map name -> what it is; quantities without a DICOM code carry one of the private scheme 99QPERFUSION."""


def map_kind(name: str) -> MapKind:
    """Return what a map shows; a map that is not listed has no unit and its own name as title."""
    return KINDS.get(name, MapKind(name, (name[:16], "99QPERFUSION", name), _NO_UNIT))


def add_map(scene: Any, name: str, values: FloatArray, geometry: Geometry, prefix: str = "", state: str = "") -> Any:
    """Add a map as a scalar volume with quantity, unit and colours.

    Parameters
    ----------
    name : str
        Name of the map (`mbf`, `delay`, `mpr`, ...).
    values : (slices, rows, columns) array
        NaN where there is no number; these pixels are transparent.
    prefix : str
        Put before the title in the node's name ("Stress").
    state : str
        Put before the title of the colour legend.

    Returns
    -------
    vtkMRMLScalarVolumeNode
    """
    kind = map_kind(name)
    node = add_volume(scene, f"{prefix} {kind.title}".strip(), np.asarray(values, dtype=np.float32), geometry)
    set_units(node, kind.quantity, kind.unit)
    if kind.colors:
        show_in_colors(scene, node, colour_table(kind.colors), f"{state} {kind.label}".strip())
    else:
        hide_missing(node)
    return node
