"""Overlap of segmentations and image quality against brute force and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from QPerfusionLogic.agreement.image_quality import nmse, nrmse, psnr, ssim, to_grey_scale
from QPerfusionLogic.agreement.overlap import landmark_distance_mm
from QPerfusionLogic.data.arrays import dice
from QPerfusionLogic.errors import InputError


@pytest.fixture
def two_images():
    rng = np.random.default_rng(5)
    image = rng.uniform(0, 255, (24, 20))
    return image, image + rng.normal(0, 20, image.shape)


def brute_force_ssim(one, two):
    """Wang 2004, window by window."""
    offsets = np.arange(-5, 6)
    weights = np.exp(-(offsets[:, None] ** 2 + offsets[None, :] ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for row in range(5, one.shape[0] - 5):
        for column in range(5, one.shape[1] - 5):
            a = one[row - 5 : row + 6, column - 5 : column + 6]
            b = two[row - 5 : row + 6, column - 5 : column + 6]
            mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
            var_a, var_b = (weights * (a - mean_a) ** 2).sum(), (weights * (b - mean_b) ** 2).sum()
            covariance = (weights * (a - mean_a) * (b - mean_b)).sum()
            values.append(
                (2 * mean_a * mean_b + c1)
                * (2 * covariance + c2)
                / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
            )
    return np.mean(values)


def test_ssim_is_the_mean_over_gaussian_windows(two_images):
    assert ssim(*two_images) == pytest.approx(brute_force_ssim(*two_images), abs=1e-10)


def test_equal_images_are_fully_similar(two_images):
    image, _ = two_images
    assert ssim(image, image) == pytest.approx(1.0)
    assert psnr(image, image) == math.inf


def test_psnr_of_a_constant_error_is_its_closed_form():
    image = np.zeros((12, 12))
    assert psnr(image, image + 5.0) == pytest.approx(20 * math.log10(255 / 5))


def test_nrmse_does_not_depend_on_the_scale_of_the_image(two_images):
    one, two = two_images
    assert nrmse(3 * one + 7, 3 * two + 7) == pytest.approx(nrmse(one, two))


def test_the_grey_scale_spans_the_reference(two_images):
    one, two = to_grey_scale(two_images[0] * 9 - 4, two_images[1] * 9 - 4)
    assert (one.min(), one.max()) == pytest.approx((0.0, 255.0))
    assert psnr(one, two) == pytest.approx(-20 * math.log10(nrmse(one, two)))


def test_nmse_is_error_power_over_reference_power():
    assert nmse([1.0, 2.0, 2.0], [1.0, 2.0, 5.0]) == pytest.approx(1.0)


def test_a_constant_reference_image_has_no_nrmse():
    assert math.isnan(nrmse(np.ones(9), np.zeros(9)))
    with pytest.raises(InputError):
        to_grey_scale(np.ones(9), np.zeros(9))


def test_dice_of_two_shifted_squares_is_their_overlap():
    one, two = np.zeros((20, 20), bool), np.zeros((20, 20), bool)
    one[0:10, 0:10] = True
    two[0:10, 5:15] = True
    assert dice(one, two) == pytest.approx(0.5)


def test_two_empty_masks_have_no_dice():
    assert math.isnan(dice(np.zeros(4), np.zeros(4)))


def test_landmark_distance_uses_the_pixel_spacing_and_keeps_gaps():
    one = np.array([[[1.0, 1.0], [np.nan, 0.0]]])
    two = np.array([[[4.0, 5.0], [2.0, 2.0]]])
    found = landmark_distance_mm(one, two, (1.0, 0.5))
    assert found[0, 0] == pytest.approx(math.hypot(3.0, 2.0))
    assert math.isnan(found[0, 1])
