"""The truth maps of a digital patient on the grid of its images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, FloatArray, LabelArray
from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.anatomy import tissue_types as tissues
from QPerfusionLogic.phantom.anatomy.heart import HeartSlice
from QPerfusionLogic.phantom.anatomy.slice_object import SliceObject, SlicePainter, make_grid
from QPerfusionLogic.phantom.physiology.circulation import BloodCurves
from QPerfusionLogic.phantom.physiology.heartbeats import Beats
from QPerfusionLogic.phantom.physiology.tissue_curves import TissueCurves
from QPerfusionLogic.phantom.scanner.scanner import Scanner

from .series_imager import relaxation_times
from .simulated import StateTruth

if TYPE_CHECKING:
    from QPerfusionLogic.phantom.patients.patient import DigitalPatient

APICAL_FROM = 0.66
MID_FROM = 0.34


def state_truth(
    patient: DigitalPatient, state: State, contraction: float, beats: Beats, blood: BloodCurves, curves: TissueCurves
) -> StateTruth:
    """Return the truth of one state, each pixel the mean over the fine pixels it covers."""
    scanner = patient.scanner
    encoding = scanner.tissue_encoding
    grid = make_grid(encoding.matrix, scanner.pixel_mm, encoding.oversampling, scanner.rotation_rad, scanner.mirrored)
    native_t1_s = relaxation_times(patient)[:, 0]
    per_slice = []
    for index, level in enumerate(patient.levels):
        painter = SlicePainter(patient.heart, patient.torso, patient.pattern, grid, level, 0.0)
        target = painter.paint(state, contraction)
        per_slice.append(
            _slice_truth(target, level, encoding.oversampling, beats.time_s[:, index], blood, curves, native_t1_s)
        )
    insertion = np.stack([_insertion_pixels(target["place"], scanner, encoding.matrix) for target in per_slice])
    names = per_slice[0]["maps"].keys()
    return StateTruth(
        state=state,
        labels=np.stack([entry["labels"] for entry in per_slice]),
        segments=np.stack([entry["segments"] for entry in per_slice]),
        layers=np.stack([entry["layers"] for entry in per_slice]),
        maps={name: np.stack([entry["maps"][name] for entry in per_slice]) for name in names},
        gd_mmol_l=np.stack([entry["gd"] for entry in per_slice], axis=1),
        time_s=beats.time_s,
        aif_time_s=blood.time_s,
        aif_mmol_l=blood.left_ventricle,
        displacement_mm=beats.displacement_mm,
        bad=beats.bad,
        insertion_points=insertion,
    )


def aha_segments_at(angle_from_insertion_rad: FloatArray, level: float) -> LabelArray:
    """Return the AHA segment (1 to 16) at angles counted from the anterior RV insertion through the septum.

    Basal and mid segments are 60 degrees wide, the anteroseptal one beginning at the insertion; the four apical ones
    are 90 degrees wide with the septal one in the middle of the septum (15 to 105 degrees).

    Examples
    --------
    >>> aha_segments_at(np.deg2rad([10.0, 70.0, 350.0]), 0.2).tolist()
    [2, 3, 1]
    """
    degrees = np.mod(np.rad2deg(angle_from_insertion_rad), 360.0)
    if level >= APICAL_FROM:
        order = np.array([14, 15, 16, 13], np.uint8)
        return np.asarray(order[(np.mod(degrees - 15.0, 360.0) // 90.0).astype(int) % 4])
    order = np.array([2, 3, 4, 5, 6, 1], np.uint8) + np.uint8(0 if level < MID_FROM else 6)
    return np.asarray(order[(degrees // 60.0).astype(int) % 6])


def _slice_truth(
    target: SliceObject,
    level: float,
    step: int,
    time_s: FloatArray,
    blood: BloodCurves,
    curves: TissueCurves,
    native_t1_s: FloatArray,
) -> dict[str, Any]:
    """Return labels, segments, layers, maps and gadolinium of one slice on the image grid."""
    cavity = target.fractions[tissues.LV_BLOOD] + target.fractions[tissues.PAPILLARY]
    septal = target.place.outline_depth_mm > 0.0
    cover = {
        MYOCARDIUM: target.myocardium,
        LEFT_VENTRICLE: np.where(target.place.endo_depth_mm > -2.0, cavity, 0.0),
        RIGHT_VENTRICLE: np.where(septal, target.fractions[tissues.RV_BLOOD], 0.0),
    }
    labels = np.zeros(target.myocardium[::step, ::step].shape, np.uint8)
    for value, fraction in cover.items():
        labels[_shrink(fraction, step) > 0.5] = value
    inside = labels == MYOCARDIUM
    place = target.place
    angle, depth = place.angle_from_insertion_rad[::step, ::step], place.depth[::step, ::step]
    rows, columns = target.pixels
    weight = _shrink(target.myocardium, step)

    def average(values: FloatArray) -> FloatArray:
        fine = np.zeros(target.myocardium.shape, np.float64)
        fine[rows, columns] = values * target.myocardium[rows, columns]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(inside, _shrink(fine, step) / weight, np.nan).astype(np.float32)

    maps = {name: average(values) for name, values in curves.maps(target.flow).items()}
    total = target.fractions.sum(axis=0) + target.myocardium
    t1 = np.tensordot(native_t1_s, target.fractions, axes=1) + native_t1_s[tissues.MYOCARDIUM] * target.myocardium
    maps["t1"] = _shrink(t1 / total, step).astype(np.float32)
    gd = np.full((time_s.size, *labels.shape), np.nan, np.float32)
    pixels = curves.at(target.flow, time_s)
    for frame in range(time_s.size):
        gd[frame][inside] = average(pixels[:, frame])[inside]
    for value, curve in ((LEFT_VENTRICLE, blood.left_ventricle), (RIGHT_VENTRICLE, blood.right_ventricle)):
        gd[:, labels == value] = np.interp(time_s, blood.time_s, curve)[:, None]
    return {
        "labels": labels,
        "segments": np.where(inside, aha_segments_at(angle, level), 0).astype(np.uint8),
        "layers": np.where(inside, np.where(depth < 0.5, 1, 2), 0).astype(np.uint8),
        "maps": maps,
        "gd": gd,
        "place": place,
    }


def _shrink(fine: FloatArray, step: int) -> FloatArray:
    """Average the fine grid over the area of each image pixel, which is centred on a fine pixel."""
    if step == 1:
        return fine
    rows = 0.5 * fine + 0.25 * (np.roll(fine, 1, 0) + np.roll(fine, -1, 0))
    both = 0.5 * rows + 0.25 * (np.roll(rows, 1, 1) + np.roll(rows, -1, 1))
    return np.asarray(both[::step, ::step])


def _insertion_pixels(place: HeartSlice, scanner: Scanner, matrix: int) -> FloatArray:
    """Return (anterior, inferior) insertion points as (row, column)."""
    points = np.array([place.anterior_insertion_mm, place.inferior_insertion_mm])
    cosine, sine = np.cos(scanner.rotation_rad), np.sin(scanner.rotation_rad)
    columns = points[:, 0] * cosine + points[:, 1] * sine
    rows = points[:, 1] * cosine - points[:, 0] * sine
    if scanner.mirrored:
        columns = -columns
    return np.stack([rows, columns], axis=1) / scanner.pixel_mm + matrix // 2
