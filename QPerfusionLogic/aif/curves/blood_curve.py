"""The mean signal of a blood region over time, as the AIF methods read it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, BoolArray, FloatArray
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.signal_model.bolus import Bolus, find_bolus
from QPerfusionLogic.signal_model.magnitude import has_noise_floor, noise_variance, without_noise_floor

FEWEST_FRAMES = 8


@dataclass(frozen=True)
class BloodCurve:
    """Blood signal of one slice over the frames that were kept.

    Parameters
    ----------
    time_s : (n,) array
        Times of that slice, on the clock of its own series.
    signal : (n,) array
        Mean over the region, in image units.
    proton_density : float
        Mean of the proton-density frames over the region; NaN without them.
    second_echo : (n,) array, optional
        The same of the second echo.
    slice_index : int
        The slice it was read from.
    pixels : int
        Size of the region.
    """

    time_s: FloatArray
    signal: FloatArray
    proton_density: float
    slice_index: int
    pixels: int
    second_echo: FloatArray | None = None

    @cached_property
    def bolus(self) -> Bolus | None:
        """The first pass, or None where there is none."""
        return find_bolus(self.signal, self.time_s)

    @cached_property
    def baseline(self) -> float:
        """Mean signal before the bolus; NaN without one."""
        bolus = self.bolus
        return float("nan") if bolus is None else float(np.mean(self.signal[bolus.baseline_frames]))


def tissue_blood_curve(state: StateResult) -> BloodCurve:
    """Return the LV blood curve of the registered tissue series, from the slice with the largest AIF region.

    Raises
    ------
    InputError
        When there is no LV blood pool.
    """
    if state.registered is None or state.segmented is None:
        raise KeyError("registration and segmentation come before the arterial input")
    region = np.asarray(state.segmented.aif_region, dtype=bool)
    if not region.any():
        region = state.segmented.labels == LEFT_VENTRICLE
    return blood_curve(state.registered.series, region, state.registered.kept)


def blood_curve(series: PerfusionSeries, region: BoolArray, kept: BoolArray | None = None) -> BloodCurve:
    """Return the mean curve of a region (slices, rows, columns) in its largest slice; rejected frames are left out."""
    counts = region.sum(axis=(1, 2))
    index = int(np.argmax(counts))
    if counts[index] == 0:
        raise InputError(
            "no bolus of contrast in the series: no left-ventricular blood pool to read the arterial input from",
            expected="pixels labelled 2 (LV blood)",
            action="edit the segmentation, give a mask, or give the arterial input as a CSV curve",
        )
    pixels = region[index]
    inside = series.signal[:, index][:, pixels]
    seen = find_bolus(inside.mean(axis=1, dtype=float), series.time_s[:, index]) if has_noise_floor(series) else None
    before = slice(0, 0) if seen is None else seen.baseline_frames
    signal = _means(inside, before)
    use = np.isfinite(signal) if kept is None else np.isfinite(signal) & kept[:, index]
    if use.sum() < FEWEST_FRAMES:
        raise InputError(
            f"{int(use.sum())} usable frames in the arterial input",
            expected=f"at least {FEWEST_FRAMES}",
            action="restore rejected frames (registration.restored_frames) or choose the dynamic series",
        )
    density, second = series.proton_density, series.second_echo
    return BloodCurve(
        time_s=np.asarray(series.time_s[use, index], dtype=float),
        signal=signal[use],
        proton_density=float(np.nanmean(density[:, index][:, pixels])) if density is not None else float("nan"),
        slice_index=index,
        pixels=int(counts[index]),
        second_echo=None if second is None else _means(second[:, index][:, pixels], before)[use],
    )


def _means(inside: FloatArray, before: slice) -> FloatArray:
    """Return mean magnitudes (frames,) of pixels (frames, n) without what noise, read from the frames before, adds."""
    return without_noise_floor(inside.mean(axis=1, dtype=float), float(np.median(noise_variance(inside[before]))))
