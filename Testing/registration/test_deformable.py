"""The deformable refinement undoes bending, is dropped where it does not help, and never folds."""

from __future__ import annotations

import numpy as np
import pytest

from QPerfusionLogic.registration.deformable import SMALLEST_VOLUME, _guarded
from QPerfusionLogic.registration.logic import RegistrationLogic
from QPerfusionLogic.registration.resampling import warp
from QPerfusionLogic.settings.schema import RegistrationSettings

pytest.importorskip("SimpleITK")
DEFORMABLE = RegistrationSettings(mode="deformable")
HEART = (slice(46, 82), slice(46, 82))


@pytest.fixture(scope="module")
def bent(still_frames):
    """Frames whose left ventricle is squeezed and widened by up to 2 pixels, in no step with the bolus."""
    rows, columns = np.indices(still_frames.shape[1:]) - 64.0
    radius = np.hypot(rows, columns)
    push = 2.0 * np.exp(-(((radius - 13.0) / 7.0) ** 2)) / np.maximum(radius, 1.0)
    field = np.stack([rows * push, columns * push], axis=-1)
    share = np.random.default_rng(5).uniform(-1.0, 1.0, len(still_frames))
    return np.stack([warp(frame, s * field) for frame, s in zip(still_frames, share, strict=True)])


def test_bending_is_mostly_undone(still_frames, bent, as_series):
    moved, refined = (RegistrationLogic(s).run(as_series(bent)) for s in (RegistrationSettings(), DEFORMABLE))
    left_over = [
        np.abs(found.series.signal[:, 0] - still_frames)[(slice(None), *HEART)].mean() for found in (moved, refined)
    ]
    assert "refinement-not-kept" not in {notice.code for notice in refined.notices}
    assert refined.displacement_mm.shape[2:4] == still_frames.shape[1:]
    assert left_over[1] < 0.8 * left_over[0]


def test_where_bending_does_not_help_the_frames_are_only_moved(still_frames, breathing, moved, as_series):
    series = as_series(moved(still_frames, breathing))
    plain, refined = (RegistrationLogic(s).run(series) for s in (RegistrationSettings(), DEFORMABLE))
    assert "refinement-not-kept" in {notice.code for notice in refined.notices}
    assert np.array_equal(plain.series.signal, refined.series.signal)
    assert np.array_equal(plain.displacement_mm, refined.displacement_mm)


def test_a_field_that_would_fold_is_dropped():
    rows = np.indices((40, 40))[0]
    folding = np.stack([2.9 * np.sin(rows * 1.5), np.zeros((40, 40))], axis=-1)
    gentle = np.stack([0.5 * np.sin(rows * 0.2), np.zeros((40, 40))], axis=-1)
    assert not _guarded(folding).any()
    kept = _guarded(gentle)
    assert np.allclose(kept, gentle)
    assert (1.0 + np.gradient(kept[..., 0], axis=0)).min() > SMALLEST_VOLUME
