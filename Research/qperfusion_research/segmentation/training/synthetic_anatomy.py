"""Random short-axis anatomy for training: shares of tissues in every pixel, and the true contours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import BoolArray, FloatArray, LabelArray

TISSUES = ("lung", "left_blood", "right_blood", "myocardium", "defect", "right_wall", "fat", "liver", "chest", "other")
FIELD, PIXEL_MM = 88, 2.0
"""Pixels and their size in mm: larger than the network's crop, so that the crop can be moved and turned."""
NARROW = 0.65
"""Radius of the cavity over that of the epicardium below which a ventricle counts as contracted."""


@dataclass(frozen=True)
class Anatomy:
    """One random slice.

    Parameters
    ----------
    heart, body : (tissues, FIELD, FIELD) arrays
        Share of each tissue in every pixel, for the heart and for what lies behind it.
    cover : (FIELD, FIELD) array
        Share of the heart in every pixel.
    labels : (FIELD, FIELD) uint8 array
        1 myocardium, 2 LV (papillary muscles included), 3 RV.
    insertions : (2, 2) array
        (row, column) of both RV insertion points; NaN without RV.
    """

    heart: FloatArray
    body: FloatArray
    cover: FloatArray
    labels: LabelArray
    insertions: FloatArray


def random_anatomy(random: np.random.Generator) -> Anatomy:
    """Return a random slice: LV in the middle, RV roughly up, everything else anywhere."""
    y, x = _grid()
    radius, angle = np.hypot(y, x), np.arctan2(y, x)
    epicardium, endocardium = _left_ventricle(random, angle)
    inside_epi, inside_endo = _fill(epicardium - radius), _fill(endocardium - radius)
    myocardium = _papillaries(random, y, x, radius, angle, epicardium, endocardium)
    right, right_outer, labels_right = _right_ventricle(random, y, x, radius, epicardium)

    heart: dict[str, FloatArray] = {name: np.zeros((FIELD, FIELD)) for name in TISSUES}
    blood = inside_endo * (1.0 - myocardium)
    wall = inside_epi - blood
    defect = _defect(random, radius, angle, epicardium, endocardium)
    heart["left_blood"], heart["myocardium"] = blood, wall * (1.0 - defect)
    heart["defect"] = wall * defect
    free = 1.0 - inside_epi
    heart["right_blood"] = free * right
    heart["right_wall"] = free * np.clip(right_outer - right, 0.0, 1.0)
    fat = _fat(random, radius, angle, epicardium, right_outer)
    heart["fat"] = free * (1.0 - right_outer) * fat
    cover = np.clip(sum(heart.values()), 0.0, 1.0)

    labels = np.zeros((FIELD, FIELD), dtype=np.uint8)
    labels[labels_right & (inside_epi < 0.5)] = 3
    labels[inside_epi >= 0.5] = 1
    labels[inside_endo >= 0.5] = 2
    return Anatomy(
        np.stack([heart[name] for name in TISSUES]).astype(np.float32),
        _body(random, y, x, epicardium),
        cover.astype(np.float32),
        labels,
        _insertions(right_outer, epicardium),
    )


def _grid() -> tuple[FloatArray, FloatArray]:
    offset = (np.arange(FIELD) - 0.5 * (FIELD - 1)) * PIXEL_MM
    rows, columns = np.meshgrid(offset, offset, indexing="ij")
    return rows, columns


def _fill(distance_mm: FloatArray) -> FloatArray:
    """Return the share of a pixel inside a shape from its signed distance (positive inside)."""
    return np.clip(0.5 + distance_mm / PIXEL_MM, 0.0, 1.0)


def _waves(random: np.random.Generator, angle: FloatArray, sizes: tuple[float, ...]) -> FloatArray:
    """Return a random closed curve around 1 with the given relative sizes of its first harmonics."""
    value = np.ones_like(angle)
    for order, size in enumerate(sizes, start=1):
        value = value + random.normal(0.0, size) * np.cos(order * angle - random.uniform(0.0, 2.0 * np.pi))
    return value


def _left_ventricle(random: np.random.Generator, angle: FloatArray) -> tuple[FloatArray, FloatArray]:
    size = random.uniform(19.0, 40.0)
    epicardium = size * _waves(random, angle, (0.0, 0.05, 0.025, 0.012))
    share = (
        random.uniform(0.5, 0.85) if random.random() < 0.25 else float(np.clip(random.normal(0.33, 0.12), 0.12, 0.7))
    )
    thickness = np.clip(size * share, 4.0, size - 4.5) * _waves(random, angle, (0.1, 0.06, 0.04))
    endocardium = np.maximum(epicardium - np.maximum(thickness, 3.0), 3.5)
    return epicardium, endocardium


