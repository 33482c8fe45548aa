"""Fast single-slice series with labels, widely varied, to train and test the segmentation on.

The images are made in image space (no Bloch, no line-by-line k-space) from the same anatomy, circulation and tissue
PDE as the full patients; contrast, timing, noise, bias field, blur and anatomy are drawn wider than life.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.fft import fft2, fftfreq, ifft2
from scipy.ndimage import gaussian_filter

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, FloatArray, LabelArray
from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.anatomy import tissue_types as tissues
from QPerfusionLogic.phantom.anatomy.heart import HeartSlice, draw_heart
from QPerfusionLogic.phantom.anatomy.perfusion_pattern import LocalFlow, PerfusionPattern, local_flow
from QPerfusionLogic.phantom.anatomy.shapes import Canvas, Grid
from QPerfusionLogic.phantom.anatomy.slice_object import moving_share, texture_factor
from QPerfusionLogic.phantom.anatomy.torso import draw_torso
from QPerfusionLogic.phantom.patients.distributions import (
    sample_circulation,
    sample_heart,
    sample_motion,
    sample_pattern,
    sample_tissue_factors,
    sample_torso,
)
from QPerfusionLogic.phantom.physiology.circulation import Circulation, blood_curves
from QPerfusionLogic.phantom.physiology.heartbeats import Beats, sample_beats
from QPerfusionLogic.phantom.physiology.tissue_curves import tissue_curves
from QPerfusionLogic.phantom.physiology.uptake import organ_curves

CELLS = 24
FLOWS = 4


@dataclass(frozen=True)
class TrainingSample:
    """One slice over time with what is true of it.

    Parameters
    ----------
    signal : (frames, rows, columns) float32 array
        Arbitrary units, LV peak near 1.
    labels : (rows, columns) uint8 array
        1 myocardium, 2 LV with papillary muscles, 3 RV, at the reference position.
    displacement_mm : (frames, 2) array
        Along (row, column): registered(x) = frame(x + d).
    insertion_points : (2, 2) array
        (anterior, inferior) as (row, column).
    time_s : (frames,) array
    pixel_mm : float
    peak_frames : dict
        right_ventricle, left_ventricle, myocardium.
    level : float
        0 base to 1 apex.
    """

    signal: FloatArray
    labels: LabelArray
    displacement_mm: FloatArray
    insertion_points: FloatArray
    time_s: FloatArray
    pixel_mm: float
    peak_frames: dict[str, int]
    level: float


def training_sample(seed: int, matrix: int = 128, frames: int | None = None, noise: bool = True) -> TrainingSample:
    """Draw one training sample; the same seed gives the same sample.

    Parameters
    ----------
    seed : int
    matrix : int
        Rows and columns.
    frames : int, optional
        Drawn between 36 and 70 when not given.
    noise : bool
        False leaves out the noise; all else stays the same.
    """
    random = np.random.default_rng([seed, 3])
    frames = frames or int(random.integers(36, 71))
    level = float(random.uniform(0.05, 0.88))
    state = State.STRESS if random.random() < 0.5 else State.REST
    pixel_mm = float(random.uniform(1.7, 2.9))
    grid, to_pixels = _random_grid(random, matrix, pixel_mm)
    heart, contraction = sample_heart(random), float(random.uniform(0.42, 1.0))
    if random.random() < 0.2:
        heart = replace(heart, wall_mm=heart.wall_mm * float(random.uniform(0.6, 1.4)))
    torso = sample_torso(random, heart)
    canvas = Canvas(len(tissues.TISSUES), grid, tissues.AIR)
    draw_torso(canvas, torso, heart.cavity_radius_mm + heart.wall_mm, level)
    place = draw_heart(canvas, heart, level, contraction)
    labels = _labels(canvas, place)
    motion = sample_motion(random, float(random.uniform(50, 120)), True, True)
    beats = sample_beats(motion, frames, np.zeros(1), 2, random)
    curves, weights = _curves(random, state, place, level, beats.time_s[:, 0])
    fractions = _fractions(random, canvas, weights)
    signal = _signals(random, curves)
    series = np.tensordot(signal.T, fractions, axes=1)
    series = _moved(series, beats, moving_share(torso, grid), pixel_mm)
    series = _received(random, series, grid, labels, noise)
    return TrainingSample(
        series, labels, beats.displacement_mm[:, 0], _insertions(place, to_pixels), beats.time_s[:, 0], pixel_mm,
        _peaks(curves, weights), level,
    )  # fmt: skip


def _random_grid(random: np.random.Generator, matrix: int, pixel_mm: float) -> tuple[Grid, FloatArray]:
    """Return a grid of any rotation and handedness with the heart anywhere near the middle, and mm -> (row, column)."""
    angle = random.uniform(0.0, 2.0 * np.pi)
    mirror = random.choice([-1.0, 1.0])
    offset = random.uniform(-0.14, 0.14, 2) * matrix
    rows, columns = np.meshgrid(np.arange(matrix), np.arange(matrix), indexing="ij")
    down, right = (rows - matrix / 2 - offset[0]) * pixel_mm, (columns - matrix / 2 - offset[1]) * pixel_mm * mirror
    x = right * np.cos(angle) - down * np.sin(angle)
    y = right * np.sin(angle) + down * np.cos(angle)
    to_pixels = np.array(
        [
            [-np.sin(angle) / pixel_mm, np.cos(angle) / pixel_mm, matrix / 2 + offset[0]],
            [mirror * np.cos(angle) / pixel_mm, mirror * np.sin(angle) / pixel_mm, matrix / 2 + offset[1]],
        ]
    )
    return Grid(x.astype(np.float32), y.astype(np.float32), pixel_mm), to_pixels


def _labels(canvas: Canvas, place: HeartSlice) -> LabelArray:
    fractions = canvas.fractions
    cavity = fractions[tissues.LV_BLOOD] + fractions[tissues.PAPILLARY]
    labels = np.zeros(cavity.shape, np.uint8)
    septal = place.outline_depth_mm > 0.0
    labels[(fractions[tissues.RV_BLOOD] > 0.5) & septal] = RIGHT_VENTRICLE
    labels[(cavity > 0.5) & (place.endo_depth_mm > -2.0)] = LEFT_VENTRICLE
    labels[fractions[tissues.MYOCARDIUM] > 0.5] = MYOCARDIUM
    return labels


def _curves(
    random: np.random.Generator, state: State, place: HeartSlice, level: float, time_s: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return gadolinium (tissues + FLOWS, frames) and the share of each flow in every pixel (FLOWS, rows, columns)."""
    conditions = ("healthy", "ischaemia", "multivessel", "scar", "microvascular")
    pattern: PerfusionPattern = sample_pattern(random, str(random.choice(conditions)), None)
    circulation: Circulation = sample_circulation(random, state, int(random.integers(0, 2)), 75.0, None)
    if random.random() < 0.25:
        circulation = replace(circulation, second_share=float(random.uniform(0.1, 0.5)))
    circulation = replace(circulation, dose_mmol_kg=float(random.uniform(0.03, 0.16)))
    blood = blood_curves(circulation, float(time_s[-1]) + 1.0)
    myocardium = tissue_curves(pattern, state, blood, CELLS, np.geomspace(0.05, 6.0, 10))
    organs = organ_curves(blood, myocardium, pattern.stress_mbf_ml_min_g if state is State.STRESS else 0.8)
    curves = np.stack([np.interp(time_s, blood.time_s, curve) for curve in organs])
    flow = local_flow(pattern, state, place.angle_from_insertion_rad, place.depth, level)
    ladder = np.linspace(flow.mbf_ml_min_g.min(), flow.mbf_ml_min_g.max() + 1e-6, FLOWS)
    rung = (flow.mbf_ml_min_g - ladder[0]) / (ladder[1] - ladder[0])
    weights = np.clip(1.0 - np.abs(rung[None] - np.arange(FLOWS)[:, None, None]), 0.0, 1.0)
    pixels = LocalFlow(ladder, np.full(FLOWS, pattern.delay_s), np.full(FLOWS, float(flow.scar.max()) * 0.3))
    curves = np.concatenate([curves, myocardium.at(pixels, time_s)])
    return curves + circulation.residual_mmol_l * 0.5, weights.astype(np.float32)


