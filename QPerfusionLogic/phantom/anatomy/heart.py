"""The heart of a digital patient: its shape parameters, and where its walls lie in every slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray

from .shapes import Canvas, Grid, harmonics
from .tissue_types import FAT, LV_BLOOD, MYOCARDIUM, PAPILLARY, RV_BLOOD, RV_WALL


@dataclass(frozen=True)
class HeartShape:
    """Shape of one heart, lengths in mm, angles in radians counter-clockwise from +x as seen in the picture (y up).

    The wall is `wall_mm` thick on average; `outline_*` bend the endocardium and `wall_*` vary the thickness round the
    wall. `rv_axis_rad` points from the LV to the RV, whose outer circle has `rv_ratio` times the LV's radius and stands
    out by `rv_width_mm`. A `contraction` of 1 is end-diastole; smaller values shrink the cavity while the wall keeps
    its volume.
    """

    cavity_radius_mm: float = 27.0
    wall_mm: float = 11.0
    ellipticity: float = 0.05
    outline_amplitudes: tuple[float, ...] = (0.02, 0.015, 0.01)
    outline_phases: tuple[float, ...] = (0.0, 1.0, 2.0)
    wall_amplitudes: tuple[float, ...] = (0.10, 0.05, 0.04)
    wall_phases: tuple[float, ...] = (0.5, 1.5, 2.5)
    rv_axis_rad: float = 3.14
    rv_ratio: float = 0.7
    rv_width_mm: float = 30.0
    rv_wall_mm: float = 3.0
    epicardial_fat_mm: float = 3.0
    fat_phases: tuple[float, ...] = (0.0, 1.5, 3.0)
    papillary_radius_mm: tuple[float, float] = (4.5, 5.0)
    papillary_angles_rad: tuple[float, float] = (0.6, -1.2)
    papillary_depth: float = 0.72
    trabeculation: float = 0.06
    trabecula_phases: tuple[float, ...] = (0.3, 1.3, 2.3, 3.3)
    axis_shift_mm: tuple[float, float] = (3.0, 2.0)
    outflow: bool = False


@dataclass(frozen=True)
class HeartSlice:
    """One slice of the heart in place: polar coordinates and wall of every pixel, (rows, columns) each.

    `depth` runs from 0 at the endocardium to 1 at the epicardium; `angle_from_insertion_rad` from the anterior RV
    insertion through the septum, which ends at `septum_rad`; `outline_depth_mm` is the depth inside both ventricles;
    insertion points are (x, y) in mm on the epicardium.
    """

    depth: FloatArray
    endo_depth_mm: FloatArray
    epi_depth_mm: FloatArray
    angle_from_insertion_rad: FloatArray
    anterior_insertion_mm: tuple[float, float]
    inferior_insertion_mm: tuple[float, float]
    centre_mm: tuple[float, float]
    epi_radius_mm: float
    septum_rad: float
    outline_depth_mm: FloatArray


def place_heart(shape: HeartShape, grid: Grid, level: float, contraction: float) -> HeartSlice:
    """Return where the walls are at `level` (0 base, 1 apex) and `contraction`."""
    centre = (shape.axis_shift_mm[0] * (level - 0.5), shape.axis_shift_mm[1] * (level - 0.5))
    dx, dy = grid.x_mm - centre[0], centre[1] - grid.y_mm
    radius, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
    endo, epi = _walls(shape, angle, level, contraction)
    outline = _outline(shape, level, contraction)
    anterior, inferior = outline.axis_rad - outline.half_septum_rad, outline.axis_rad + outline.half_septum_rad
    turned = np.mod(angle - anterior, 2.0 * np.pi)
    points = []
    for at in (anterior, inferior):
        _, r = _walls(shape, np.array([at]), level, contraction)
        points.append((centre[0] + float(r[0]) * np.cos(at), centre[1] - float(r[0]) * np.sin(at)))
    depth = (radius - endo) / np.maximum(epi - endo, 1e-3)
    return HeartSlice(
        depth=depth,
        endo_depth_mm=endo - radius,
        epi_depth_mm=epi - radius,
        angle_from_insertion_rad=turned,
        anterior_insertion_mm=points[0],
        inferior_insertion_mm=points[1],
        centre_mm=centre,
        epi_radius_mm=float(epi.mean()),
        septum_rad=2.0 * outline.half_septum_rad,
        outline_depth_mm=_outline_depth(grid, centre, outline),
    )


def draw_heart(canvas: Canvas, shape: HeartShape, level: float, contraction: float) -> HeartSlice:
    """Paint RV, myocardium, LV blood, papillary muscles and trabeculae, and return where they are."""
    grid = canvas.grid
    place = place_heart(shape, grid, level, contraction)
    outline = _outline(shape, level, contraction)
    outside = place.outline_depth_mm
    fat = harmonics(place.angle_from_insertion_rad, (0.9, 0.7, 0.5), shape.fat_phases, 1) - 0.6
    canvas.paint(FAT, np.maximum(outside, place.epi_depth_mm) + shape.epicardial_fat_mm * np.maximum(fat, 0.0))
    septal = place.angle_from_insertion_rad < place.septum_rad
    wall_depth = np.where(septal, outside, -100.0)
    canvas.paint(RV_WALL, wall_depth)
    rough = 1.5 * _ripple(shape, place.angle_from_insertion_rad * 1.7, 5) * (0.3 + level)
    blood_depth = np.minimum(wall_depth - shape.rv_wall_mm + np.minimum(rough, 0.0), -place.epi_depth_mm)
    rv_blood = canvas.paint(RV_BLOOD, blood_depth)
    _draw_rv_trabeculae(canvas, shape, place, outline, rv_blood)
    canvas.paint(MYOCARDIUM, place.epi_depth_mm)
    cavity = canvas.paint(LV_BLOOD, place.endo_depth_mm)
    canvas.paint(PAPILLARY, -(place.endo_depth_mm - _trabecula_mm(shape, place, level, contraction)), within=cavity)
    for index in range(2):
        canvas.paint(PAPILLARY, _papillary_depth(shape, place, grid, level, contraction, index), within=cavity)
    return place


def _walls(shape: HeartShape, angle: FloatArray, level: float, contraction: float) -> tuple[FloatArray, FloatArray]:
    """Return endo- and epicardial radius at every angle; the wall area does not change with contraction."""
    taper = np.sqrt(max(1.0 - (max(level, 0.0) / 1.18) ** 2.4, 0.08))
    wall_mm = shape.wall_mm * (1.0 - 0.25 * level) * harmonics(angle, shape.wall_amplitudes, shape.wall_phases, 1)
    relaxed = shape.cavity_radius_mm * taper * harmonics(angle, shape.outline_amplitudes, shape.outline_phases, 3)
    relaxed = relaxed * (1.0 + shape.ellipticity * np.cos(2.0 * (angle - shape.rv_axis_rad)))
    area = (relaxed + wall_mm) ** 2 - relaxed**2
    endo = relaxed * contraction
    return endo, np.sqrt(endo**2 + area)


@dataclass(frozen=True)
class _Outline:
    """Hull of two circles: the LV (`first_mm`) and a circle of `second_mm`, `apart_mm` away along `axis_rad`."""

    axis_rad: float
    first_mm: float
    second_mm: float
    apart_mm: float
    rv_wall_mm: float

    @property
    def half_septum_rad(self) -> float:
        """Angle between the axis and an insertion point: where the RV cavity begins on the epicardium of the LV.

        The hull touches the LV further out and leaves it along a tangent; the cavity opens where it has come away by
        the thickness of the RV wall, and that is where a reader sees the RV insert.
        """
        touching = np.arccos((self.first_mm - self.second_mm) / self.apart_mm)
        return float(touching - np.arccos(1.0 - self.rv_wall_mm / self.first_mm))


def _outline(shape: HeartShape, level: float, contraction: float) -> _Outline:
    axis = shape.rv_axis_rad
    _, touching = _walls(shape, axis + np.array([-1.3, 1.3]), level, contraction)
    first = float(touching.mean())
    second = first * shape.rv_ratio * (1.0 - 0.25 * level)
    width = shape.rv_width_mm * (1.0 - 0.65 * level**1.5) * (0.5 + 0.5 * contraction) + shape.rv_wall_mm
    return _Outline(axis, first, second, width + first - second, shape.rv_wall_mm)


def _outline_depth(grid: Grid, centre_mm: tuple[float, float], outline: _Outline) -> FloatArray:
    """Return the signed depth inside the outline of both ventricles (the uneven capsule of I. Quilez)."""
    dx, dy = grid.x_mm - centre_mm[0], centre_mm[1] - grid.y_mm
    along = dx * np.cos(outline.axis_rad) + dy * np.sin(outline.axis_rad)
    across = np.abs(dy * np.cos(outline.axis_rad) - dx * np.sin(outline.axis_rad))
    b = (outline.first_mm - outline.second_mm) / outline.apart_mm
    a = float(np.sqrt(1.0 - b * b))
    between = a * along - b * across
    round_lv = np.hypot(across, along) - outline.first_mm
    round_rv = np.hypot(across, along - outline.apart_mm) - outline.second_mm
    flank = a * across + b * along - outline.first_mm
    distance = np.where(between < 0, round_lv, np.where(between > a * outline.apart_mm, round_rv, flank))
    return np.asarray(-distance, np.float32)


def _ripple(shape: HeartShape, angle: FloatArray, first_order: int) -> FloatArray:
    total = np.zeros_like(angle)
    for index, phase in enumerate(shape.trabecula_phases):
        total += np.cos((first_order + 2 * index) * angle + phase) / (1.0 + 0.4 * index)
    return total


def _trabecula_mm(shape: HeartShape, place: HeartSlice, level: float, contraction: float) -> FloatArray:
    """Return how far the trabeculae reach into the cavity."""
    height = shape.trabeculation * shape.cavity_radius_mm * (0.4 + 1.2 * level) / np.sqrt(max(contraction, 0.3))
    return np.maximum(_ripple(shape, place.angle_from_insertion_rad, 6), -0.3) * height * 0.6


def _papillary_depth(
    shape: HeartShape, place: HeartSlice, grid: Grid, level: float, contraction: float, index: int
) -> FloatArray:
    """Return the depth inside one papillary muscle: absent at the base, merging with the wall towards the apex."""
    size = shape.papillary_radius_mm[index] * np.clip(2.6 * (level - 0.12), 0.0, 1.0) * (1.15 - 0.3 * level)
    angle = shape.rv_axis_rad - np.pi + shape.papillary_angles_rad[index]
    endo, _ = _walls(shape, np.array([angle]), level, contraction)
    reach = float(endo[0]) * (shape.papillary_depth + 0.15 * level)
    x, y = place.centre_mm[0] + reach * np.cos(angle), place.centre_mm[1] - reach * np.sin(angle)
    if size <= 0.5:
        return np.full_like(grid.x_mm, -10.0)
    return size * (0.5 + 0.5 * contraction) - np.hypot(grid.x_mm - x, grid.y_mm - y)


def _draw_rv_trabeculae(
    canvas: Canvas, shape: HeartShape, place: HeartSlice, outline: _Outline, within: FloatArray
) -> None:
    """Paint the moderator band and some trabeculae into the right ventricle."""
    grid = canvas.grid
    width = outline.apart_mm + outline.second_mm - outline.first_mm
    for index, phase in enumerate(shape.trabecula_phases):
        angle = outline.axis_rad + outline.half_septum_rad * (0.35 * (index - 1.5) + 0.1 * np.cos(phase))
        reach = outline.first_mm + width * (0.6 + 0.2 * np.cos(3 * phase))
        x, y = place.centre_mm[0] + reach * np.cos(angle), place.centre_mm[1] - reach * np.sin(angle)
        radius = 1.5 + 1.0 * np.cos(2 * phase)
        canvas.paint(RV_WALL, radius - np.hypot(grid.x_mm - x, grid.y_mm - y), within=within)
