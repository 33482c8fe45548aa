"""Halves of the wall, trimming, and the pixels of the arterial input."""

import numpy as np

from QPerfusionLogic.segmentation.regions.aif_region import aif_region
from QPerfusionLogic.segmentation.regions.layers import filled_cavity, layers_of, trimmed


def radius_mm(heart):
    rows, columns = np.indices(heart.labels.shape[1:])
    return np.hypot(rows - heart.centre[0], columns - heart.centre[1]) * 2.0


def test_the_layers_meet_at_mid_wall(a_heart):
    layers, radius = layers_of(a_heart.labels, (2.0, 2.0))[0], radius_mm(a_heart)
    assert radius[layers == 1].max() < 26.5
    assert radius[layers == 2].min() > 23.5


def test_both_layers_together_are_the_myocardium(a_heart):
    assert ((layers_of(a_heart.labels, (2.0, 2.0)) > 0) == (a_heart.labels == 1)).all()


def test_trimming_keeps_the_middle_of_the_wall(a_heart):
    kept, radius = trimmed(a_heart.labels, (2.0, 2.0), 2.0, 3.0)[0], radius_mm(a_heart)
    assert radius[kept].min() >= 21.0
    assert radius[kept].max() <= 28.0
    assert kept.sum() > 0.3 * (a_heart.labels == 1).sum()


def test_no_trimming_keeps_every_pixel(a_heart):
    assert (trimmed(a_heart.labels, (2.0, 2.0), 0.0, 0.0) == (a_heart.labels == 1)).all()


def test_the_hole_of_a_ring_becomes_blood(a_heart):
    ring = np.where(a_heart.labels == 1, 1, 0).astype(np.uint8)
    assert (filled_cavity(ring)[0] == 2).sum() == (a_heart.labels == 2).sum()


def test_the_blood_region_leaves_out_papillary_muscle_and_the_edge(a_heart):
    passage = np.where(a_heart.labels == 2, 1.0, 0.2)
    rows, columns = np.indices(a_heart.labels.shape[1:])
    papillary = np.hypot(rows - a_heart.centre[0] - 3, columns - a_heart.centre[1]) < 2.5
    passage[0][papillary] = 0.3
    region = aif_region(a_heart.labels, passage, (2.0, 2.0), (0,), 75.0)
    assert region.sum() >= 20
    assert not (region[0] & papillary).any()
    assert radius_mm(a_heart)[region[0]].max() < 18.5


def test_the_blood_region_is_in_the_most_basal_slice_that_is_bright(three_slices):
    passage = np.where(three_slices.labels == 2, 1.0, 0.0)
    assert aif_region(three_slices.labels, passage, (2.0, 2.0), (0, 1, 2), 75.0).any(axis=(1, 2)).tolist() == [
        True,
        False,
        False,
    ]
    passage[0] *= 0.3
    assert aif_region(three_slices.labels, passage, (2.0, 2.0), (0, 1, 2), 75.0).any(axis=(1, 2)).tolist() == [
        False,
        True,
        False,
    ]


def test_without_blood_there_is_no_region(a_heart):
    assert not aif_region(np.zeros_like(a_heart.labels), np.zeros(a_heart.labels.shape), (2.0, 2.0), (), 75.0).any()
