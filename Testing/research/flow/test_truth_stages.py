"""What the truth puts in the place of a stage."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from qperfusion_research.flow.truth_stages import (
    at_reference_position,
    true_concentration,
    true_segmentation,
    truly_registered,
)
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.results import Registered
from QPerfusionLogic.data.series import PerfusionSeries, State
from QPerfusionLogic.phantom.simulation.simulated import StateTruth

FRAMES, SIZE, SPACING_MM = 12, 32, 2.0


@pytest.fixture
def a_truth() -> StateTruth:
    """A ring of myocardium round blood that moves along the rows; frame 3 is a bad beat."""
    rows, columns = np.indices((SIZE, SIZE))
    radius = np.hypot(rows - 16, columns - 16)
    labels = np.where(radius < 4, 2, np.where(radius < 8, 1, 0)).astype(np.uint8)[None]
    displacement = np.zeros((FRAMES, 1, 2))
    displacement[:, 0, 0] = SPACING_MM * np.round(3.0 * np.sin(np.arange(FRAMES)))
    bad = np.zeros((FRAMES, 1), dtype=bool)
    bad[3] = True
    time_s = np.arange(FRAMES, dtype=float)[:, None]
    gadolinium = np.full((FRAMES, 1, SIZE, SIZE), np.nan, dtype=np.float32)
    gadolinium[:, labels == 1] = np.linspace(0.0, 1.0, FRAMES)[:, None]
    return StateTruth(
        state=State.REST,
        labels=labels,
        segments=(labels == 1).astype(np.uint8) * 7,
        layers=(labels == 1).astype(np.uint8),
        maps={"mbf": np.where(labels == 1, 1.0, np.nan)},
        gd_mmol_l=gadolinium,
        time_s=time_s,
        aif_time_s=time_s[:, 0],
        aif_mmol_l=np.zeros(FRAMES),
        displacement_mm=displacement,
        bad=bad,
        insertion_points=np.array([[[10.0, 10.0], [22.0, 10.0]]]),
    )


@pytest.fixture
def a_moving_series(a_truth: StateTruth) -> PerfusionSeries:
    """Frames of the labels, each where the truth says: frame(x + d) is the picture at rest."""
    picture = a_truth.labels[0].astype(np.float32)
    shift = np.round(a_truth.displacement_mm[:, 0, 0] / SPACING_MM).astype(int)
    signal = np.stack([np.roll(picture, step, axis=0) for step in shift])[:, None]
    return PerfusionSeries(signal, a_truth.time_s, Geometry.axis_aligned(1, (SPACING_MM, SPACING_MM)))


def test_true_registration_puts_every_frame_on_the_contours(
    a_truth: StateTruth, a_moving_series: PerfusionSeries
) -> None:
    registered = truly_registered(a_moving_series, a_truth)
    assert np.abs(registered.series.signal - a_truth.labels[None]).max() < 1e-3
    assert registered.kept.sum() == FRAMES - 1


def test_a_constant_offset_of_the_registration_is_taken_out(
    a_truth: StateTruth, a_moving_series: PerfusionSeries
) -> None:
    found: Registered = truly_registered(a_moving_series, a_truth)
    elsewhere = dataclasses.replace(found, displacement_mm=found.displacement_mm + np.array([4.0, -6.0]))
    back = at_reference_position(elsewhere, a_moving_series, a_truth)
    assert np.abs(back.series.signal - a_truth.labels[None]).max() < 1e-3


def test_noise_is_the_peak_of_the_wall_over_the_cnr(a_truth: StateTruth) -> None:
    noisy = true_concentration(a_truth, 20.0, np.random.default_rng(0)).gd_mmol_l
    difference = (noisy - a_truth.gd_mmol_l)[:, a_truth.labels == 1]
    assert difference.std() == pytest.approx(1.0 / 20.0, rel=0.1)


def test_infinite_cnr_is_the_truth(a_truth: StateTruth) -> None:
    noisy = true_concentration(a_truth, np.inf, np.random.default_rng(0)).gd_mmol_l
    assert np.array_equal(noisy, a_truth.gd_mmol_l, equal_nan=True)


def test_the_true_segmentation_is_not_trimmed(a_truth: StateTruth) -> None:
    segmented = true_segmentation(a_truth)
    assert ((segmented.segments > 0) == (a_truth.labels == 1)).all()
    first_row, first_column, last_row, last_column = segmented.heart_box
    assert (segmented.labels[:, first_row:last_row, first_column:last_column] > 0).sum() == (a_truth.labels > 0).sum()
