"""A low-resolution AIF image series goes through the same class."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind
from QPerfusionLogic.registration.logic import RegistrationLogic


def test_known_motion_of_a_low_resolution_series_is_recovered(still_frames, breathing, moved, as_series):
    coarse = ndimage.gaussian_filter(moved(still_frames, breathing), (0.0, 1.0, 1.0))[:, ::2, ::2]
    registered = RegistrationLogic().run(as_series(coarse, spacing_mm=4.4, kind=SeriesKind.AIF))
    found = registered.displacement_mm[:, 0, 0, 0] / 2.2
    error = np.linalg.norm(found - (breathing - np.median(breathing, axis=0)), axis=1)
    assert np.median(error) < 0.2
    assert np.percentile(error, 95) < 0.6
    assert registered.kept.mean() > 0.9


@pytest.mark.real_data
@pytest.mark.parametrize("spacing_mm", [2.2, 5.0, 6.0])
def test_a_real_series_is_looked_at_in_its_left_ventricle_and_hardly_moved(real_data, spacing_mm):
    with np.load(real_data / "aif_series" / "aif_series_1.npz") as stored:
        frames, mask = np.asarray(stored["signal"], np.float32), stored["mask"]
    time_s = np.arange(len(frames), dtype=float)[:, None]
    series = PerfusionSeries(frames[:, None], time_s, Geometry.axis_aligned(1, (spacing_mm, spacing_mm)))
    registered = RegistrationLogic().run(series)
    assert np.linalg.norm(registered.heart_centre[0] - np.argwhere(mask == 1).mean(axis=0)) < 3.0
    assert np.abs(registered.displacement_mm).max() < 1.0 * spacing_mm
    assert registered.kept.mean() > 0.95
    before, after = (part.signal[:, 0][:, mask == 1].mean(axis=1) for part in (series, registered.series))
    assert np.abs(after - before).max() < 0.03 * before.max()
