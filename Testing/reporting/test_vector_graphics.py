"""Charts as SVG: well formed, in range, honest about gaps."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from QPerfusionLogic.reporting.html.vector_graphics import BLUE, Chart, nice_ticks

SVG = "{http://www.w3.org/2000/svg}"


def test_a_chart_of_every_mark_is_well_formed():
    chart = Chart("time (s)", "a < b & c", 'with "quotes"')
    chart.line([0, 1, 2], [0, 1, 4], BLUE, "line").points([0, 1], [1, 2]).band([0, 2], [0, 1], [1, 2])
    chart.horizontal(1.0, label="level").vertical(0.5).strip(0.2, 0.8, label="window")
    root = ET.fromstring(chart.svg())
    assert root.attrib["aria-label"] == 'with "quotes"'
    assert "a < b & c" in [text.text for text in root.iter(f"{SVG}text")]


def test_a_line_breaks_where_a_value_is_missing():
    root = ET.fromstring(Chart("x", "y").line([0, 1, 2, 3], [0, 1, np.nan, 3], "#123456").svg())
    path = next(item for item in root.iter(f"{SVG}path") if item.attrib.get("stroke") == "#123456")
    assert path.attrib["d"].count("M") == 2


@pytest.mark.parametrize("values", [[], [np.nan, np.nan], [5.0, 5.0], [-1e9, 1e9], [0.0, 1e-12]])
def test_degenerate_values_still_give_a_chart(values):
    ET.fromstring(Chart("x", "y").line(np.arange(len(values)), values).svg())


def test_points_lie_where_the_axes_say():
    chart = Chart("x", "y", x_range=(0.0, 10.0), y_range=(0.0, 1.0)).points([0, 10], [0, 1])
    root = ET.fromstring(chart.svg())
    low, high = list(root.iter(f"{SVG}circle"))
    frame = next(root.iter(f"{SVG}rect")).attrib
    left, top = float(frame["x"]), float(frame["y"])
    right, bottom = left + float(frame["width"]), top + float(frame["height"])
    assert (float(low.attrib["cx"]), float(low.attrib["cy"])) == pytest.approx((left, bottom), abs=0.11)
    assert (float(high.attrib["cx"]), float(high.attrib["cy"])) == pytest.approx((right, top), abs=0.11)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 7), (0.01, 0.02), (-1e6, 5e6)])
def test_ticks_are_few_round_and_inside(low, high):
    ticks = nice_ticks(low, high)
    assert 2 <= len(ticks) <= 12
    assert ticks.min() >= low - 1e-9
    assert ticks.max() <= high + 1e-9
