"""The evaluation of super-resolution: baselines, defects, tables."""

from __future__ import annotations

import argparse

import numpy as np
import pytest

from qperfusion_research.superresolution.evaluation.evaluation_command import add_arguments, run
from qperfusion_research.superresolution.evaluation.flow_cases import (
    SECTORS,
    defect_of,
    flow_case,
    flow_of_parts,
    sectors_of,
    true_sector_flow,
)
from qperfusion_research.superresolution.evaluation.images import bicubic, noise_floor, patient_frames, quality
from qperfusion_research.superresolution.evaluation.tables import tables
from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.superresolution.frames.degradation import low_resolution


def test_bicubic_keeps_a_constant_and_a_slow_wave() -> None:
    rows = np.arange(96)[:, None] / 96.0
    image = np.broadcast_to(10.0 + np.cos(2 * np.pi * 2 * rows), (1, 96, 20))
    np.testing.assert_allclose(bicubic(image, 0.4), image, atol=0.02)


def test_a_perfect_image_has_no_error() -> None:
    image = np.random.default_rng(0).random((32, 32))
    assert quality(image, image)[0] == 0.0
    assert quality(image, image)[2] == pytest.approx(1.0)


def test_even_flow_has_no_defect_and_a_quarter_is_found() -> None:
    even = np.full(SECTORS, 2.0)
    assert defect_of(even) == (0.0, 0.0)
    even[4:12] = 1.0
    size, depth = defect_of(even)
    assert size == pytest.approx(8 / SECTORS)
    assert depth == pytest.approx(0.5)


@pytest.mark.slow
def test_zero_filling_cannot_come_below_the_floor_of_the_noise() -> None:
    frames = patient_frames(3)
    low = low_resolution(frames.full, 0.4)
    reach = np.ptp(frames.full, axis=(1, 2))
    error = np.sqrt(((low - frames.full) ** 2).mean(axis=(1, 2))) / reach
    assert noise_floor(frames, 0.4)[3:].mean() < 1.1 * error[3:].mean()


@pytest.mark.slow
def test_the_true_flow_of_the_sectors_shows_the_defect_as_large_as_it_was_put() -> None:
    case = flow_case(3)
    assert case.defect is not None
    flow = true_sector_flow(case)
    assert set(np.unique(sectors_of(case.truth))) == set(range(SECTORS + 1))
    size, depth = defect_of(flow)
    assert size == pytest.approx(case.defect.half_width_rad / np.pi, abs=0.09)
    assert depth == pytest.approx(1.0 - case.defect.stress_factor, abs=0.2)


def test_the_tables_name_the_published_figures_and_count_gone_defects() -> None:
    image = {"patient": "1", "frame": "0", "psnr": "30", "ssim": "0.9", "floor": "0.01", "ssim_without_noise": "0.9"}
    images = [
        image | {"method": "zero-filled", "nrmse": "0.04", "nrmse_without_noise": "0.03"},
        image | {"method": "residual bridge", "nrmse": "0.02", "nrmse_without_noise": "0.01"},
    ]
    flow = {"patient": "1", "defect": "1", "failed": "", "true_size": "0.2", "true_depth": "0.5"}
    flow |= {f"segment_{index}": "2.0" for index in range(7, 13)}
    even = {f"{layer}sector_{index}": "2.0" for layer in ("", "endo_") for index in range(1, SECTORS + 1)}
    reduced = even | {f"sector_{index}": "1.0" for index in range(4, 9)}
    seen = {"size": "0.2", "depth": "0.5", "endo_size": "0.3", "endo_depth": "0.6"}
    gone = {"size": "0.0", "depth": "0.1", "endo_size": "0.0", "endo_depth": "0.1"}
    text = tables(
        images,
        [flow | seen | reduced | {"frames": "full"}, flow | gone | even | {"frames": "zero-filled"}],
        0.4,
        "fermi",
    )
    assert "| residual bridge | 2.00 | 0.500 (0.500) | 80 |" in text
    assert "2.55" in text
    assert "| zero-filled | +0.0 | 0.0 | 100 % | 0 of 1 | 0 of 0 | 0 of 1 | 1 of 1 |" in text
    assert "| zero-filled | 0 / 0 of 1 |  | 0 / 0 of 1 |  | 0 / 1 of 1 |  |" in text


def test_a_defect_of_one_segment_counts_as_made_up_and_as_erased() -> None:
    row = {"patient": "1", "defect": "0", "failed": "", "true_size": "0", "true_depth": "0"}
    even = row | {f"{layer}segment_{index}": "2.0" for layer in ("", "endo_", "epi_") for index in range(7, 13)}
    dark = even | {"endo_segment_9": "1.2"}
    kinds = {"full": even, "without noise": dark, "full, again": dark}
    text = tables([], [values | {"frames": name} for name, values in kinds.items()], 0.4, "fermi")
    assert "| full |  | 0 / 1 of 1 |" in text
    assert "| full, again | 1 / 0 of 1 | 0 / 0 of 1 |" in text


@pytest.mark.slow
def test_a_second_scan_differs_by_its_noise_alone() -> None:
    case = flow_case(2)
    first, second = case.series.signal - case.quiet, case.again - case.quiet
    wall = case.truth.labels[0] == 1
    assert np.std(second[:, 0][:, wall]) == pytest.approx(np.std(first[:, 0][:, wall]), rel=0.05)
    assert abs(np.corrcoef(first[:, 0][:, wall].ravel(), second[:, 0][:, wall].ravel())[0, 1]) < 0.1
    flow = flow_of_parts(case, {"full": case.series.signal, "again": case.again}, Settings())
    assert flow["full"] != flow["again"]
    assert np.isfinite([flow["full"][f"segment_{index}"] for index in range(7, 13)]).all()


def test_an_unknown_model_is_refused_before_anything_is_written(tmp_path) -> None:
    pytest.importorskip("torch")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    output = tmp_path / "out"
    with pytest.raises(SettingsError, match="btex_mixing_cells"):
        run(parser.parse_args(["--model", "ferni", "--output", str(output)]), Progress())
    assert not output.exists()
