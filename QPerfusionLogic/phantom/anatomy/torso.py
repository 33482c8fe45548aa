"""The chest and upper abdomen around the heart of a digital patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shapes import Blob, Canvas, random_blob
from .tissue_types import (
    AORTA,
    BONE,
    FAT,
    GAS,
    LIVER,
    LUNG,
    LUNG_VESSEL,
    LV_BLOOD,
    MARROW,
    MUSCLE,
    RV_BLOOD,
    SPLEEN,
    STOMACH,
    STOMACH_WALL,
)


@dataclass(frozen=True)
class TorsoShape:
    """Body around the heart, lengths in mm (see `Grid`); `seed` fixes the outlines of the organs."""

    half_width_mm: float = 170.0
    half_height_mm: float = 130.0
    centre_mm: tuple[float, float] = (25.0, 25.0)
    tilt_rad: float = 0.0
    fat_mm: float = 18.0
    muscle_mm: float = 14.0
    diaphragm_mm: float = 40.0
    pericardial_fat_mm: float = 4.0
    liver_radius_mm: float = 75.0
    stomach_radius_mm: float = 38.0
    stomach_gas: float = 0.3
    spleen_radius_mm: float = 35.0
    lung_vessels: int = 40
    ribs: int = 7
    seed: int = 0


def draw_torso(canvas: Canvas, torso: TorsoShape, heart_radius_mm: float, level: float) -> None:
    """Paint everything but the ventricles; the heart is painted over it."""
    random = np.random.default_rng(torso.seed)
    body = random_blob(random, torso.centre_mm, 1.0, 0.03)
    stretch = float(np.sqrt(torso.half_width_mm / torso.half_height_mm))
    radius = float(np.sqrt(torso.half_width_mm * torso.half_height_mm))
    body = Blob(torso.centre_mm, radius, stretch, torso.tilt_rad, body.amplitudes, body.phases)
    fat_edge = random.uniform(0.0, 2.0 * np.pi)
    uneven = 1.0 + 0.35 * np.cos(
        np.arctan2(canvas.grid.y_mm - torso.centre_mm[1], canvas.grid.x_mm - torso.centre_mm[0]) - fat_edge
    )
    depth = body.depth_mm(canvas.grid)
    canvas.paint(FAT, depth)
    canvas.paint(MUSCLE, depth - torso.fat_mm * uneven)
    inner = depth - torso.fat_mm * uneven - torso.muscle_mm
    cavity = canvas.paint(LUNG, inner)
    _draw_ribs(canvas, torso, random, depth - torso.fat_mm * uneven - 0.55 * torso.muscle_mm)
    _draw_vessels(canvas, torso, random, cavity)
    _draw_abdomen(canvas, torso, random, cavity, level)
    _draw_mediastinum(canvas, torso, random, heart_radius_mm, level, cavity)


def _draw_ribs(canvas: Canvas, torso: TorsoShape, random: np.random.Generator, rib_line: np.ndarray) -> None:
    """Paint ribs (cortex round marrow) along the chest wall, and the spine."""
    grid = canvas.grid
    for angle in random.uniform(0, 2 * np.pi) + np.arange(torso.ribs) * 2 * np.pi / max(torso.ribs, 1):
        along = (grid.x_mm - torso.centre_mm[0]) * np.cos(angle) + (grid.y_mm - torso.centre_mm[1]) * np.sin(angle)
        across = (grid.y_mm - torso.centre_mm[1]) * np.cos(angle) - (grid.x_mm - torso.centre_mm[0]) * np.sin(angle)
        depth = np.where(along > 0, 1.0 - np.hypot(rib_line / 4.5, across / random.uniform(5.0, 11.0)), -1.0) * 4.5
        canvas.paint(BONE, depth)
        canvas.paint(MARROW, depth - 1.5)
    angle = torso.tilt_rad + random.uniform(0.35, 0.9)
    centre = (
        torso.centre_mm[0] + 0.62 * torso.half_width_mm * np.cos(angle),
        torso.centre_mm[1] + 0.62 * torso.half_width_mm * np.sin(angle),
    )
    spine = random_blob(random, (float(centre[0]), float(centre[1])), random.uniform(16, 22), 0.05)
    canvas.paint_blob(MUSCLE, spine.grown(9.0))
    canvas.paint_blob(BONE, spine)
    canvas.paint_blob(MARROW, spine.grown(-1.5))


def _draw_vessels(canvas: Canvas, torso: TorsoShape, random: np.random.Generator, cavity: np.ndarray) -> None:
    """Paint lung vessels: small ellipses, larger towards the hilum beside the heart."""
    hilum = np.array([random.uniform(50, 75), random.uniform(-20, 20)])
    for _ in range(torso.lung_vessels):
        distance = random.exponential(42.0) + 4.0
        angle = random.uniform(0, 2 * np.pi)
        x, y = hilum + distance * np.array([np.cos(angle), np.sin(angle)])
        radius = float(np.clip(random.lognormal(0.55, 0.45) * np.exp(-distance / 90.0), 0.6, 6.0))
        stretch, direction = float(random.uniform(1.0, 2.2)), float(angle + random.normal(0, 0.4))
        canvas.paint_blob(LUNG_VESSEL, Blob((float(x), float(y)), radius, stretch, direction), cavity)


def _draw_abdomen(
    canvas: Canvas, torso: TorsoShape, random: np.random.Generator, cavity: np.ndarray, level: float
) -> None:
    """Paint liver, stomach and spleen below the diaphragm, which stands higher towards the apex."""
    grid = canvas.grid
    dome = torso.diaphragm_mm - 8.0 * (level - 0.5) + 0.002 * (grid.x_mm - 10.0) ** 2
    below = np.clip((grid.y_mm - dome) / grid.step_mm + 0.5, 0.0, 1.0) * cavity
    canvas.paint(FAT, below - 0.5)
    under = np.clip((grid.y_mm - dome - 1.5) / grid.step_mm + 0.5, 0.0, 1.0) * cavity
    bottom = torso.diaphragm_mm
    liver = random_blob(
        random, (random.uniform(-75, -30), bottom + 0.72 * torso.liver_radius_mm), torso.liver_radius_mm, 0.1, 1.15
    )
    stomach_at = (random.uniform(15, 75), bottom + torso.stomach_radius_mm * random.uniform(0.8, 1.3))
    spleen_at = (random.uniform(80, 130), bottom + torso.spleen_radius_mm * random.uniform(0.6, 1.5))
    spleen = random_blob(random, spleen_at, torso.spleen_radius_mm, 0.1, 1.4, random.uniform(0, np.pi))
    stomach = random_blob(
        random, stomach_at, torso.stomach_radius_mm, 0.12, random.uniform(1, 1.4), random.uniform(0, 3)
    )
    canvas.paint_blob(SPLEEN, spleen, under)
    canvas.paint_blob(STOMACH_WALL, stomach, under)
    lumen = canvas.paint(STOMACH, stomach.depth_mm(grid) - 4.0, under)
    if torso.stomach_gas > 0:
        top = stomach_at[1] - torso.stomach_radius_mm * (1.0 - 2.0 * torso.stomach_gas)
        canvas.paint(GAS, top - grid.y_mm, lumen)
    canvas.paint_blob(LIVER, liver, under)
    vessels_within = np.clip(liver.depth_mm(grid) / 8.0, 0, 1) * under
    for _ in range(6):
        at = (liver.centre_mm[0] + random.normal(0, 30), liver.centre_mm[1] + random.normal(-10, 25))
        vessel = Blob(at, random.uniform(1.5, 4.0), 1.6, random.uniform(0, 3))
        canvas.paint_blob(LUNG_VESSEL, vessel, vessels_within * 0.6)


def _draw_mediastinum(
    canvas: Canvas,
    torso: TorsoShape,
    random: np.random.Generator,
    heart_radius_mm: float,
    level: float,
    cavity: np.ndarray,
) -> None:
    """Paint the fat around the heart, the descending aorta and, at the base, atria and outflow tract."""
    _draw_front(canvas, torso, random, heart_radius_mm)
    angle = random.uniform(-0.9, -0.2)
    at = (float(1.15 * heart_radius_mm * np.cos(angle)), float(1.15 * heart_radius_mm * np.sin(angle)))
    size = 3.0 + 2.5 * torso.pericardial_fat_mm
    canvas.paint_blob(FAT, random_blob(random, at, size, 0.25, random.uniform(1.2, 2.0), angle + 1.2), cavity)
    angle, away = random.uniform(0.1, 1.1), heart_radius_mm + random.uniform(32, 85)
    aorta = Blob((float(away * np.cos(angle)), float(away * np.sin(angle))), random.uniform(8.0, 12.0))
    if random.random() < 0.7:
        canvas.paint_blob(FAT, aorta.grown(random.uniform(0.5, 2.5)))
        canvas.paint_blob(AORTA, aorta)
    if level < 0.12:
        atrium = random_blob(random, (heart_radius_mm + 8.0, 10.0), random.uniform(14, 22), 0.08, 1.2, 1.2)
        canvas.paint_blob(LV_BLOOD, atrium)
    if level < 0.3:
        size = random.uniform(12, 20) * (1.0 - level)
        tract = random_blob(random, (-heart_radius_mm * 0.75, -heart_radius_mm * 0.95), size, 0.05)
        canvas.paint_blob(RV_BLOOD, tract)


def _draw_front(canvas: Canvas, torso: TorsoShape, random: np.random.Generator, heart_radius_mm: float) -> None:
    """Fill what lies between the right ventricle and the chest wall: fat, at times skeletal muscle, seldom lung."""
    grid = canvas.grid
    towards = random.uniform(-0.15, 0.75)
    along = -(grid.x_mm * np.cos(towards) + grid.y_mm * np.sin(towards))
    across = grid.x_mm * np.sin(towards) - grid.y_mm * np.cos(towards)
    wave = 7.0 * np.cos(across / 19.0 + random.uniform(0, 6)) + 4.0 * np.cos(across / 8.0 + random.uniform(0, 6))
    start = heart_radius_mm * random.uniform(0.1, 1.4) - 2.0 * torso.pericardial_fat_mm
    lung = canvas.fractions[LUNG].copy()
    canvas.paint(FAT, along - start + wave, lung)
    if random.random() < 0.6:
        return
    deeper = along - start - random.uniform(15, 60) + 2.0 * wave
    canvas.paint(MUSCLE, np.minimum(deeper, random.uniform(5, 14) - np.abs(deeper - 8.0)), lung)