def _papillaries(
    random: np.random.Generator,
    y: FloatArray,
    x: FloatArray,
    radius: FloatArray,
    angle: FloatArray,
    epicardium: FloatArray,
    endocardium: FloatArray,
) -> FloatArray:
    """Return the share of myocardium inside the cavity: papillary muscles and a trabeculated rim.

    Narrow cavities have a nearly solid rim more often: contraction presses the trabeculae together.
    """
    mean = float(endocardium.mean())
    myocardium = np.zeros_like(radius)
    crowded = random.random() < 0.4
    for _ in range(random.integers(1, 5) if crowded else random.integers(0, 4)):
        size = random.uniform(0.1, 0.6 if crowded else 0.42) * mean
        where = random.uniform(0.0, 2.0 * np.pi)
        distance = mean - size * random.uniform(-0.3, 0.8 if crowded else 1.6)
        spread = np.hypot(y - distance * np.sin(where), x - distance * np.cos(where))
        myocardium = np.maximum(myocardium, _fill(size - spread))
    if random.random() < 0.7:
        myocardium = np.maximum(
            myocardium, _trabeculae(random, radius, angle, endocardium, random.uniform(0.03, 0.45), 0.5)
        )
    narrow = mean < NARROW * float(epicardium.mean())
    if random.random() < (0.55 if narrow else 0.2):
        myocardium = np.maximum(
            myocardium,
            _trabeculae(random, radius, angle, endocardium, random.uniform(0.15, 0.5), random.uniform(0.8, 1.2)),
        )
    return myocardium


def _trabeculae(
    random: np.random.Generator,
    radius: FloatArray,
    angle: FloatArray,
    endocardium: FloatArray,
    depth: float,
    density: float,
) -> FloatArray:
    """Return the share of myocardium in a rim inside the endocardium, `depth` of its mean radius deep.

    At a density of 1 the rim is nearly solid, as in systole: blood is seen in the middle only, and readers draw the
    endocardium where the compact wall begins.
    """
    texture = ndimage.gaussian_filter(random.normal(size=radius.shape), random.uniform(0.6, 1.5))
    texture = np.clip(density + texture / (2.0 * texture.std()), 0.0, 1.0)
    rim_mm = np.maximum(depth * float(endocardium.mean()) * np.clip(_waves(random, angle, (0.6, 0.4)), 0.0, 2.0), 1.0)
    rim = np.clip((radius - endocardium + rim_mm) / np.minimum(rim_mm, 4.0), 0.0, 1.0)
    return random.uniform(0.2 if density < 0.7 else 0.6, 1.0) * rim * texture


