"""T1 maps of other grids, breath-holds and units land on the series."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.conversion.native_t1 import native_t1_of
from QPerfusionLogic.conversion.t1_registration import t1_on_grid
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.study import T1Map
from QPerfusionLogic.settings.schema import ConversionSettings
from QPerfusionLogic.signal_model.physics import physics_of_series


def finer_map(labels, shift_mm=(0.0, 0.0), spacing_mm=1.25):
    """A T1 map of the same slice on a finer grid, whose heart lies shift_mm (row, column) further."""
    size = int(labels.shape[1] * 2.0 / spacing_mm)
    rows, columns = np.mgrid[:size, :size] * spacing_mm
    nearest = np.clip(np.rint((rows - shift_mm[0]) / 2.0), 0, labels.shape[1] - 1).astype(int)
    across = np.clip(np.rint((columns - shift_mm[1]) / 2.0), 0, labels.shape[2] - 1).astype(int)
    kind = labels[0][nearest, across]
    values = np.select([kind == 1, kind >= 2], [1.05, 1.60], 0.8)
    return T1Map(values[None], Geometry.axis_aligned(1, (spacing_mm, spacing_mm)))


def inside(labels, label):
    from scipy import ndimage

    return ndimage.binary_erosion(labels[0] == label, iterations=2)[None]


@pytest.mark.parametrize("shift_mm", [(0.0, 0.0), (6.0, -4.0)])
def test_a_map_of_another_grid_and_breath_hold_fits_the_heart(make_heart, shift_mm):
    heart = make_heart()
    series, segmented = heart.state.registered.series, heart.state.segmented
    found = t1_on_grid(finer_map(segmented.labels, shift_mm), series, segmented)
    assert np.abs(found.t1_s[inside(segmented.labels, 1)] - 1.05).max() < 0.02
    assert np.abs(found.t1_s[inside(segmented.labels, 2)] - 1.60).max() < 0.02
    assert ("t1-map-moved" in {notice.code for notice in found.notices}) == (shift_mm != (0.0, 0.0))


def test_a_map_in_milliseconds_is_read_as_such_and_said(make_heart):
    heart = make_heart()
    series, segmented = heart.state.registered.series, heart.state.segmented
    seconds = finer_map(segmented.labels)
    found = t1_on_grid(dataclasses.replace(seconds, t1_s=1000.0 * seconds.t1_s), series, segmented)
    assert {notice.code for notice in found.notices} == {"t1-map-milliseconds"}
    assert np.nanmax(found.t1_s) == pytest.approx(1.6)


def test_a_map_of_another_place_is_not_used_and_said(make_heart):
    heart = make_heart()
    series, segmented = heart.state.registered.series, heart.state.segmented
    far = finer_map(segmented.labels)
    matrices = far.geometry.index_to_lps.copy()
    matrices[:, 2, 3] = 80.0
    settings = ConversionSettings()
    physics = physics_of_series(series, settings)
    found = native_t1_of(series, segmented, T1Map(far.t1_s, Geometry(matrices)), physics, settings)
    assert "t1-map-incomplete" in {notice.code for notice in found.notices}
    assert np.isfinite(found.t1_s).all()
    assert found.t1_s[segmented.labels == 1] == pytest.approx(1.1)


def test_a_t1_that_the_user_fixed_wins_over_the_map(make_heart):
    heart = make_heart()
    series, segmented = heart.state.registered.series, heart.state.segmented
    settings = ConversionSettings(t1_myocardium_s=1.23)
    physics = physics_of_series(series, settings)
    found = native_t1_of(series, segmented, finer_map(segmented.labels), physics, settings)
    assert found.t1_s[segmented.labels == 1] == pytest.approx(1.23)
    assert found.t1_s[inside(segmented.labels, 2)] == pytest.approx(1.6)
