"""Soft-edged shapes and the canvas they are painted on, one tissue over the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray


@dataclass(frozen=True)
class Grid:
    """Pixel centres of one slice in the plane of the heart.

    `x_mm` grows away from the right ventricle and `y_mm` from the anterior to the inferior wall; both are (rows,
    columns) with the LV axis at (0, 0). `step_mm` is the distance between pixels.
    """

    x_mm: FloatArray
    y_mm: FloatArray
    step_mm: float

    def around(self, centre_mm: tuple[float, float], reach_mm: float) -> tuple[slice, slice]:
        """Return the rows and columns that hold all within `reach_mm` of a point (none when it lies outside)."""
        per_column = np.array([self.x_mm[0, 1] - self.x_mm[0, 0], self.y_mm[0, 1] - self.y_mm[0, 0]]) / self.step_mm**2
        per_row = np.array([self.x_mm[1, 0] - self.x_mm[0, 0], self.y_mm[1, 0] - self.y_mm[0, 0]]) / self.step_mm**2
        away = np.array([centre_mm[0] - self.x_mm[0, 0], centre_mm[1] - self.y_mm[0, 0]])
        pixels = reach_mm / self.step_mm + 1.0
        row, column = float(away @ per_row), float(away @ per_column)
        rows, columns = self.x_mm.shape
        return (
            slice(int(np.clip(row - pixels, 0, rows)), int(np.clip(row + pixels + 1, 0, rows))),
            slice(int(np.clip(column - pixels, 0, columns)), int(np.clip(column + pixels + 1, 0, columns))),
        )

    def part(self, box: tuple[slice, slice]) -> Grid:
        """Return the grid of some rows and columns."""
        return Grid(self.x_mm[box], self.y_mm[box], self.step_mm)


@dataclass(frozen=True)
class Blob:
    """A closed outline around a centre: radius(angle) = radius (1 + sum amplitude cos(order angle + phase)), stretched.

    `stretch` multiplies the extent along the direction `direction_rad` and divides it across.
    """

    centre_mm: tuple[float, float]
    radius_mm: float
    stretch: float = 1.0
    direction_rad: float = 0.0
    amplitudes: tuple[float, ...] = ()
    phases: tuple[float, ...] = ()
    first_order: int = 2

    def depth_mm(self, grid: Grid) -> FloatArray:
        """Return the signed distance inside the outline, positive inside (rows, columns)."""
        dx, dy = grid.x_mm - self.centre_mm[0], grid.y_mm - self.centre_mm[1]
        cosine, sine = np.cos(self.direction_rad), np.sin(self.direction_rad)
        along, across = (dx * cosine + dy * sine) / self.stretch, (dy * cosine - dx * sine) * self.stretch
        radius = np.hypot(along, across)
        if not self.amplitudes:
            return np.asarray(self.radius_mm - radius, np.float32)
        outline = harmonics(np.arctan2(across, along), self.amplitudes, self.phases, self.first_order)
        return np.asarray(self.radius_mm * outline - radius, np.float32)

    @property
    def reach_mm(self) -> float:
        """A distance from the centre that the outline never exceeds."""
        longest = max(self.stretch, 1.0 / self.stretch)
        return self.radius_mm * longest * (1.0 + sum(abs(amplitude) for amplitude in self.amplitudes))

    def grown(self, by_mm: float) -> Blob:
        """Return the outline moved outwards."""
        return Blob(
            self.centre_mm,
            self.radius_mm + by_mm,
            self.stretch,
            self.direction_rad,
            self.amplitudes,
            self.phases,
            self.first_order,
        )


def random_blob(
    random: np.random.Generator,
    centre_mm: tuple[float, float],
    radius_mm: float,
    roughness: float = 0.08,
    stretch: float = 1.0,
    direction_rad: float = 0.0,
) -> Blob:
    """Return a blob with four random harmonics that fall with their order."""
    amplitudes = tuple(random.normal(0.0, roughness / order) for order in (2, 3, 4, 5))
    phases = tuple(random.uniform(0.0, 2.0 * np.pi, 4))
    return Blob(centre_mm, radius_mm, stretch, direction_rad, amplitudes, phases)


def harmonics(
    angle: FloatArray, amplitudes: tuple[float, ...], phases: tuple[float, ...], first_order: int = 2
) -> FloatArray:
    """Return 1 + sum amplitude_k cos((first_order + k) angle + phase_k)."""
    factor = np.ones_like(angle)
    for index, (amplitude, phase) in enumerate(zip(amplitudes, phases, strict=True)):
        factor += amplitude * np.cos((first_order + index) * angle + phase, dtype=angle.dtype)
    return factor


class Canvas:
    """Fractions of every tissue in every pixel, (tissues, rows, columns), summing to 1; later paint covers earlier."""

    def __init__(self, tissues: int, grid: Grid, ground: int) -> None:
        self.grid = grid
        self.fractions = np.zeros((tissues, *grid.x_mm.shape), np.float32)
        self.fractions[ground] = 1.0

    def paint(self, tissue: int, depth_mm: FloatArray, within: FloatArray | None = None) -> FloatArray:
        """Cover the pixels where `depth_mm` is positive, with an edge one pixel wide; return the cover."""
        cover = np.clip(depth_mm / self.grid.step_mm + 0.5, 0.0, 1.0).astype(np.float32)
        if within is not None:
            cover = cover * within
        rows = np.flatnonzero(cover.any(axis=1))
        columns = np.flatnonzero(cover.any(axis=0))
        if rows.size:
            box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            self.fractions[:, box[0], box[1]] *= 1.0 - cover[box]
            self.fractions[tissue][box] += cover[box]
        return cover

    def paint_blob(self, tissue: int, blob: Blob, within: FloatArray | None = None) -> None:
        """Cover a blob, looking only at the pixels around it."""
        box = self.grid.around(blob.centre_mm, blob.reach_mm + self.grid.step_mm)
        near = self.grid.part(box)
        if near.x_mm.size:
            cover = np.clip(blob.depth_mm(near) / self.grid.step_mm + 0.5, 0.0, 1.0)
            cover = cover if within is None else cover * within[box]
            self.fractions[:, box[0], box[1]] *= 1.0 - cover
            self.fractions[tissue][box] += cover
