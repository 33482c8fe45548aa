"""How much a region of a slice is like a blood pool by its shape, size and place."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import BoolArray, FloatArray

SEPTUM_MM = (4.0, 18.0)
"""Gap between the two pools: the septum and the trabeculae on both of its sides."""
FAR_MM = 45.0
"""Distance from the LV pool beyond which nothing is its neighbour."""


def distance_to(region: BoolArray, spacing_mm: tuple[float, float]) -> FloatArray:
    """Return the distance (rows, columns) to a region, measured near it; FAR_MM farther off."""
    distance = np.full(region.shape, FAR_MM)
    span = ndimage.find_objects(region.astype(np.uint8))[0]
    near = tuple(
        slice(max(part.start - round(FAR_MM / spacing), 0), part.stop + round(FAR_MM / spacing))
        for part, spacing in zip(span, spacing_mm, strict=True)
    )
    distance[near] = ndimage.distance_transform_edt(~region[near], sampling=spacing_mm)
    return distance


def across_a_septum(distance_mm: FloatArray) -> float:
    """Return how well a region at these distances from the LV pool lies across a septum."""
    gap = float(np.percentile(distance_mm, 5.0))
    misfit = max(gap - SEPTUM_MM[1], 0.0) / 10.0 + max(SEPTUM_MM[0] - gap, 0.0) / 2.0
    return float(np.exp(-0.5 * misfit**2))


def regions_of(feature: FloatArray, pixel_mm2: float, count: int = 8) -> list[BoolArray]:
    """Return connected regions over half of their own peak, the strongest first."""
    regions: list[BoolArray] = []
    remaining = feature.copy()
    floor = 0.25 * float(feature.max())
    while len(regions) < count:
        peak = int(np.argmax(remaining))
        level = float(remaining.flat[peak])
        if level <= max(floor, 0.0):
            break
        labels, _ = ndimage.label(feature > 0.5 * level)
        region = labels == labels.flat[peak]
        remaining[region] = -np.inf
        if region.sum() * pixel_mm2 >= 30.0 and region.sum() >= 3:
            regions.append(_filled(region))
    return regions


def _filled(region: BoolArray) -> BoolArray:
    """Return a region (rows, columns) with its holes closed; they lie inside its bounding box."""
    filled = region.copy()
    box = ndimage.find_objects(region.astype(np.uint8))[0]
    filled[box] = ndimage.binary_fill_holes(region[box])
    return filled


def roundness(region: BoolArray, spacing_mm: tuple[float, float]) -> float:
    """Return 1 for a disc and less for the elongated or ragged: area over that of the disc with equal spread."""
    rows, columns = np.nonzero(region)
    points = np.stack([rows * spacing_mm[0], columns * spacing_mm[1]])
    spread = np.atleast_2d(np.cov(points)) if points.shape[1] > 2 else np.eye(2)
    spread = spread + np.diag(np.square(spacing_mm) / 12.0)
    longest = float(np.linalg.eigvalsh(spread)[-1])
    area = region.sum() * spacing_mm[0] * spacing_mm[1]
    return float(np.clip(area / (4.0 * np.pi * longest), 0.0, 1.0))


def evenness(values: FloatArray) -> float:
    """Return 1 for a pool of blood and less for a region whose core far outshines it: blood with myocardium round
    it."""
    return float(min(1.0, values.mean() / max(0.7 * float(values.max()), 1e-6)))


def size_weight(area_mm2: float) -> float:
    """Return 1 for the area of an LV cavity (150 to 3000 mm2, systolic apex to dilated base), falling off outside."""
    below, above = area_mm2 / 150.0, 3500.0 / area_mm2
    return float(min(1.0, below, above**2))
