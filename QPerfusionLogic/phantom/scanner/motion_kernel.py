"""Move an object on its grid, compiled."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def warp_objects(objects, share, row_shift, column_shift, output):
    """Write objects (k, rows, columns) moved by `share` times the shift in pixels, bilinearly, into `output`."""
    count, rows, columns = objects.shape
    for i in range(rows):
        for j in range(columns):
            y = min(max(i - share[i, j] * row_shift, 0.0), rows - 1.001)
            x = min(max(j - share[i, j] * column_shift, 0.0), columns - 1.001)
            top, left = int(y), int(x)
            down, right = np.float32(y - top), np.float32(x - left)
            for k in range(count):
                upper = objects[k, top, left] * (1 - right) + objects[k, top, left + 1] * right
                lower = objects[k, top + 1, left] * (1 - right) + objects[k, top + 1, left + 1] * right
                output[k, i, j] = upper * (1 - down) + lower * down
