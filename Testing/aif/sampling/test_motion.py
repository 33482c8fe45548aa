"""An AIF series follows the motion of the tissue series, in millimetres, whatever the two grids."""

from __future__ import annotations

import dataclasses

import numpy as np

from QPerfusionLogic.aif.sampling.aif_motion import without_motion


def with_motion(known, rows_mm):
    """The tissue registration found that frame f lies rows_mm[f] further down."""
    field = np.zeros((len(rows_mm), 1, 1, 1, 2))
    field[:, 0, 0, 0, 0] = rows_mm
    registered = dataclasses.replace(known.state.registered, displacement_mm=field)
    return dataclasses.replace(known.state, registered=registered)


def test_a_frame_is_moved_by_the_tissue_motion_of_its_heartbeat(make_input):
    known = make_input(aif_series=True)
    series = known.state.acquisition.aif_series
    rows_mm = np.zeros(series.frames)
    rows_mm[30] = 8.0
    moved = without_motion(series, with_motion(known, rows_mm))
    np.testing.assert_array_equal(moved.signal[29], series.signal[29])
    np.testing.assert_allclose(moved.signal[30, 0, 10:30], series.signal[30, 0, 12:32], rtol=1e-5)


def test_series_of_other_heartbeats_stay_as_they_are(make_input):
    known = make_input(aif_series=True, aif_frames=40, aif_interval_s=1.2)
    series = known.state.acquisition.aif_series
    assert without_motion(series, with_motion(known, np.full(60, 8.0))) is series


def test_motion_is_taken_at_the_time_of_the_aif_image(make_input):
    known = make_input(aif_series=True, aif_clock_s=-0.2)
    series = known.state.acquisition.aif_series
    moved = without_motion(series, with_motion(known, 16.0 * np.arange(60)))
    np.testing.assert_allclose(moved.signal[2, 0, 10:20], series.signal[2, 0, 17:27], rtol=1e-4)