def _fractions(random: np.random.Generator, canvas: Canvas, flow_weights: FloatArray) -> FloatArray:
    """Return textured fractions (tissues + FLOWS, rows, columns) as a truncated k-space shows them."""
    fractions = canvas.fractions
    myocardium = fractions[tissues.MYOCARDIUM].copy()
    fractions[tissues.MYOCARDIUM] = 0.0
    everything = np.concatenate([fractions, myocardium * flow_weights])
    everything *= texture_factor(random, fractions, float(random.uniform(0.0, 0.08)))
    window = _resolution_window(random, myocardium.shape[0])
    return np.asarray(ifft2(fft2(everything) * window).real, np.float32)


def _resolution_window(random: np.random.Generator, matrix: int) -> FloatArray:
    """Return a k-space window (rows, columns): truncated in both directions, more or less filtered."""
    frequency = np.abs(fftfreq(matrix)) * 2.0
    softness = random.uniform(0.0, 0.8)
    windows = []
    for limit in random.uniform(0.55, 1.0, 2):
        hann = 0.5 * (1.0 + np.cos(np.pi * np.minimum(frequency / limit, 1.0)))
        windows.append(np.where(frequency <= limit, 1.0 - softness + softness * hann, 0.0))
    return np.asarray(np.outer(windows[0], windows[1]), np.float32)


def _signals(random: np.random.Generator, gd_mmol_l: FloatArray) -> FloatArray:
    """Return signals (tissues + FLOWS, frames) of a saturation recovery with drawn timing and tissue factors."""
    field = 1.5 if random.random() < 0.6 else 3.0
    factors = sample_tissue_factors(random)
    rows = [*range(len(tissues.TISSUES)), *([tissues.MYOCARDIUM] * FLOWS)]
    relaxation = np.array([tissues.TISSUES[row].relaxation(field) for row in rows])
    density = np.array([tissues.TISSUES[row].proton_density * factors.density[row] for row in rows])
    efficiency = np.array([factors.saturation[row] for row in rows]) * random.uniform(0.9, 1.0)
    delay_s, echo_s = random.uniform(0.06, 0.2), random.uniform(0.0009, 0.0014)
    rate = 1.0 / (relaxation[:, 0] * np.array([factors.t1[row] for row in rows]))
    rate = rate[:, None] + random.uniform(3.8, 5.2) * gd_mmol_l
    decay = np.exp(-echo_s * (1.0 / relaxation[:, 2:3] + random.uniform(6.0, 18.0) * gd_mmol_l))
    signal = density[:, None] * (1.0 - efficiency[:, None] * np.exp(-delay_s * rate)) * decay
    return np.asarray(signal / signal[tissues.LV_BLOOD].max(), np.float32)


def _moved(series: FloatArray, beats: Beats, share: FloatArray, pixel_mm: float) -> FloatArray:
    """Return every frame moved by breathing."""
    from QPerfusionLogic.phantom.scanner.motion_kernel import warp_objects

    moved = np.empty_like(series)
    for frame, displacement in enumerate(beats.displacement_mm[:, 0] / pixel_mm):
        warp_objects(series[frame : frame + 1], share, displacement[0], displacement[1], moved[frame : frame + 1])
    return moved


def _received(
    random: np.random.Generator, series: FloatArray, grid: Grid, labels: LabelArray, noise: bool
) -> FloatArray:
    """Return magnitude images with coil bias, correlated noise, wires and borders as scanners leave them."""
    rows, columns = series.shape[1:]
    angle, strength = random.uniform(0, 2 * np.pi), random.uniform(0.0, 1.0)
    across = (grid.x_mm * np.cos(angle) + grid.y_mm * np.sin(angle)) / 120.0
    bias = np.exp(strength * across + 0.15 * smooth_field(random, (rows, columns)))
    series = series * bias.astype(np.float32)
    if random.random() < 0.2:
        series = series * _wires(random, grid)
    level = float(np.exp(random.uniform(np.log(0.012), np.log(0.07))))
    amplified = level * np.exp(random.uniform(-0.3, 0.8) * np.hypot(grid.x_mm, grid.y_mm) / 100.0)
    noisy = _with_noise(random, series, amplified.astype(np.float32))
    series = noisy if noise else series
    if random.random() < 0.5:
        series = series * _border(random, rows)
    top = series[:, labels == LEFT_VENTRICLE].mean(axis=1).max() if (labels == LEFT_VENTRICLE).any() else series.max()
    return np.asarray(series / max(float(top), 1e-6), np.float32)


