"""The compared AIF methods as CSV: features and flows, and the curves."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from QPerfusionLogic.data.results import AifMethodComparison

COLUMNS = ("state", "method", "used", "peak_mmol_l", "time_to_peak_s", "fwhm_s", "mean_mbf_ml_min_g")
CURVE_STEP_S = 0.5


def aif_methods_csv(rows: Sequence[AifMethodComparison]) -> str:
    """Return one row a state and method: features of its curve, flow of the heart and of each segment, or why not."""
    segments = sorted({flow.segment for row in rows for flow in row.segments})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, *(f"mbf_segment_{number}" for number in segments), "not_taken_because"])
    for row in rows:
        features = row.arterial_input.features if row.arterial_input is not None else {}
        numbers = [features.get(name, float("nan")) for name in COLUMNS[3:6]]
        flows = {flow.segment: flow.mbf for flow in row.segments}
        values = [*numbers, row.mean_mbf, *(flows.get(number, float("nan")) for number in segments)]
        shown = [f"{value:.5g}" if np.isfinite(value) else "" for value in values]
        writer.writerow([str(row.state), row.method, int(row.used), *shown, row.refused])
    return text.getvalue()


def curves_csv(rows: Sequence[AifMethodComparison]) -> str:
    """Return the curves of the methods of one state in mmol/L on a common clock: time_s, then one column a method."""
    curves = {row.method: row.arterial_input for row in rows if row.arterial_input is not None}
    if not curves:
        return "time_s\n"
    first = min(float(curve.time_s[0]) for curve in curves.values())
    last = max(float(curve.time_s[-1]) for curve in curves.values())
    times = np.arange(first, last + CURVE_STEP_S / 2, CURVE_STEP_S)
    columns = [np.interp(times, curve.time_s, curve.gd_mmol_l, left=np.nan, right=np.nan) for curve in curves.values()]
    lines = [",".join(("time_s", *curves))]
    for index, time in enumerate(times):
        shown = ("" if np.isnan(column[index]) else f"{column[index]:.5g}" for column in columns)
        lines.append(",".join((f"{time:.3f}", *shown)))
    return "\n".join(lines) + "\n"
