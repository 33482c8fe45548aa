"""Pixels of a noisy heart read as its segments do, and the fit under the cursor as the map."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.results import ArterialInput, Concentration, Registered, Segmented, StateResult
from QPerfusionLogic.data.series import PerfusionSeries, State
from QPerfusionLogic.data.study import Acquisition
from QPerfusionLogic.io.results.mapped_files import mapped_fields, mapped_record
from QPerfusionLogic.kinetics.models.btex_mixing_cells import BtexMixingCells
from QPerfusionLogic.pipeline.flow_mapping import map_flow
from QPerfusionLogic.pipeline.pixel_request import PixelRequest
from QPerfusionLogic.settings.schema import KineticsSettings
from QPerfusionLogic.workflow.pixel_fits import fit_pixels

FLOW, CNR, SIDE = 2.8, 12.0, 32


@pytest.fixture(scope="module")
def a_noisy_heart() -> StateResult:
    """A stress state whose wall has one flow (2.8 mL/min/g) and noise of a twelfth of its peak."""
    rng = np.random.default_rng(5)
    time_s = np.arange(0.0, 50.0, 0.8)
    late = np.clip((time_s - 8.0) / 3.0, 0.0, None)
    blood = 5.0 * late * np.exp(1.0 - late) + 0.7 / (1.0 + np.exp(16.0 - time_s))
    truth = {"mbf_ml_min_g": FLOW, "delay_s": 0.6, "vp_ml_g": 0.07, "ps_ml_min_g": 1.2, "ve_ml_g": 0.2}
    curve = BtexMixingCells(blood, time_s).predict(truth)[0]
    rows, columns = np.indices((SIDE, SIDE)) - SIDE / 2 + 0.5
    radius, angle = np.hypot(rows, columns), np.arctan2(rows, columns)
    wall = (radius > 7.0) & (radius < 12.0)
    labels = np.where(wall, 1, np.where(radius <= 7.0, 2, 0)).astype(np.uint8)[None]
    segments = np.where(wall, 7 + np.floor((angle + np.pi) / (np.pi / 3.0) - 1e-9), 0).astype(np.uint8)[None]
    layers = np.where(wall, np.where(radius < 9.5, 1, 2), 0).astype(np.uint8)[None]
    clean = np.where(wall[None], curve[:, None, None], 0.0)
    clean = np.where(radius[None] <= 7.0, blood[:, None, None], clean)
    noisy = (clean + rng.normal(0.0, curve.max() / CNR, clean.shape))[:, None].astype(np.float32)
    series = PerfusionSeries(noisy, time_s[:, None], Geometry.axis_aligned(1))
    frames = time_s.size
    kept = np.ones((frames, 1), dtype=bool)
    return StateResult(
        State.STRESS,
        Acquisition(series),
        registered=Registered(series, np.zeros((frames, 1, 1, 1, 2)), kept, (), np.zeros((1, 2))),
        segmented=Segmented(
            labels, segments, layers, labels == 2, np.full((1, 2, 2), np.nan), {}, (3, 3, 29, 29), np.ones(1), "given"
        ),
        arterial_input=ArterialInput(time_s, blood, blood, blood, "curve"),
        concentration=Concentration(noisy, series.time_s, np.zeros((1, SIDE, SIDE), dtype=bool), "concentration"),
    )


def ratio_of_pixels(state: StateResult, scope: str) -> float:
    """Return the median, over the segments, of their median pixel over their flow."""
    mapped = map_flow(state, KineticsSettings(prior_scope=scope))
    segments = state.segmented.segments
    whole = [flow for flow in mapped.segments if flow.layer == "all"]
    return float(np.median([np.nanmedian(mapped.maps["mbf"][segments == flow.segment]) / flow.mbf for flow in whole]))


def test_the_map_reads_as_the_segments_do(a_noisy_heart: StateResult) -> None:
    assert ratio_of_pixels(a_noisy_heart, "pixels") == pytest.approx(1.0, abs=0.05)
    assert ratio_of_pixels(a_noisy_heart, "segments") > 1.1


def test_the_fit_of_single_pixels_is_that_of_the_map_after_saving(a_noisy_heart: StateResult) -> None:
    settings = KineticsSettings()
    mapped = map_flow(a_noisy_heart, settings)
    kept = mapped_fields(mapped_record(mapped))["heart_prior"]
    assert kept == mapped.heart_prior
    pixels = ((15, 6), (16, 25), (6, 15))
    rows, columns = np.array(pixels).T
    gd, arterial = a_noisy_heart.concentration, a_noisy_heart.arterial_input
    request = PixelRequest(
        pixels,
        gd.gd_mmol_l[:, 0, rows, columns].T.astype(float),
        gd.time_s[:, 0],
        np.ones(len(gd.time_s), dtype=bool),
        arterial.time_s,
        arterial.gd_mmol_l,
        settings,
        kept,
    )
    found = np.array([fit_pixels(request)[pixel].parameters["mbf_ml_min_g"] for pixel in pixels])
    np.testing.assert_allclose(found, mapped.maps["mbf"][0, rows, columns], rtol=0.02)
    alone = fit_pixels(dataclasses.replace(request, near=None))
    apart = [alone[pixel].parameters["mbf_ml_min_g"] / flow - 1.0 for pixel, flow in zip(pixels, found, strict=True)]
    assert np.abs(apart).max() > 0.02
