"""Wall in the blood pixels of an AIF series, identified by its resolution and taken out; truth from the encoder."""

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.aif.curves.blood_curve import blood_curve
from QPerfusionLogic.aif.sampling.partial_volume import partial_volume_correction
from QPerfusionLogic.aif.sampling.point_spread import measured_point_spread
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.results import Registered, Segmented, StateResult
from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind
from QPerfusionLogic.data.study import Acquisition
from QPerfusionLogic.phantom.scanner.imaging import Encoding, encode, noise_image

MATRIX, FINER, PIXEL_MM = 64, 4, 5.6
FRAMES = 40
ENCODING = Encoding(
    matrix=MATRIX,
    oversampling=FINER,
    phase_resolution=0.56,
    readout_resolution=0.8,
    filter_strength=0.6,
    noise_sd=0.004,
)


def placed(pixel_mm, size):
    """A slice whose first pixel lies so that the middle of the picture is that of every other one."""
    geometry = Geometry.axis_aligned(1, (pixel_mm, pixel_mm))
    matrices = np.array(geometry.index_to_lps)
    matrices[:, 0, 3] = matrices[:, 1, 3] = -0.5 * (size - 1) * pixel_mm
    matrices[:, 2, 3] = 10.0
    return Geometry(matrices)


def rings(size, pixel_mm, cavity_mm, shift_mm=0.0):
    """Labels (size, size) of a ring of wall 9 mm thick round a cavity of some radius, beside a right ventricle."""
    middle = 0.5 * (size - 1)
    rows, columns = (np.mgrid[:size, :size] - middle) * pixel_mm - shift_mm
    distance = np.hypot(rows, columns)
    labels = np.zeros((size, size), np.uint8)
    labels[np.hypot(rows, columns + cavity_mm + 26.0) < 16.0] = 3
    labels[distance < cavity_mm + 9.0] = 1
    labels[distance < cavity_mm] = 2
    return labels


def levels():
    """Signal (frames,) of blood, wall, right ventricle and surroundings."""
    beat = np.arange(FRAMES)
    bolus = np.exp(-0.5 * ((beat - 18.0) / 3.0) ** 2)
    early = np.exp(-0.5 * ((beat - 12.0) / 2.5) ** 2)
    late = 1.0 / (1.0 + np.exp(-(beat - 20.0) / 1.5))
    return {2: 0.1 + 0.9 * bolus, 1: 0.08 + 0.12 * late, 3: 0.1 + 1.1 * early, 0: 0.05 + 0.02 * late}


def imaged(encoding, cavity_mm, noise=True):
    """Frames of the AIF series of that anatomy."""
    labels = rings(MATRIX * FINER, PIXEL_MM / FINER, cavity_mm)
    # The encoder puts pixel (i, j) on fine pixel (i, j) x oversampling: move the picture to where the geometry has it.
    labels = np.roll(labels, (-FINER // 2, -FINER // 2), (0, 1))
    flat = np.ones((1, encoding.pulses))
    basis = {label: encode((labels == label)[None].astype(float), flat, encoding) for label in levels()}
    random = np.random.default_rng(5)
    frames = []
    for frame in range(FRAMES):
        image = sum(signal[frame] * basis[label] for label, signal in levels().items())
        frames.append(np.abs(image + (noise_image(encoding, random) if noise else 0.0)))
    return np.array(frames, np.float32)


def made(encoding=ENCODING, cavity_mm=14.0, noise=True, contours_mm=None, is_placed=True):
    frames = imaged(encoding, cavity_mm, noise)
    time_s = np.arange(FRAMES, dtype=float)[:, None] * 0.8
    plain = Geometry.axis_aligned(1, (PIXEL_MM, PIXEL_MM))
    series = PerfusionSeries(
        frames[:, None], time_s, placed(PIXEL_MM, MATRIX) if is_placed else plain, kind=SeriesKind.AIF
    )
    size = 160
    labels = rings(size, 2.24, contours_mm or cavity_mm)[None]
    tissue = PerfusionSeries(np.zeros((FRAMES, 1, size, size), np.float32), time_s, placed(2.24, size))
    none = np.zeros(labels.shape, bool)
    segmented = Segmented(labels, labels * 0, labels * 0, none, {}, {}, (0, 0, size, size), np.ones(1), "truth")
    registered = Registered(
        tissue, np.zeros((FRAMES, 1, 1, 1, 2)), np.ones((FRAMES, 1), bool), (("",),) * FRAMES, np.zeros((1, 2))
    )
    state = StateResult("stress", Acquisition(tissue, aif_series=series), registered=registered, segmented=segmented)
    # The pool as it is found: the pixels in the middle of the cavity.
    region = np.zeros((1, MATRIX, MATRIX), bool)
    region[0] = np.hypot(*(np.mgrid[:MATRIX, :MATRIX] - 0.5 * (MATRIX - 1))) * PIXEL_MM < 0.5 * cavity_mm
    return series, state, region


def test_wall_is_taken_out_of_a_small_pool():
    series, state, region = made()
    mixed = blood_curve(series, region)
    peak = levels()[2].max()
    assert mixed.signal.max() < 0.97 * peak
    corrected = partial_volume_correction(series, state, region, mixed)
    assert corrected.done
    assert corrected.curve.signal.max() == pytest.approx(peak, rel=0.02)
    assert np.abs(corrected.curve.signal - levels()[2]).max() < 0.03


def test_a_wide_pool_is_left_nearly_alone():
    series, state, region = made(cavity_mm=28.0)
    corrected = partial_volume_correction(series, state, region, blood_curve(series, region))
    assert corrected.curve.signal.max() == pytest.approx(levels()[2].max(), rel=0.02)


def test_contours_that_are_a_millimetre_off_cost_little():
    found = []
    for contours_mm in (13.0, 15.0):
        series, state, region = made(contours_mm=contours_mm)
        found.append(partial_volume_correction(series, state, region, blood_curve(series, region)).curve.signal.max())
    assert np.allclose(found, levels()[2].max(), rtol=0.05)


@pytest.mark.parametrize(("phase", "filter_strength"), [(0.56, 0.6), (0.75, 0.3), (1.0, 0.0)])
def test_resolution_is_read_off_the_noise(phase, filter_strength):
    encoding = dataclasses.replace(ENCODING, phase_resolution=phase, filter_strength=filter_strength)
    spread = measured_point_spread(imaged(encoding, 17.0))
    assert spread.rows.half_width == pytest.approx(encoding.phase_lines / 2, abs=1.0)
    assert spread.columns.half_width == pytest.approx(0.4 * MATRIX, abs=1.0)
    for band in spread.bands:
        assert band.filter_strength == pytest.approx(filter_strength, abs=0.15)


def test_without_noise_or_positions_the_curve_stays_as_it_was():
    for series, state, region in (made(noise=False), made(is_placed=False)):
        mixed = blood_curve(series, region)
        corrected = partial_volume_correction(series, state, region, mixed)
        if not corrected.done:
            assert corrected.curve is mixed
            assert corrected.constants == {}
    series, state, region = made(is_placed=False)
    assert not partial_volume_correction(series, state, region, blood_curve(series, region)).done


def test_a_pool_that_is_mostly_wall_is_told():
    series, state, region = made(contours_mm=6.0)
    corrected = partial_volume_correction(series, state, region, blood_curve(series, region))
    assert not corrected.done
    assert [notice.code for notice in corrected.notices] == ["aif-wall-in-pool"]