def _with_noise(random: np.random.Generator, series: FloatArray, level: FloatArray) -> FloatArray:
    """Return magnitudes after complex noise, each frame a random cut of one large correlated noise picture."""
    frames, rows, columns = series.shape
    size = 2 * max(rows, columns)
    white = random.standard_normal((2, size, size), dtype=np.float32)
    smooth = random.uniform(0.0, 0.9)
    if smooth > 0.3:
        white = gaussian_filter(white, (0, smooth, smooth * random.uniform(0.6, 1.4)), mode="wrap")
    white /= white.std()
    result = np.empty_like(series)
    for frame in range(frames):
        top, left, turned = random.integers(0, size - rows), random.integers(0, size - columns), random.integers(0, 2)
        cut = white[:, top : top + rows, left : left + columns] * level
        real, imaginary = (cut[0], cut[1]) if turned else (-cut[1], cut[0])
        result[frame] = np.hypot(series[frame] + real, imaginary)
    return result


def smooth_field(random: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Return a field of unit size that varies over a third of the picture."""
    rows, columns = np.meshgrid(*(np.linspace(0, 1, size) for size in shape), indexing="ij")
    total = np.zeros(shape)
    for _ in range(4):
        direction = random.normal(0.0, 4.0, 2)
        total += 0.7 * np.cos(direction[0] * rows + direction[1] * columns + random.uniform(0, 2 * np.pi))
    return total


def _wires(random: np.random.Generator, grid: Grid) -> FloatArray:
    """Return the signal left around sternal wires: holes with bright rims in front of the heart."""
    left = np.ones_like(grid.x_mm)
    centre = np.array([random.uniform(-80, -20), random.uniform(-75, -35)])
    for _ in range(int(random.integers(3, 9))):
        x, y = centre + random.normal(0, 12, 2)
        distance = np.hypot(grid.x_mm - x, grid.y_mm - y) / random.uniform(2.5, 6.0)
        left *= np.clip(distance - 0.6, 0.0, 1.0) + 0.6 * np.exp(-((distance - 1.5) ** 2) / 0.1)
    return left.astype(np.float32)


def _border(random: np.random.Generator, matrix: int) -> FloatArray:
    """Return 0 outside the bulging frame that the correction of gradient distortion leaves, 1 inside."""
    axis = np.linspace(-1.0, 1.0, matrix)
    rows, columns = np.meshgrid(axis, axis, indexing="ij")
    inside = np.ones_like(rows, bool)
    for along, across in ((rows, columns), (columns, rows)):
        for side in (-1.0, 1.0):
            inside &= side * along < random.uniform(0.85, 1.3) - random.uniform(0.0, 0.15) * across**2
    return inside.astype(np.float32)


def _insertions(place: HeartSlice, to_pixels: FloatArray) -> FloatArray:
    points = np.array([(*place.anterior_insertion_mm, 1.0), (*place.inferior_insertion_mm, 1.0)])
    return np.asarray(points @ to_pixels.T)


def _peaks(curves: FloatArray, weights: FloatArray) -> dict[str, int]:
    """Return the frames of the true peaks of RV, LV and myocardium."""
    left = int(curves[tissues.LV_BLOOD].argmax())
    myocardium = curves[len(tissues.TISSUES) + FLOWS - 1]
    return {
        "right_ventricle": int(curves[tissues.RV_BLOOD].argmax()),
        "left_ventricle": left,
        "myocardium": left + int(myocardium[left : left + 20].argmax()),
    }
