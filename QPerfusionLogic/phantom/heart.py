"""The heart of a digital patient: its shape parameters, and where its walls lie in every slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.study import FloatArray

from .shapes import Canvas, Grid, harmonics
from .tissue_types import LV_BLOOD, MYOCARDIUM, PAPILLARY, RV_BLOOD, RV_WALL


@dataclass(frozen=True)
class HeartShape:
    """Shape of one heart, lengths in mm, angles in radians counter-clockwise from +x as seen in the picture (y up).

    The wall is `wall_mm` thick on average; `outline_*` bend the endocardium and `wall_*` vary the thickness round the
    wall. `anterior_insertion_rad` and `septum_rad` say where the RV inserts and how much of the ring it covers. A
    `contraction` of 1 is end-diastole; smaller values shrink the cavity while the wall keeps its volume.
    """

    cavity_radius_mm: float = 22.0
    wall_mm: float = 9.0
    ellipticity: float = 0.05
    outline_amplitudes: tuple[float, ...] = (0.02, 0.015, 0.01)
    outline_phases: tuple[float, ...] = (0.0, 1.0, 2.0)
    wall_amplitudes: tuple[float, ...] = (0.10, 0.05, 0.04)
    wall_phases: tuple[float, ...] = (0.5, 1.5, 2.5)
    anterior_insertion_rad: float = 2.09
    septum_rad: float = 2.1
    rv_width_mm: float = 28.0
    rv_squareness: float = 0.6
    rv_skew: float = 0.0
    rv_wall_mm: float = 3.0
    papillary_radius_mm: tuple[float, float] = (4.5, 5.0)
    papillary_angles_rad: tuple[float, float] = (0.6, -1.3)
    papillary_depth: float = 0.72
    trabeculation: float = 0.06
    trabecula_phases: tuple[float, ...] = (0.3, 1.3, 2.3, 3.3)
    axis_shift_mm: tuple[float, float] = (3.0, 2.0)
    outflow: bool = False


@dataclass(frozen=True)
class HeartSlice:
    """One slice of the heart in place: polar coordinates and wall of every pixel, (rows, columns) each.

    `depth` runs from 0 at the endocardium to 1 at the epicardium; `angle_from_insertion_rad` from the anterior RV
    insertion through the septum; insertion points are (x, y) in mm on the epicardium.
    """

    depth: FloatArray
    endo_depth_mm: FloatArray
    epi_depth_mm: FloatArray
    angle_from_insertion_rad: FloatArray
    anterior_insertion_mm: tuple[float, float]
    inferior_insertion_mm: tuple[float, float]
    centre_mm: tuple[float, float]
    epi_radius_mm: float


def place_heart(shape: HeartShape, grid: Grid, level: float, contraction: float) -> HeartSlice:
    """Return where the walls are at `level` (0 base, 1 apex) and `contraction`."""
    centre = (shape.axis_shift_mm[0] * (level - 0.5), shape.axis_shift_mm[1] * (level - 0.5))
    dx, dy = grid.x_mm - centre[0], centre[1] - grid.y_mm
    radius, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
    endo, epi = _walls(shape, angle, level, contraction)
    anterior = shape.anterior_insertion_rad
    inferior = anterior + _septum(shape, level)
    turned = np.mod(angle - anterior, 2.0 * np.pi)
    points = []
    for at in (anterior, inferior):
        _, r = _walls(shape, np.array([at]), level, contraction)
        points.append((centre[0] + float(r[0]) * np.cos(at), centre[1] - float(r[0]) * np.sin(at)))
    depth = (radius - endo) / np.maximum(epi - endo, 1e-3)
    return HeartSlice(depth, endo - radius, epi - radius, turned, points[0], points[1], centre, float(epi.mean()))


def draw_heart(canvas: Canvas, shape: HeartShape, level: float, contraction: float) -> HeartSlice:
    """Paint RV, myocardium, LV blood, papillary muscles and trabeculae, and return where they are."""
    grid = canvas.grid
    place = place_heart(shape, grid, level, contraction)
    rv_depth = _right_ventricle_depth(shape, place, level, contraction)
    canvas.paint(RV_WALL, rv_depth + shape.rv_wall_mm)
    ripple = _ripple(shape, place.angle_from_insertion_rad * 1.7, 5) * (0.5 + level)
    rv_blood = canvas.paint(RV_BLOOD, rv_depth + ripple * 1.5)
    _draw_rv_trabeculae(canvas, shape, place, rv_blood, level)
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
    relaxed = relaxed * (1.0 + shape.ellipticity * np.cos(2.0 * (angle - shape.anterior_insertion_rad)))
    area = (relaxed + wall_mm) ** 2 - relaxed**2
    endo = relaxed * contraction
    return endo, np.sqrt(endo**2 + area)


def _septum(shape: HeartShape, level: float) -> float:
    return shape.septum_rad * (1.08 - 0.45 * level**2)


def _right_ventricle_depth(shape: HeartShape, place: HeartSlice, level: float, contraction: float) -> FloatArray:
    """Return the signed depth inside the crescent that leans on the septum."""
    share = place.angle_from_insertion_rad / _septum(shape, level)
    skewed = np.clip(share, 0.0, 1.0) ** np.exp(shape.rv_skew)
    arch = np.sin(np.pi * skewed) ** shape.rv_squareness
    width = shape.rv_width_mm * (1.0 - 0.75 * level**1.5) * (0.55 + 0.45 * contraction)
    outside = -place.epi_depth_mm
    inside_mm = width * arch - outside
    return np.where(share > 1.0, -100.0, np.minimum(inside_mm, outside + 0.3))


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
    angle = shape.anterior_insertion_rad - np.pi / 1.5 + shape.papillary_angles_rad[index]
    endo, _ = _walls(shape, np.array([angle]), level, contraction)
    reach = float(endo[0]) * (shape.papillary_depth + 0.15 * level)
    x, y = place.centre_mm[0] + reach * np.cos(angle), place.centre_mm[1] - reach * np.sin(angle)
    if size <= 0.5:
        return np.full_like(grid.x_mm, -10.0)
    return size * (0.5 + 0.5 * contraction) - np.hypot(grid.x_mm - x, grid.y_mm - y)


def _draw_rv_trabeculae(canvas: Canvas, shape: HeartShape, place: HeartSlice, within: FloatArray, level: float) -> None:
    """Paint the moderator band and some trabeculae into the right ventricle."""
    grid = canvas.grid
    for index, phase in enumerate(shape.trabecula_phases):
        angle = shape.anterior_insertion_rad + _septum(shape, level) * (0.3 + 0.15 * index + 0.03 * np.cos(phase))
        reach = place.epi_radius_mm + shape.rv_width_mm * (1.0 - 0.75 * level**1.5) * (0.55 + 0.12 * np.cos(3 * phase))
        x, y = place.centre_mm[0] + reach * np.cos(angle), place.centre_mm[1] - reach * np.sin(angle)
        radius = (1.2 + 0.8 * np.cos(2 * phase)) * (0.5 + level)
        canvas.paint(RV_WALL, radius - np.hypot(grid.x_mm - x, grid.y_mm - y), within=within)
