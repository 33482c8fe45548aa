"""Real series: a low-resolution AIF series and a saturated full-dose series, each with its masks."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from QPerfusionLogic.aif.curves.blood_curve import blood_curve
from QPerfusionLogic.aif.logic import AifCorrectionLogic
from QPerfusionLogic.aif.quality.curve_features import curve_features
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.protocol import Protocol
from QPerfusionLogic.data.results import Registered, Segmented, StateResult
from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind, State
from QPerfusionLogic.data.study import Acquisition
from QPerfusionLogic.segmentation.first_pass.blood_pools import find_blood_pools
from QPerfusionLogic.segmentation.first_pass.enhancement import enhancement_of_series
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings

DATA = Path(os.environ.get("QPERFUSION_TEST_DATA", "../shared/data"))
pytestmark = pytest.mark.real_data


@pytest.fixture
def low_resolution_series():
    path = DATA / "aif_series" / "aif_series_1.npz"
    if not path.exists():
        pytest.skip("the real AIF series is not here")
    content = np.load(path)
    signal = content["signal"][:, None]
    times = np.arange(float(len(signal)))[:, None]
    return PerfusionSeries(signal, times, Geometry.axis_aligned(1, (5.0, 5.0)), kind=SeriesKind.AIF), content["mask"]


@pytest.fixture
def saturated_state():
    folder = DATA / "ge_first_pass"
    if not folder.exists():
        pytest.skip("the real first-pass series is not here")
    import pydicom

    frames = sorted((pydicom.dcmread(path) for path in (folder / "dicom").iterdir()), key=lambda f: f.TriggerTime)
    masks = np.load(folder / "masks.npz")
    labels = np.zeros((1, 256, 256), np.uint8)
    for value, name in ((1, "myocardium"), (2, "lv"), (3, "rv")):
        labels[0][masks[name] > 0] = value
    first = frames[0]
    protocol = Protocol(
        field_strength_t=1.5,
        repetition_time_s=float(first.RepetitionTime) / 1e3,
        echo_time_s=float(first.EchoTime) / 1e3,
        flip_angle_deg=float(first.FlipAngle),
        saturation_time_s=float(first.InversionTime) / 1e3,
    )
    signal = np.stack([frame.pixel_array for frame in frames]).astype(np.float32)[:, None]
    time = np.array([float(frame.TriggerTime) for frame in frames])[:, None] / 1e3
    series = PerfusionSeries(signal, time - time[0], Geometry.axis_aligned(1, (1.4, 1.4)), protocol)
    kept = np.ones((len(frames), 1), dtype=bool)
    registered = Registered(series, np.zeros((len(frames), 1, 1, 1, 2)), kept, (), np.full((1, 2), np.nan))
    empty = np.zeros_like(labels)
    segmented = Segmented(
        labels, empty, empty, labels == 2, np.full((1, 2, 2), np.nan), {}, (0, 0, 256, 256), np.ones(1), "given"
    )
    return StateResult(State.UNKNOWN, Acquisition(series), registered=registered, segmented=segmented)


def test_the_pools_of_the_aif_series_are_those_of_its_masks(low_resolution_series):
    series, mask = low_resolution_series
    pools = find_blood_pools(enhancement_of_series(series))
    left, right = pools.left[0], pools.right[0]
    assert 2 * (left & (mask == 1)).sum() / (left.sum() + (mask == 1).sum()) > 0.9
    assert (right & (mask == 2)).sum() > 0.8 * (mask == 2).sum()
    assert pools.right_frame < pools.left_frame


def test_the_curve_of_the_aif_series_has_the_features_of_the_masked_curve(low_resolution_series):
    series, mask = low_resolution_series
    time = series.time_s[:, 0]
    found = blood_curve(series, find_blood_pools(enhancement_of_series(series)).left)
    own = curve_features(found.signal - found.baseline, time)
    masked = blood_curve(series, (mask == 1)[None])
    expected = curve_features(masked.signal - masked.baseline, time)
    assert own["bolus_arrival_time_s"] == pytest.approx(expected["bolus_arrival_time_s"], abs=1.0)
    assert own["time_to_peak_s"] == pytest.approx(expected["time_to_peak_s"], abs=1.0)
    assert own["fwhm_s"] == pytest.approx(expected["fwhm_s"], rel=0.1)


def test_a_saturated_full_dose_series_is_flagged_and_its_inversion_not_trusted(saturated_state):
    found = AifCorrectionLogic(AifSettings(mode="signal_inversion"), ConversionSettings()).run(saturated_state)
    codes = {notice.code for notice in found.notices}
    assert {"aif-saturated", "aif-by-model", "aif-peak-lost"} <= codes
    assert found.upper_mmol_l.max() > 3.0 * found.lower_mmol_l.max()
    assert found.features["bolus_arrival_time_s"] == pytest.approx(7.2, abs=1.0)


def test_where_the_peak_is_lost_a_population_curve_with_a_band_stands_in_loudly(saturated_state):
    found = AifCorrectionLogic(AifSettings(), ConversionSettings()).run(saturated_state)
    codes = {notice.code for notice in found.notices}
    assert found.mode == "population"
    assert {"aif-saturated", "aif-peak-lost", "aif-population"} <= codes
    assert found.features["bolus_arrival_time_s"] == pytest.approx(7.9, abs=1.0)
    measured = blood_curve(saturated_state.registered.series, saturated_state.segmented.aif_region)
    lowest = measured.time_s[np.argmin(np.where(abs(measured.time_s - 20.0) < 6.0, measured.signal, np.inf))]
    after = (found.time_s > 14.0) & (found.time_s < 26.0)
    assert found.time_s[after][np.argmin(found.gd_mmol_l[after])] == pytest.approx(lowest, abs=1.5)
    assert found.lower_mmol_l.max() < 3.0 < found.gd_mmol_l.max() < 8.0 < found.upper_mmol_l.max() + 1.0
