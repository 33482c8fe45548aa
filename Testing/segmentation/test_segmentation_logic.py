"""The door: from a registered series to everything the next rooms need."""

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.data.study import LabelMap
from QPerfusionLogic.errors import CancelledError, InputError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.segmentation.logic import SegmentationLogic
from QPerfusionLogic.settings.schema import SegmentationSettings

CLASSICAL = SegmentationLogic(SegmentationSettings(mode="classical"))


def codes(segmented):
    return [notice.code for notice in segmented.notices]


def test_a_heart_is_found_with_its_contours(a_heart, as_registered, overlap):
    found = CLASSICAL.run(as_registered(a_heart.series()))
    assert overlap(found.labels == 1, a_heart.labels == 1) > 0.9
    assert overlap(found.labels == 2, a_heart.labels == 2) > 0.95
    assert overlap(found.labels == 3, a_heart.labels == 3) > 0.85
    assert found.source == "classical"
    assert codes(found) == ["orientation-unknown", "level-assumed"]


def test_peak_frames_are_those_of_the_curves(a_heart, as_registered):
    peaks = CLASSICAL.run(as_registered(a_heart.series())).peak_frames
    assert abs(peaks["right_ventricle"] - 11) <= 1
    assert abs(peaks["left_ventricle"] - 18) <= 1
    assert peaks["myocardium"] > peaks["left_ventricle"]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_any_orientation_gives_the_same_heart(a_heart, as_registered, overlap, turns, mirrored):
    def turn(images):
        return np.rot90(images[..., ::-1] if mirrored else images, turns, axes=(-2, -1))

    found = CLASSICAL.run(as_registered(turn(a_heart.series())))
    assert overlap(found.labels == 1, turn(a_heart.labels) == 1) > 0.9


def test_three_slices_are_basal_mid_and_apical(three_slices, as_registered):
    found = CLASSICAL.run(as_registered(three_slices.series()))
    assert [set(np.unique(plane)) - {0} for plane in found.segments] == [
        set(range(1, 7)),
        set(range(7, 13)),
        set(range(13, 17)),
    ]
    assert found.aif_region.any(axis=(1, 2)).tolist() == [True, False, False]


def test_the_blood_region_lies_in_the_cavity(a_heart, as_registered):
    found = CLASSICAL.run(as_registered(a_heart.series()))
    assert found.aif_region.sum() >= 10
    assert (a_heart.labels[found.aif_region] == 2).all()


def test_the_box_holds_the_left_ventricle(a_heart, as_registered):
    found = CLASSICAL.run(as_registered(a_heart.series()))
    rows, columns = np.nonzero(np.isin(a_heart.labels[0], (1, 2)))
    truth = np.array([rows.min(), columns.min(), rows.max() + 1, columns.max() + 1])
    assert np.abs(np.array(found.heart_box) - truth).max() <= 2


def test_a_given_mask_is_kept_and_completed(a_heart, a_mask, as_registered, overlap):
    found = CLASSICAL.run(as_registered(a_heart.series()), a_mask)
    assert (np.where(found.labels == 3, 0, found.labels) == a_mask.labels).all()
    assert overlap(found.labels == 3, a_heart.labels == 3) > 0.85
    assert np.isfinite(found.insertion_points).all()
    assert found.source == "given"
    assert found.confidence.tolist() == [1.0]


def test_a_given_ring_without_blood_gets_its_cavity(a_heart, as_registered):
    ring = LabelMap((a_heart.labels == 1).astype(np.uint8))
    found = CLASSICAL.run(as_registered(a_heart.series()), ring)
    assert ((found.labels == 2) == (a_heart.labels == 2)).all()


def test_a_mask_of_another_size_is_refused(a_heart, as_registered):
    with pytest.raises(InputError, match="1 x 50 x 50"):
        CLASSICAL.run(as_registered(a_heart.series()), LabelMap(np.ones((1, 50, 50), dtype=np.uint8)))


def test_a_mask_without_myocardium_is_refused(a_heart, as_registered):
    with pytest.raises(InputError, match="myocardium"):
        CLASSICAL.run(as_registered(a_heart.series()), LabelMap(np.zeros_like(a_heart.labels)))


def test_rejected_frames_do_not_matter(a_heart, as_registered, overlap):
    signal = a_heart.series()
    broken = [9, 17, 18, 25]
    signal[broken] = np.random.default_rng(0).uniform(0.0, 5.0, signal[broken].shape)
    clean = as_registered(signal)
    kept = clean.kept.copy()
    kept[broken] = False
    found = CLASSICAL.run(dataclasses.replace(clean, kept=kept))
    assert overlap(found.labels == 1, a_heart.labels == 1) > 0.88


def test_a_stuck_pixel_does_not_matter(a_heart, as_registered, overlap):
    signal = a_heart.series()
    signal[:, 0, 5, 5] = 40.0 * np.random.default_rng(0).random(len(signal))
    found = CLASSICAL.run(as_registered(signal))
    assert overlap(found.labels == 1, a_heart.labels == 1) > 0.9


def test_nan_pixels_do_not_matter(a_heart, as_registered, overlap):
    signal = a_heart.series()
    signal[:, :, :4] = np.nan
    found = CLASSICAL.run(as_registered(signal))
    assert overlap(found.labels == 1, a_heart.labels == 1) > 0.9


@pytest.mark.parametrize("kind", ["noise", "constant", "right only", "inverted", "three frames"])
def test_what_is_no_first_pass_of_a_heart_gives_no_confident_ring(a_heart, as_registered, kind):
    signal = a_heart.series()
    if kind == "noise":
        signal = np.random.default_rng(0).normal(1.0, 0.1, signal.shape)
    elif kind == "constant":
        signal = np.ones_like(signal)
    elif kind == "right only":
        signal[:, np.isin(a_heart.labels, (1, 2))] = signal[:1, np.isin(a_heart.labels, (1, 2))]
    elif kind == "inverted":
        signal = 2.0 - signal
    elif kind == "three frames":
        signal = signal[:3]
    found = CLASSICAL.run(as_registered(signal))
    assert codes(found)[0] in ("heart-not-found", "segmentation-uncertain")


def test_no_heart_leaves_empty_labels_and_says_so(as_registered):
    found = CLASSICAL.run(as_registered(np.ones((20, 1, 40, 40))))
    assert codes(found) == ["heart-not-found"]
    assert not (found.labels.any() | found.segments.any() | found.aif_region.any())
    assert found.heart_box == (0, 0, 40, 40)


def test_a_cancel_stops_the_work(a_heart, as_registered):
    with pytest.raises(CancelledError):
        CLASSICAL.run(as_registered(a_heart.series()), None, Progress(is_cancelled=lambda: True))
