"""Colour tables that can be read by everybody, and pictures that show what the arrays hold."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from QPerfusionLogic.data.aha_model import SEGMENTS, TERRITORIES, sector
from QPerfusionLogic.data.series import State
from QPerfusionLogic.reporting.html.pictures import crop_box, map_picture
from QPerfusionLogic.reporting.html.polar_map import polar_map
from QPerfusionLogic.reporting.tables.colour_table import colour_table


def relative_luminance(rgb):
    """Return the WCAG luminance of (..., 3) sRGB colours."""
    share = np.asarray(rgb) / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def lightness(rgb):
    """Return CIELAB L* of (n, 3) sRGB colours that are not nearly black."""
    return 116.0 * np.cbrt(relative_luminance(rgb)) - 16.0


@pytest.mark.parametrize("name", ["MBF", "MPR"])
def test_lightness_grows_in_even_steps_along_a_table(name):
    table = colour_table(name)
    levels = lightness(table.rgb)[:: len(table.values) // 16]
    steps = np.diff(levels)
    assert (steps > 0).all()
    assert steps.std() / steps.mean() < 0.15


@pytest.mark.parametrize("name", ["MBF", "MPR"])
def test_no_colour_of_a_table_is_a_grey_of_the_anatomy(name):
    rgb = colour_table(name).rgb.astype(int)
    assert (rgb.max(axis=1) - rgb.min(axis=1)).min() > 30


@pytest.mark.parametrize("name", ["MBF", "MPR"])
def test_text_on_a_colour_reaches_the_contrast_of_wcag_aa(name):
    table = colour_table(name)
    for value in np.linspace(0.0, table.top, 50):
        ink = [int(table.ink(value)[place : place + 2], 16) for place in (1, 3, 5)]
        low, high = sorted((relative_luminance(ink), relative_luminance(table.colours(value))))
        assert (high + 0.05) / (low + 0.05) > 4.5


def test_flow_above_the_range_takes_the_last_colour():
    table = colour_table("MBF")
    np.testing.assert_array_equal(table.colours(9.0), table.rgb[-1])
    np.testing.assert_array_equal(table.colours(-1.0), table.rgb[0])


def test_a_map_picture_keeps_the_colours_of_the_table_and_shows_anatomy_where_there_is_no_number():
    values = np.full((30, 30), np.nan)
    values[10:20, 10:20] = 2.0
    picture = np.array(Image.open(io.BytesIO(map_picture(np.eye(30), values, colour_table("MBF"), (0, 0, 30, 30)))))
    assert picture.shape == (300, 300, 3)
    np.testing.assert_array_equal(picture[150, 150], colour_table("MBF").colours(2.0))
    assert len(set(picture[5, 200].tolist())) == 1


def test_the_crop_holds_the_myocardium(a_study):
    result = a_study.states[State.STRESS]
    first_row, first_column, last_row, last_column = crop_box(result)
    inside = np.zeros_like(result.segmented.labels, dtype=bool)
    inside[:, first_row:last_row, first_column:last_column] = True
    assert inside[result.segmented.labels == 1].all()


def test_the_sixteen_sectors_fill_the_wheel_without_overlap():
    rng = np.random.default_rng(3)
    radius, angle = rng.uniform(0.06, 1.0, 2000), rng.uniform(0.0, 360.0, 2000)
    hits = np.zeros(2000, dtype=int)
    for segment in SEGMENTS:
        place = sector(segment)
        turned = (angle - place.start_deg) % 360.0
        hits += (radius > place.inner) & (radius <= place.outer) & (turned < place.stop_deg - place.start_deg)
    assert (hits == 1).all()


def test_every_segment_belongs_to_one_vessel():
    assert sorted(segment for segments in TERRITORIES.values() for segment in segments) == list(SEGMENTS)


def test_a_polar_map_shows_values_names_and_what_is_missing():
    drawn = polar_map({1: 2.35, 2: float("nan")}, colour_table("MBF"), "Stress", frozenset({1}))
    assert "1 basal anterior: 2.35 mL/min/g *" in drawn
    assert drawn.count(">–<") == 15
