"""Figures of a comparison as SVG: Bland-Altman plot and scatter with regression lines."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.reporting.html.vector_graphics import BLUE, GREEN, GREY, ORANGE, PINK, Chart

from .comparison import QuantityAgreement
from .regression import Line


def bland_altman_figure(quantity: QuantityAgreement) -> str:
    """Return the Bland-Altman plot with bias, limits and their confidence bands."""
    found = quantity.bland_altman
    mean = (quantity.reference + quantity.test) / 2
    difference = quantity.test - quantity.reference
    ends = np.array(_padded(mean))
    unit = f" ({quantity.unit})" if quantity.unit else ""
    reach = max(abs(found.lower_limit.low), abs(found.upper_limit.high), float(np.abs(difference).max()))
    chart = Chart(
        f"mean of reference and test{unit}",
        f"test − reference{unit}",
        f"{_title(quantity)}: Bland-Altman, n = {quantity.n}",
        width=420,
        height=420,
        x_range=(float(ends[0]), float(ends[1])),
        y_range=(-1.08 * reach, 1.08 * reach),
    )
    for estimate, colour, label in (
        (found.bias, BLUE, f"bias {found.bias.value:.2f} with 95 % CI"),
        (found.lower_limit, ORANGE, "limits of agreement with 95 % CI"),
        (found.upper_limit, ORANGE, ""),
    ):
        chart.band(ends, np.full(2, estimate.low), np.full(2, estimate.high), colour)
        chart.horizontal(estimate.value, colour, label)
    chart.horizontal(0.0, GREY, dash="")
    return chart.points(mean, difference, "#1f2933").svg()


def scatter_figure(quantity: QuantityAgreement) -> str:
    """Return test against reference with identity, least-squares and Deming lines."""
    low, high = _padded(np.concatenate([quantity.reference, quantity.test]))
    ends = np.array([low, high])
    unit = f" ({quantity.unit})" if quantity.unit else ""
    linear, deming = quantity.linear, quantity.deming
    chart = Chart(
        f"reference{unit}",
        f"test{unit}",
        f"{_title(quantity)}: r = {linear.r.value:.3f}, n = {quantity.n}",
        width=420,
        height=420,
        x_range=(low, high),
        y_range=(low, high),
    )
    chart.line(ends, ends, GREY, "identity", width=1.2, dash="4 4")
    chart.line(ends, linear.slope.value * ends + linear.intercept.value, GREEN, _equation("least squares", linear))
    chart.line(ends, deming.slope.value * ends + deming.intercept.value, PINK, _equation("Deming", deming))
    return chart.points(quantity.reference, quantity.test, BLUE).svg()


def _title(quantity: QuantityAgreement) -> str:
    return quantity.name.replace("_", " ") + (" per patient" if quantity.level == "patient" else "")


def _equation(name: str, line: Line) -> str:
    sign = "+" if line.intercept.value >= 0 else "−"
    return f"{name}: y = {line.slope.value:.2f} x {sign} {abs(line.intercept.value):.2f}"


def _padded(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin
