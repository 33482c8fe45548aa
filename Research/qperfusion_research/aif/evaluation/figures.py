"""The figures of the AI-AIF paper, for digital patients: example curves, box plots of features, agreement of flow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from QPerfusionLogic.agreement.bland_altman import bland_altman
from QPerfusionLogic.agreement.regression import linear_regression
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.reporting.html.vector_graphics import BLUE, GREY, INK, ORANGE, PINK, Chart

from .curves import FEATURES, MethodResults
from .methods import Answer


def example_figure(answers: dict[str, Answer], method: str, title: str) -> str:
    """Return true, uncorrected and restored blood curve of a patient, with the band."""
    chart = Chart("time (s)", "blood gadolinium (mmol/L)", title, 420, 300)
    found, true, raw = answers[method], answers["truth"], answers["uncorrected"]
    if found.lower_mmol_l is not None and found.upper_mmol_l is not None:
        chart.band(found.time_s, found.lower_mmol_l, found.upper_mmol_l, ORANGE)
    chart.line(true.time_s, true.gd_mmol_l, INK, "truth")
    chart.line(raw.time_s, raw.gd_mmol_l, GREY, "uncorrected")
    return chart.line(found.time_s, found.gd_mmol_l, ORANGE, method).svg()


def box_figure(results: dict[str, MethodResults], feature: str, names: Sequence[str]) -> str:
    """Return box plots (median, quartiles, 5 and 95 %) of a feature by method."""
    chart = Chart("", FEATURES[feature], f"{FEATURES[feature]}: {', '.join(names)}", 420, 300, (0.4, len(names) + 0.6))
    for place, name in enumerate(names, start=1):
        values = [item[feature] for item in results[name].features if np.isfinite(item[feature])]
        low, first, middle, third, high = np.percentile(values, (5, 25, 50, 75, 95))
        colour = (INK, ORANGE, BLUE, PINK, GREY)[(place - 1) % 5]
        corners = np.array([-0.25, 0.25, 0.25, -0.25, -0.25]) + place
        chart.line(corners, [first, first, third, third, first], colour, name)
        chart.line([place - 0.25, place + 0.25], [middle, middle], colour, width=3.0)
        chart.line([place, place], [low, first], colour).line([place, place], [third, high], colour)
    return chart.svg()


def agreement_figures(reference: FloatArray, test: FloatArray, method: str, level: str) -> tuple[str, str]:
    """Return the scatter plot with its line and the Bland-Altman plot of flow by a method against the truth."""
    line, found = linear_regression(reference, test), bland_altman(reference, test)
    ends = np.array([0.0, 1.05 * float(max(reference.max(), test.max()))])
    unit = "MBF (mL/min/g)"
    equation = f"y = {line.slope.value:.2f} x {line.intercept.value:+.2f}, R2 {line.r.value**2:.2f}"
    scatter = Chart(f"{unit}, true arterial input", f"{unit}, {method}", f"per {level}: {equation}", 420, 400)
    scatter.line(ends, ends, GREY, "identity", dash="4 4")
    scatter.line(ends, line.slope.value * ends + line.intercept.value, ORANGE, "best fit")
    scatter.points(reference, test, BLUE)
    plot = Chart("mean (mL/min/g)", "difference (mL/min/g)", f"per {level}: bias {found.bias.value:+.2f}", 420, 400)
    for estimate, colour in ((found.bias, BLUE), (found.lower_limit, ORANGE), (found.upper_limit, ORANGE)):
        plot.horizontal(estimate.value, colour, f"{estimate.value:+.2f}")
    plot.points((reference + test) / 2.0, test - reference, INK)
    return scatter.svg(), plot.svg()