def _right_ventricle(
    random: np.random.Generator, y: FloatArray, x: FloatArray, radius: FloatArray, epicardium: FloatArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return the RV blood's share, the share inside its outer wall and the mask of the RV label."""
    if random.random() < 0.08:
        nothing = np.zeros_like(radius)
        return nothing, nothing, nothing > 1.0
    size = float(epicardium.mean())
    half_width = size * random.uniform(0.65, 1.35)
    height = size * random.uniform(0.45, 1.3)
    if random.random() < 0.12:  # towards the apex a sliver of the RV is left
        half_width, height = half_width * random.uniform(0.4, 0.7), height * random.uniform(0.3, 0.7)
    centre_y = -size - random.uniform(-0.35, 0.35) * height
    centre_x = random.normal(0.0, 0.12) * size
    tilt = random.normal(0.0, 0.2)
    u = (x - centre_x) * np.cos(tilt) + (y - centre_y) * np.sin(tilt)
    v = -(x - centre_x) * np.sin(tilt) + (y - centre_y) * np.cos(tilt)
    bulge = _waves(random, np.arctan2(v, u), (0.05, 0.06, 0.05))
    extent = np.hypot(u / half_width, v / height) / bulge
    distance = (1.0 - extent) * min(half_width, height)
    wall = random.uniform(1.5, 4.5)
    blood = _fill(distance - wall) * _fill(radius - epicardium - random.uniform(0.0, 1.5))
    label = blood > 0.5
    if random.random() < 0.7:
        texture = ndimage.gaussian_filter(random.normal(size=radius.shape), random.uniform(0.7, 2.0))
        blood = blood * (1.0 - random.uniform(0.2, 0.9) * (texture > random.uniform(0.7, 1.6) * texture.std()))
    return blood, _fill(distance), label


def _defect(
    random: np.random.Generator,
    radius: FloatArray,
    angle: FloatArray,
    epicardium: FloatArray,
    endocardium: FloatArray,
) -> FloatArray:
    """Return the share of a perfusion defect in the wall: a sector, transmural or below the endocardium."""
    if random.random() < 0.6:
        return np.zeros_like(radius)
    middle, half = random.uniform(-np.pi, np.pi), random.uniform(0.3, 1.6)
    if random.random() < 0.15:
        half = 4.0
    away = np.abs((angle - middle + np.pi) % (2.0 * np.pi) - np.pi)
    depth = random.choice([0.3, 0.5, 1.2]) * (epicardium - endocardium)
    return _fill((half - away) * radius) * _fill(endocardium + depth - radius)


def _fat(
    random: np.random.Generator,
    radius: FloatArray,
    angle: FloatArray,
    epicardium: FloatArray,
    right_outer: FloatArray,
) -> FloatArray:
    """Return the share of epicardial fat: a layer of uneven thickness around both ventricles."""
    beyond = np.maximum(radius - epicardium, 0.0)
    beyond = np.minimum(beyond, ndimage.distance_transform_edt(right_outer < 0.5) * PIXEL_MM)
    thickness = random.uniform(0.0, 9.0) * np.clip(_waves(random, angle, (0.8, 0.6, 0.4)) - 0.4, 0.0, 2.0)
    return _fill(thickness - beyond)


def _body(random: np.random.Generator, y: FloatArray, x: FloatArray, epicardium: FloatArray) -> FloatArray:
    """Return the tissues behind the heart: lung, with liver, stomach, chest wall and vessels laid over it."""
    shares = {name: np.zeros((FIELD, FIELD)) for name in TISSUES}
    shares["lung"] = np.ones((FIELD, FIELD))
    size = float(epicardium.mean())

    def cover(name: str, share: FloatArray) -> None:
        for other in shares:
            shares[other] = shares[other] * (1.0 - share)
        shares[name] = shares[name] + share

    for name, chance, nearest in (("liver", 0.85, 0.75), ("other", 0.5, 0.8), ("chest", 0.8, 1.1), ("liver", 0.3, 0.9)):
        if random.random() < chance:
            where = random.uniform(-np.pi, np.pi)
            offset = size * random.uniform(nearest, 2.2)
            curve = random.normal(0.0, 0.006)
            along, across = y * np.sin(where) + x * np.cos(where), -y * np.cos(where) + x * np.sin(where)
            cover(name, _fill(along - offset + curve * across**2))
            if random.random() < 0.5:
                cover("fat", _fill(random.uniform(1.0, 4.0) - np.abs(along - offset + curve * across**2)))
    for name, low, high, chance in (("left_blood", 7.0, 14.0, 0.5), ("other", 8.0, 25.0, 0.5), ("fat", 4.0, 20.0, 0.5)):
        if random.random() < chance:
            where, distance, width = (
                random.uniform(-np.pi, np.pi),
                size * random.uniform(1.5, 3.0),
                random.uniform(low, high),
            )
            cover(name, _fill(width - np.hypot(y - distance * np.sin(where), x - distance * np.cos(where))))
    vessels = ndimage.gaussian_filter(random.normal(size=(FIELD, FIELD)), 0.8)
    vessels = (vessels > random.uniform(2.2, 3.5) * vessels.std()) * shares["lung"]
    cover(str(random.choice(["left_blood", "right_blood"])), vessels * random.uniform(0.3, 0.9))
    return np.stack([shares[name] for name in TISSUES]).astype(np.float32)


def _insertions(right_outer: FloatArray, epicardium: FloatArray) -> FloatArray:
    """Return both ends of the arc of the epicardium that lies within the RV's outer wall."""
    angles = np.linspace(-np.pi, np.pi, 180, endpoint=False)
    y, x = _grid()
    own = np.arctan2(y, x)
    order = np.argsort(own, axis=None)
    edge = np.interp(angles, own.ravel()[order], epicardium.ravel()[order]) + 1.0
    middle = 0.5 * (FIELD - 1)
    row, column = middle + edge * np.sin(angles) / PIXEL_MM, middle + edge * np.cos(angles) / PIXEL_MM
    touched = ndimage.map_coordinates(right_outer, [row, column], order=1) > 0.5
    if not touched.any() or touched.all():
        return np.full((2, 2), np.nan)
    labels, count = ndimage.label(np.tile(touched, 2))
    longest = max((np.flatnonzero(labels == label) for label in range(1, count + 1)), key=len)
    ends = [longest[0] % 180, longest[-1] % 180]
    return np.stack([row[ends], column[ends]], axis=1)
