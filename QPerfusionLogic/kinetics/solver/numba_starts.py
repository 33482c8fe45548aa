"""The compiled search of a dictionary for where fits start; loaded only where numba is."""

from __future__ import annotations

import numpy as np
from numba import njit

from .numba_reading import FAST


@njit(cache=True, fastmath=FAST, nogil=True)
def dictionary_starts(product, size, shape, basin, least, most, inverse, offset, low, high, starts):
    """Fill starts (n, d, basins, p) with the entries that explain most; see `search.find_starts`."""
    n, delays, entries = product.shape
    parts, p = starts.shape[2], starts.shape[3]
    best = np.empty(parts, np.int64)
    most_gain = np.empty(parts, np.float32)
    flow = np.empty(parts, np.float32)
    for i in range(n):
        for delay in range(delays):
            for part in range(parts):
                most_gain[part] = np.float32(-1e30)
                best[part] = 0
                flow[part] = least[0]
            row, length = product[i, delay], size[delay]
            for entry in range(entries):
                part = basin[entry]
                height = min(max(row[entry], least[entry] * length[entry]), most[entry] * length[entry])
                gain = height * (np.float32(2.0) * row[entry] - height)
                if gain > most_gain[part]:
                    most_gain[part] = gain
                    best[part] = entry
                    flow[part] = height / length[entry]
            for part in range(parts):
                entry = best[part]
                log_flow = min(max(np.log(flow[part]), low[0]), high[0])
                for k in range(p):
                    total = inverse[k, 0] * log_flow
                    for a in range(p - 1):
                        total += inverse[k, a + 1] * (shape[entry, a] - offset[a])
                    starts[i, delay, part, k] = min(max(total, low[k]), high[k])
