"""What is no first pass of a heart, or hardly one: it is said, and no confident wrong ring is drawn."""

import numpy as np
import pytest
from scipy import ndimage

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.segmentation.logic import SegmentationLogic
from QPerfusionLogic.settings.schema import SegmentationSettings

CLASSICAL = SegmentationLogic(SegmentationSettings(mode="classical"))
WARNINGS = ("heart-not-found", "segmentation-uncertain")


def warned(found) -> bool:
    return any(notice.code in WARNINGS for notice in found.notices)


def test_no_heart_in_the_field_of_view(a_heart, as_registered):
    found = CLASSICAL.run(as_registered(a_heart.series()[..., -36:, :40]))
    assert warned(found)


def test_only_the_right_ventricle_fills(a_heart, as_registered):
    signal = a_heart.series()
    still = np.isin(a_heart.labels, (1, 2))
    signal[:, still] = signal[:1, still]
    assert warned(CLASSICAL.run(as_registered(signal)))


def test_a_slice_through_the_aorta_alone(a_heart, as_registered):
    signal = np.random.default_rng(0).normal(0.05, 0.01, a_heart.series().shape)
    rows, columns = np.ogrid[:96, :96]
    aorta = np.hypot(rows - 60, columns - 60) < 6.0
    signal[:, 0, aorta] += a_heart.series()[:, a_heart.labels == 2].mean(axis=1)[:, None]
    assert warned(CLASSICAL.run(as_registered(signal)))


def test_inverted_contrast(a_heart, as_registered):
    assert warned(CLASSICAL.run(as_registered(2.0 - a_heart.series())))


def test_twenty_frames_round_the_bolus_are_enough_or_it_says_so(a_heart, as_registered, overlap):
    found = CLASSICAL.run(as_registered(a_heart.series()[4:24]))
    assert warned(found) or overlap(found.labels == 1, a_heart.labels == 1) > 0.8


def test_twenty_frames_before_the_bolus_hold_no_heart(a_heart, as_registered):
    signal = np.repeat(a_heart.series()[:5].mean(axis=0)[None], 20, axis=0)
    signal += np.random.default_rng(0).normal(0.0, 0.01, signal.shape)
    assert warned(CLASSICAL.run(as_registered(signal)))


def test_pixels_of_eight_millimetres_give_the_heart_roughly_or_a_warning(a_heart, as_registered, overlap):
    coarse = ndimage.zoom(a_heart.series(), (1, 1, 0.25, 0.25), order=1)
    truth = ndimage.zoom(np.isin(a_heart.labels, (1, 2)).astype(float), (1, 0.25, 0.25), order=1) > 0.5
    found = CLASSICAL.run(as_registered(coarse, Geometry.axis_aligned(1, (8.0, 8.0))))
    assert warned(found) or overlap(np.isin(found.labels, (1, 2)), truth) > 0.7


def test_one_slice_is_a_mid_slice(a_heart, as_registered):
    found = CLASSICAL.run(as_registered(a_heart.series()))
    assert set(np.unique(found.segments)) == {0, *range(7, 13)}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_frames_in_the_wrong_order(a_heart, as_registered, seed):
    order = np.random.default_rng(seed).permutation(45)
    assert warned(CLASSICAL.run(as_registered(a_heart.series()[order])))


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_a_few_frames_are_no_first_pass(a_heart, as_registered, frames):
    assert warned(CLASSICAL.run(as_registered(a_heart.series()[:frames])))
