"""The report shows the motion of every slice before and after its correction, and the heart centre."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest

from QPerfusionLogic.data.results import StudyResult
from QPerfusionLogic.reporting.html.motion_section import centre_picture, motion_part


def with_registration(state, registered) -> StudyResult:
    return StudyResult({state.state: dataclasses.replace(state, registered=registered)})


def test_every_slice_has_its_centre_and_its_motion(a_stress_state):
    html = motion_part(with_registration(a_stress_state, a_stress_state.registered))
    slices = a_stress_state.acquisition.tissue.slices
    assert html.count("<img") == 2 * slices
    assert html.count("heart centre 36, 38, 2 of") == slices


def test_a_heart_that_was_not_found_is_told(a_stress_state):
    lost = dataclasses.replace(a_stress_state.registered, heart_centre=np.full((3, 2), np.nan))
    assert "heart centre not found" in motion_part(with_registration(a_stress_state, lost))


def test_without_registration_there_is_no_motion_part(a_stress_state):
    assert motion_part(with_registration(a_stress_state, None)) == ""


def test_the_cross_lies_on_the_heart_centre():
    from PIL import Image

    content = centre_picture(np.zeros((40, 40)), np.array([9.5, 29.5]), 30, (0, 0, 40, 40))
    picture = np.array(Image.open(io.BytesIO(content)))
    rows, columns = np.nonzero((picture == (255, 176, 0)).all(axis=2))
    assert (rows.mean() / 200, columns.mean() / 200) == pytest.approx((0.25, 0.75), abs=0.01)
