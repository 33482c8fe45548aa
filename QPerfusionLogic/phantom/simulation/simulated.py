"""What a simulation hands out: the study as a scanner would give it, and the truth behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from QPerfusionLogic.data.arrays import BoolArray, FloatArray, LabelArray
from QPerfusionLogic.data.series import State
from QPerfusionLogic.data.study import PerfusionStudy


@dataclass(frozen=True)
class StateTruth:
    """The truth of one state, on the grid of its tissue series with motion taken out (reference position).

    Parameters
    ----------
    labels : (slices, rows, columns) uint8 array
        1 myocardium, 2 LV blood (with papillary muscles and trabeculae, as contours are drawn), 3 RV blood, 0
        elsewhere.
    segments, layers : (slices, rows, columns) uint8 arrays
        AHA segment 1 to 16, counted from the anterior RV insertion point; 1 endocardial, 2 epicardial half.
    maps : dict of (slices, rows, columns) arrays
        mbf, plasma_flow, ps (mL/min/g), vp, ve (mL/g), delay (s), scar (share), t1 (s, native); NaN outside the
        myocardium (t1: everywhere).
    gd_mmol_l : (frames, slices, rows, columns) float32 array
        Gadolinium above baseline of the motion-free myocardium and blood pools; NaN elsewhere.
    time_s : (frames, slices) array
        Clock of the tissue series.
    aif_time_s, aif_mmol_l : (n,) arrays
        True LV blood gadolinium above baseline on the same clock, finely sampled.
    displacement_mm : (frames, slices, 2) array
        Along (row, column): registered(x) = frame(x + d).
    bad : (frames, slices) bool array
        Mistriggered and missed beats.
    insertion_points : (slices, 2, 2) array
        (anterior, inferior) RV insertion point as (row, column) in pixels.
    """

    state: State
    labels: LabelArray
    segments: LabelArray
    layers: LabelArray
    maps: dict[str, FloatArray]
    gd_mmol_l: FloatArray
    time_s: FloatArray
    aif_time_s: FloatArray
    aif_mmol_l: FloatArray
    displacement_mm: FloatArray
    bad: BoolArray
    insertion_points: FloatArray


@dataclass(frozen=True)
class SimulatedStudy:
    """A digital patient's study with its truth; `parameters` holds everything that was sampled, ready for JSON."""

    study: PerfusionStudy
    truth: dict[State, StateTruth]
    parameters: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
