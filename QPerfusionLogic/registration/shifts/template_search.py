"""Searching for the heart of one picture in the whole of another one."""

from __future__ import annotations

import numpy as np
from scipy import fft

from QPerfusionLogic.data.arrays import FloatArray

from .correlation import Spectra, pair_shifts, spectra
from .edge_features import CROP, soft_disc


def search_template(
    template: FloatArray, image: FloatArray, centre: FloatArray, farthest: int
) -> tuple[FloatArray, float]:
    """Return the shift d (2,) with image(x + d) like template(x) around `centre`, and the correlation there.

    Parameters
    ----------
    template, image : (rows, columns) arrays
        Edge features on the working grid.
    centre : (2,) array
        (row, column) in working pixels.
    farthest : int
        Greatest shift searched, in working pixels; a best fit on its border has correlation 0.
    """
    search = min(farthest, template.shape[0] // 2, template.shape[1] // 2)
    if search < 1:
        return np.zeros(2), 0.0
    found = pair_shifts(_spectra(template, image, centre), np.array([0]), np.array([1]), search=search)
    return found.shift[0], 0.0 if found.at_edge[0] else float(found.peak[0])


def _spectra(template: FloatArray, image: FloatArray, centre: FloatArray) -> Spectra:
    rows, columns = template.shape
    size = fft.next_fast_len(max(rows, columns) + CROP, real=True)
    images = np.zeros((2, size, size), dtype=np.float32)
    weights = np.zeros_like(images)
    images[0, :rows, :columns], images[1, :rows, :columns] = template, image
    weights[0, :rows, :columns] = _disc_at(centre, template.shape)
    weights[1, :rows, :columns] = 1.0
    found = spectra(images, weights)
    return Spectra(found.weight, found.image, found.square, size, float(weights[0].sum()))


def _disc_at(centre: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    disc = soft_disc()
    rows, columns = (
        np.arange(size) - round(float(place)) + CROP // 2 for size, place in zip(shape, centre, strict=True)
    )
    inside = ((rows >= 0) & (rows < CROP))[:, None] & ((columns >= 0) & (columns < CROP))[None, :]
    return np.asarray(np.where(inside, disc[np.ix_(rows.clip(0, CROP - 1), columns.clip(0, CROP - 1))], 0.0))
