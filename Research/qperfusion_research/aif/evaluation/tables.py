"""The results of the AI-AIF evaluation as text: our figures beside the published ones, each with what it was measured
on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from QPerfusionLogic.agreement.estimate import Estimate
from QPerfusionLogic.data.arrays import FloatArray

from .curves import FEATURES, MethodResults, agreement

FEWEST_PATIENTS = 3
"""With flow from fewer nothing is compared; a method without flow does not keep the others from the table."""
PUBLISHED = """Published (AI-AIF, Scannell 2022; 44 patients of two centres at stress, against their dual sequence):
  NMSE 1.9 % (IQR 2.5); peak 1.48 (0.53) against 1.47 (0.44) times the saturated peak, P 0.94; time to peak 6.60 (1.75)
  against 6.60 (1.76) s, P 0.99; FWHM 5.34 (3.09) against 5.54 (2.18) s, P 0.21; MBF 2.77 (1.08) against 2.79 (1.08)
  mL/min/g, P 0.33, bias -0.11; per patient y = 0.93 x + 0.28, R2 0.74; per segment y = 0.90 x + 0.37, R2 0.74; the same
  class at 1.35 mL/min/g in 95.0 % of 704 segments and 89.4 % of 132 vessels."""


def result_lines(results: dict[str, MethodResults], segments: FloatArray, state: str, model: str) -> list[str]:
    """Return the results section: one block for the curves, one for flow.

    Parameters
    ----------
    results : dict
        By method; "truth" is the true arterial input, fitted alike.
    segments : (16,) array
        AHA segments.
    state, model : str
        What was measured.
    """
    true = results["truth"]
    count = len(true.mbf)
    head = f"Ours: {count} digital patients at {state} (curves; blood by Bloch simulation, tissue by PDE; {model} fits)"
    lines = [head, "", f"{'method':28s}{'NMSE % median [IQR] p95':>28s}{'in band %':>11s}" + _feature_heads()]
    for name, found in results.items():
        lines.append(f"{name:28s}{_errors(found.nmse):>28s}{_share(found.inside):>11s}{_features(true, found, name)}")
    lines += ["", f"{'method':28s}{'MBF':>14s}{'P':>7s}{'bias, patients':>22s}{'limits':>16s}{'line':>22s}{'R2':>6s}"]
    lines[-1] += f"{'bias, segments':>22s}{'line':>22s}{'same class: segments':>22s}{'vessels':>9s}"
    for name, found in results.items():
        lines.append(_flow_line(name, true, found, segments))
    return [*lines, "", PUBLISHED]


def csv_lines(results: dict[str, MethodResults], seeds: Sequence[int], segments: FloatArray) -> tuple[str, str]:
    """Return the table of patients (curve errors, features, mean flow) and that of segments, as CSV."""
    patients = ["patient,method,nmse_percent," + ",".join(FEATURES) + ",mean_mbf_ml_min_g"]
    flows = ["patient,method,segment,mbf_ml_min_g"]
    for name, found in results.items():
        for index, seed in enumerate(seeds):
            features = ",".join(f"{found.features[index][key]:.5g}" for key in FEATURES)
            mean = float(np.mean(found.mbf[index]))
            patients.append(f"{seed},{name.replace(',', '')},{found.nmse[index]:.5g},{features},{mean:.5g}")
            pairs = zip(segments, found.mbf[index], strict=True)
            flows += [f"{seed},{name.replace(',', '')},{int(segment)},{value:.5g}" for segment, value in pairs]
    return "\n".join(patients) + "\n", "\n".join(flows) + "\n"


def _feature_heads() -> str:
    return "".join(f"{label + ', P':>30s}" for label in FEATURES.values())


def _errors(values: list[float]) -> str:
    low, middle, high, most = np.percentile(values, (25, 50, 75, 95))
    return f"{middle:.2f} [{low:.2f}-{high:.2f}] {most:.1f}"


def _share(values: list[float]) -> str:
    return f"{100 * np.mean(values):.1f}" if np.isfinite(values).all() else "-"


def _features(true: MethodResults, found: MethodResults, name: str) -> str:
    from QPerfusionLogic.agreement.groups import mann_whitney

    parts = []
    for key in FEATURES:
        one, two = ([item[key] for item in part.features if np.isfinite(item[key])] for part in (true, found))
        test = mann_whitney(one, two)
        p = "" if name == "truth" else f", {test.p:.2f}"
        parts.append(f"{_spread(test.second) + p:>30s}")
    return "".join(parts)


def _spread(value: Estimate) -> str:
    return f"{value.value:.2f} ({value.high - value.low:.2f})"


def _flow_line(name: str, true: MethodResults, found: MethodResults, segments: FloatArray) -> str:
    if name == "truth":
        flow = np.mean(found.mbf, axis=1)
        low, middle, high = np.percentile(flow, (25, 50, 75))
        return f"{name:28s}{f'{middle:.2f} ({high - low:.2f})':>14s}"
    usable = sum(bool(np.isfinite(values).all()) for values in found.mbf)
    if usable < FEWEST_PATIENTS:
        return f"{name:28s}flow in all segments of {usable} patients only"
    result = agreement(true, found, segments)
    patients, classes = result.patients, (result.segment_classes, result.vessel_classes)
    share = 100.0 * patients.bias.value / float(np.mean(true.mbf))
    lines = [
        f"{line.slope.value:.2f} x {line.intercept.value:+.2f}" for line in (result.patient_line, result.segment_line)
    ]
    parts = (
        f"{_spread(result.flow.second):>14s}{result.flow.p:>7.2f}",
        f"{f'{patients.bias.value:+.2f} ({share:+.1f} %)':>22s}",
        f"{f'{patients.lower_limit.value:+.2f} {patients.upper_limit.value:+.2f}':>16s}",
        f"{lines[0]:>22s}{result.patient_line.r.value**2:>6.2f}",
        f"{f'{result.segments.bias.value:+.2f}':>22s}{lines[1]:>22s}",
        f"{f'{100 * classes[0].share.value:.1f} % of {classes[0].n}':>22s}",
        f"{f'{100 * classes[1].share.value:.1f} %':>9s}",
    )
    return f"{name:28s}" + "".join(parts)
