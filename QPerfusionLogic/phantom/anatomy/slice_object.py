"""One slice of a digital patient on a fine grid: tissue fractions, myocardial pixels, share of the motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.series import State

from .heart import HeartShape, HeartSlice, draw_heart
from .perfusion_pattern import LocalFlow, PerfusionPattern, local_flow
from .shapes import Blob, Canvas, Grid
from .tissue_types import AIR, FAT, LIVER, LUNG, MUSCLE, MYOCARDIUM, SPLEEN, STOMACH, STOMACH_WALL, TISSUES
from .torso import TorsoShape, draw_torso

ROUGHNESS = {FAT: 3.0, MUSCLE: 3.5, LUNG: 6.0, LIVER: 2.0, SPLEEN: 1.5, STOMACH: 6.0, STOMACH_WALL: 3.0}
"""How uneven tissues are relative to the heart."""


@dataclass(frozen=True)
class SliceObject:
    """A slice ready to be imaged.

    Parameters
    ----------
    fractions : (tissues, rows, columns) float32 array
        Tissue fractions with texture; myocardium is 0 here and given by pixel below.
    myocardium : (rows, columns) float32 array
        Myocardial fraction.
    pixels : (2, n) int array
        Rows and columns of the n pixels with myocardium.
    flow : LocalFlow
        Truth of these n pixels.
    place : HeartSlice
        Walls and insertion points on this grid.
    moves : (rows, columns) float32 array
        Share of the heart's displacement that every pixel makes.
    """

    fractions: FloatArray
    myocardium: FloatArray
    pixels: FloatArray
    flow: LocalFlow
    place: HeartSlice
    moves: FloatArray


def make_grid(matrix: int, pixel_mm: float, oversampling: int, rotation_rad: float, mirrored: bool) -> Grid:
    """Return the fine grid of an image whose middle pixel lies on the LV axis, turned by the scanner's rotation."""
    index = (np.arange(matrix * oversampling) / oversampling - matrix // 2) * pixel_mm
    along_columns, along_rows = np.meshgrid(-index if mirrored else index, index)
    cosine, sine = np.cos(rotation_rad), np.sin(rotation_rad)
    x = along_columns * cosine - along_rows * sine
    y = along_columns * sine + along_rows * cosine
    return Grid(x.astype(np.float32), y.astype(np.float32), pixel_mm / oversampling)


class SlicePainter:
    """Paints one slice level of a patient; the torso is painted once, hearts of other phases go over copies of it."""

    def __init__(
        self, heart: HeartShape, torso: TorsoShape, pattern: PerfusionPattern, grid: Grid, level: float, texture: float
    ) -> None:
        self._heart, self._pattern, self._grid, self._level = heart, pattern, grid, level
        canvas = Canvas(len(TISSUES), grid, AIR)
        outer_mm = heart.cavity_radius_mm + heart.wall_mm
        draw_torso(canvas, torso, outer_mm, level)
        self._background = canvas.fractions
        random = np.random.default_rng([torso.seed, int(level * 1000)])
        self._texture = texture_factor(random, self._background, texture)
        self._moves = moving_share(torso, grid)

    def paint(self, state: State, contraction: float, level_change: float = 0.0) -> SliceObject:
        """Return the slice at a contraction, shifted through the plane by `level_change`."""
        level = float(np.clip(self._level + level_change, 0.0, 1.0))
        canvas = Canvas(len(TISSUES), self._grid, AIR)
        canvas.fractions = self._background.copy()
        place = draw_heart(canvas, self._heart, level, contraction)
        myocardium = canvas.fractions[MYOCARDIUM].copy()
        canvas.fractions[MYOCARDIUM] = 0.0
        canvas.fractions *= self._texture
        rows, columns = np.nonzero(myocardium > 1e-3)
        flow = local_flow(
            self._pattern, state, place.angle_from_insertion_rad[rows, columns], place.depth[rows, columns], level
        )
        return SliceObject(canvas.fractions, myocardium, np.stack([rows, columns]), flow, place, self._moves)


def texture_factor(random: np.random.Generator, fractions: FloatArray, texture: float) -> FloatArray:
    """Return the factor (rows, columns) that makes tissues (tissues, rows, columns) uneven, each in its own measure."""
    rough = np.full(fractions.shape[1:], texture, np.float32)
    for tissue, more in ROUGHNESS.items():
        rough += texture * (more - 1.0) * fractions[tissue]
    return np.maximum(1.0 + rough * smooth_noise(random, rough.shape), 0.0)


def smooth_noise(random: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """Return noise of unit variance with structure at two scales."""
    total = np.zeros(shape, np.float32)
    for coarse, weight in ((4, 0.7), (16, 0.7)):
        small = random.standard_normal([size // coarse + 2 for size in shape])
        total += weight * zoom(gaussian_filter(small, 0.7), coarse, order=1)[: shape[0], : shape[1]] * 1.8
    return total


def moving_share(torso: TorsoShape, grid: Grid) -> FloatArray:
    """Return 1 deep in the chest, falling to 0 at its wall."""
    radius = float(np.sqrt(torso.half_width_mm * torso.half_height_mm))
    body = Blob(torso.centre_mm, radius, float(np.sqrt(torso.half_width_mm / torso.half_height_mm)), torso.tilt_rad)
    inside = (body.depth_mm(grid) - torso.fat_mm) / 25.0
    share = np.clip(inside, 0.0, 1.0)
    near = np.clip((75.0 - np.hypot(grid.x_mm, grid.y_mm)) / 20.0, 0.0, 1.0)
    share = np.maximum(share, near)
    return np.ascontiguousarray(share * share * (3.0 - 2.0 * share), np.float32)
