"""Types of arrays, and the values of the label map."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
BoolArray = NDArray[np.bool_]
LabelArray = NDArray[np.uint8]
MYOCARDIUM, LEFT_VENTRICLE, RIGHT_VENTRICLE = 1, 2, 3
"""Values of the label map: myocardium, LV blood pool, RV blood pool."""
