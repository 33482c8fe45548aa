"""Simple statistics of a perfusion series, and the two-sample comparison of digital with real series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter1d

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, BoolArray, FloatArray, LabelArray


def series_statistics(signal: FloatArray, labels: LabelArray, pixel_mm: float) -> dict[str, float]:
    """Return what a reader sees in a series, as numbers; intensities are relative to the LV's peak, times in frames.

    Parameters
    ----------
    signal : (frames, rows, columns) array
        One slice; proton-density frames taken out.
    labels : (rows, columns) array
        1 myocardium, 2 LV, drawn near the LV's peak.
    pixel_mm : float
        Pixel size.
    """
    signal = np.asarray(signal, float)
    myocardium, cavity = labels == MYOCARDIUM, labels == LEFT_VENTRICLE
    blood = signal[:, cavity].mean(axis=1)
    tissue = signal[:, myocardium].mean(axis=1)
    peak = int(blood.argmax())
    top, base = float(blood[peak]), slice(1, max(4, _arrival(blood) - 1))
    outside = (signal > 0).all(axis=0) & (labels == 0)
    body = outside & (signal.mean(axis=0) > 0.15 * top)
    after = slice(peak, min(peak + 25, signal.shape[0]))
    late = blood[peak + 15 : peak + 25]
    difference = np.diff(signal[base], axis=0) / np.sqrt(2.0)
    still = {name: _spread(difference[:, region]) / top for name, region in (("heart", myocardium), ("far", body))}
    return {
        "myocardium area mm2": float(myocardium.sum()) * pixel_mm**2,
        "LV area mm2": float(cavity.sum()) * pixel_mm**2,
        "LV baseline": float(np.median(blood[base])) / top,
        "myocardium baseline": float(np.median(tissue[base])) / top,
        "myocardium peak": float(tissue[after].max()) / top,
        "LV after first pass": float(np.median(late)) / top if late.size else np.nan,
        "body median, baseline": float(np.median(signal[base][:, body])) / top,
        "body 90 %, baseline": float(np.percentile(signal[base][:, body], 90)) / top,
        "body 99 %, LV peak": float(np.percentile(signal[peak][body], 99)) / top,
        "noise, myocardium": still["heart"],
        "noise, elsewhere": still["far"],
        "noise correlation, rows": _correlation(difference, 1),
        "noise correlation, columns": _correlation(difference, 2),
        "myocardium spread at peak": float(signal[peak + 6 : peak + 12, myocardium].mean(axis=0).std()) / top,
        "endocardial edge mm": edge_width_mm(signal[peak], cavity, myocardium, pixel_mm),
        "LV full width, frames": _full_width(blood - np.median(blood[base])),
        "myocardium time to peak, frames": float(tissue[after].argmax()),
        "myocardium upslope over LV upslope": _upslope(tissue) / _upslope(blood),
    }


def edge_width_mm(image: FloatArray, cavity: BoolArray, myocardium: BoolArray, pixel_mm: float) -> float:
    """Return the 10 to 90 % width of the endocardial edge: the fall of the mean intensity with the distance from it."""
    signed = (distance_transform_edt(~cavity) - distance_transform_edt(cavity)) * pixel_mm
    near = (cavity | myocardium) & (np.abs(signed) < 8.0)
    bins = np.arange(-7.0, 8.0, 1.0)
    which = np.digitize(signed[near], bins)
    values = image[near]
    profile = np.array([values[which == k].mean() if (which == k).any() else np.nan for k in range(1, bins.size)])
    seen = np.isfinite(profile)
    if seen.sum() < 5:
        return float("nan")
    smooth = np.interp(np.arange(profile.size), np.flatnonzero(seen), profile[seen])
    slope = -np.gradient(gaussian_filter1d(smooth, 0.7)).min()
    return float(0.8 * (smooth[:4].max() - smooth[-4:].min()) / max(slope, 1e-9))


@dataclass(frozen=True)
class Comparison:
    """One statistic in two samples: quartiles of each, and the chance that a digital value exceeds a real one."""

    name: str
    real: tuple[float, float, float]
    digital: tuple[float, float, float]
    probability_digital_larger: float


def compare_samples(real: list[dict[str, float]], digital: list[dict[str, float]]) -> list[Comparison]:
    """Compare every statistic of two samples of series; a probability near 0.5 cannot be distinguished."""
    rows = []
    for name in real[0]:
        one = np.array([entry[name] for entry in real if np.isfinite(entry[name])])
        two = np.array([entry[name] for entry in digital if np.isfinite(entry[name])])
        larger = (two[:, None] > one[None, :]).mean() + 0.5 * (two[:, None] == one[None, :]).mean()
        rows.append(Comparison(name, _quartiles(one), _quartiles(two), float(larger)))
    return rows


def _quartiles(sample: FloatArray) -> tuple[float, float, float]:
    low, middle, high = np.percentile(sample, (25, 50, 75))
    return float(low), float(middle), float(high)


def as_table(rows: list[Comparison]) -> str:
    """Return the comparison as a Markdown table."""
    heads = ("statistic", "real median (quartiles)", "digital median (quartiles)", "P(digital > real)")
    lines = [f"| {' | '.join(heads)} |", "|---|---|---|---|"]
    for row in rows:
        cells = [f"{m:.3g} ({low:.3g}-{high:.3g})" for low, m, high in (row.real, row.digital)]
        lines.append(f"| {row.name} | {cells[0]} | {cells[1]} | {row.probability_digital_larger:.2f} |")
    return "\n".join(lines)


def _arrival(curve: FloatArray) -> int:
    """Return the last frame before the curve has risen by a tenth of its way to the peak."""
    peak = int(curve.argmax())
    base = float(np.median(curve[: max(3, peak // 2)]))
    low = np.flatnonzero(curve[: peak + 1] < base + 0.1 * (curve[peak] - base))
    return int(low[-1]) if low.size else 0


def _spread(values: FloatArray) -> float:
    """Return a standard deviation that outliers do not move."""
    return float(np.median(np.abs(values)) * 1.4826)


def _correlation(noise: FloatArray, axis: int) -> float:
    """Return the correlation of neighbouring pixels' noise along rows (1: between rows) or columns (2)."""
    first, second = (noise[:, :-1], noise[:, 1:]) if axis == 1 else (noise[:, :, :-1], noise[:, :, 1:])
    limit = 4.0 * _spread(noise[noise != 0])
    use = (np.abs(first) < limit) & (np.abs(second) < limit) & (first != 0) & (second != 0)
    return float(np.mean(first[use] * second[use]) / np.mean(0.5 * (first[use] ** 2 + second[use] ** 2)))


def _full_width(curve: FloatArray) -> float:
    """Return the frames around the peak during which the curve is above half of it."""
    peak = int(curve.argmax())
    above = curve > 0.5 * curve[peak]
    end = peak + int(np.argmin(above[peak:])) if not above[peak:].all() else curve.size
    start = peak - int(np.argmin(above[peak::-1])) if not above[: peak + 1].all() else -1
    return float(end - start - 1)


def _upslope(curve: FloatArray) -> float:
    return float(np.gradient(gaussian_filter1d(curve, 0.8)).max())
