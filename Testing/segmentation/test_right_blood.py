"""Pixels of the drawn wall that fill with the right ventricle's blood are reported."""

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.segmentation.first_pass.enhancement import Enhancement
from QPerfusionLogic.segmentation.logic import SegmentationLogic
from QPerfusionLogic.segmentation.regions.right_ventricular_blood import holds_right_blood
from QPerfusionLogic.settings.schema import SegmentationSettings

FRAMES, SIZE = 40, 48
LEFT_PEAK = 20


def gaussian(centre, width):
    return np.exp(-0.5 * ((np.arange(FRAMES) - centre) / width) ** 2)


def a_slice(share=0.3, noise=0.01, right=True):
    """Labels and enhancement of a ring whose septal edge holds a share of the right ventricle's blood."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    ring = np.hypot(rows - 24, columns - 28)
    labels = np.zeros((1, SIZE, SIZE), np.uint8)
    labels[0][np.hypot(rows - 24, columns - 10) < 8] = 3 if right else 0
    labels[0][ring < 12] = 1
    labels[0][ring < 7] = 2
    edge = (labels[0] == 1) & (columns < 18)
    curves = {2: gaussian(LEFT_PEAK, 3.0), 3: gaussian(12, 2.5), 1: 0.3 / (1 + np.exp(-(np.arange(FRAMES) - 23.0)))}
    value = np.zeros((FRAMES, 1, SIZE, SIZE))
    for label, curve in curves.items():
        value[:, labels == label] = curve[:, None]
    value[:, 0, edge] = (1 - share) * curves[1][:, None] + share * curves[3][:, None]
    value += np.random.default_rng(0).normal(0, noise, value.shape)
    enhancement = Enhancement(
        value.astype(np.float32),
        np.ones(labels.shape, np.float32),
        np.arange(FRAMES) * 0.8,
        Geometry.axis_aligned(1, (2.2, 2.2)),
        4,
        noise,
    )
    return labels, enhancement, edge


def test_the_edge_that_fills_with_the_right_ventricle_is_told_and_nothing_else():
    labels, enhancement, edge = a_slice()
    found = holds_right_blood(labels, enhancement, LEFT_PEAK, 0.12)
    assert np.array_equal(found[0], edge)


@pytest.mark.parametrize("share", [0.0, 0.08])
def test_a_small_share_is_left_in(share):
    labels, enhancement, _ = a_slice(share)
    assert not holds_right_blood(labels, enhancement, LEFT_PEAK, 0.12).any()


def test_noise_alone_takes_few_pixels():
    labels, enhancement, _ = a_slice(share=0.0, noise=0.15)
    found = holds_right_blood(labels, enhancement, LEFT_PEAK, 0.12)
    assert found.sum() < 0.05 * (labels == 1).sum()


def test_without_a_right_ventricle_nothing_is_told():
    labels, enhancement, _ = a_slice(right=False)
    assert not holds_right_blood(labels, enhancement, LEFT_PEAK, 0.12).any()


def test_the_setting_reaches_the_stage():
    assert SegmentationLogic(SegmentationSettings(right_blood_share=1.0)).settings.right_blood_share == 1.0
