"""Five shapes of real blood curves, derived from the real data at test time and never stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np

STEP_S = 0.2
USUAL_TAIL = 0.2
"""Blood ten seconds after the peak over the peak: saturated curves are linearised until they have it (usual 0.1 to
0.3)."""


def real_shapes(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return times (s) and blood curves with a peak of 1, smoothed over about a second; unsaturated or linearised."""
    found = {}
    dual = np.load(folder / "gd_rest" / "gd_rest.npz")
    found["rest, dual sequence"] = (np.arange(len(dual["aif_mmol_l"])) * float(dual["dt_s"]), dual["aif_mmol_l"])
    low = np.load(folder / "aif_series" / "aif_series_1.npz")
    curve = low["signal"][:, low["mask"] == 1].mean(axis=1)
    found["low-resolution AIF series"] = (np.arange(len(curve)) * 0.6, curve)
    for case, beat_s in (("case02_stress", 0.65), ("case09_rest", 0.9)):
        curve = _human(folder / "human_first_pass", case)
        found[case] = (np.arange(len(curve)) * beat_s, _unbent(np.arange(len(curve)) * beat_s, curve))
    times, curve = _general_electric(folder / "ge_first_pass")
    found["GE, full dose"] = (times, _unbent(times, curve))
    return {name: (times, _smooth(times, curve)) for name, (times, curve) in found.items()}


def _human(folder: Path, case: str) -> np.ndarray:
    import SimpleITK

    def read(ending: str) -> np.ndarray:
        return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / f"{case}_mid{ending}.nii.gz"))).T

    images, masks = read(""), read("_mask")
    drawn = (masks == 2).sum(axis=0)
    return images[:, drawn > 0.5 * drawn.max()].mean(axis=1)


def _general_electric(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    import pydicom

    frames = sorted((pydicom.dcmread(path) for path in (folder / "dicom").iterdir()), key=lambda f: f.TriggerTime)
    pool = np.load(folder / "masks.npz")["lv"] > 0
    times = np.array([float(frame.TriggerTime) for frame in frames]) / 1e3
    return times - times[0], np.array([frame.pixel_array[pool].mean() for frame in frames])


def _unbent(times: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Return a saturated curve linearised by an exponential until its tail is as usual; its irregularities stay."""
    peak = int(np.argmax(curve))
    base = np.median(np.sort(curve[:peak])[:5])
    share = np.clip((curve - base) / (curve.max() - base), -0.02, 1.0)
    tail = np.median(share[times > times[peak] + 10.0])
    strengths = np.linspace(0.05, 0.99995, 4000)
    tails = np.log1p(-strengths * tail) / np.log1p(-strengths)
    return -np.log1p(-strengths[int(np.argmin(np.abs(tails - USUAL_TAIL)))] * share)


def _smooth(times: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Return the curve with its baseline at 0 and its peak at 1, noise taken out by a smoothing spline of 0.03."""
    from scipy.interpolate import UnivariateSpline

    peak = int(np.argmax(curve))
    base = np.median(np.sort(curve[:peak])[: max(peak // 2, 3)])
    values = (curve - base) / (curve.max() - base)
    smooth = UnivariateSpline(times, values, w=np.full(len(times), 1 / 0.015), s=len(times))(times)
    rising = np.flatnonzero(smooth[:peak] < 0.03)
    smooth[: rising[-1] + 1 if rising.size else 0] = 0.0
    return np.clip(smooth, 0.0, None) / smooth.max()
