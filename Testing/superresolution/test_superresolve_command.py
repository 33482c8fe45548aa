"""`qperfusion superresolve`, and super-resolution as the first stage of the pipeline."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from QPerfusionLogic.cli.main import main
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.results import Superresolved
from QPerfusionLogic.data.series import PerfusionSeries, State
from QPerfusionLogic.data.study import Acquisition, PerfusionStudy
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import read_map, read_sequence, write_sequence
from QPerfusionLogic.io.results.writer import write_result
from QPerfusionLogic.pipeline.earlier_result import read_earlier_result
from QPerfusionLogic.pipeline.pipeline import Pipeline
from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.superresolution.frames.degradation import measured_lines, only_lines

pytest.importorskip("torch")


@pytest.fixture
def low_file(tmp_path: Path, low_series: PerfusionSeries) -> Path:
    path = tmp_path / "low.seq.nrrd"
    write_sequence(path, low_series.signal, low_series.time_s, low_series.geometry)
    return path


def test_a_sequence_file_becomes_one_of_full_resolution(
    low_file: Path, tmp_path: Path, full_series: PerfusionSeries
) -> None:
    out = tmp_path / "out" / "sharp.seq.nrrd"
    assert main(["superresolve", str(low_file), str(out), "--set", "superresolution.device=cpu"]) == 0
    found, before = read_sequence(out).values, read_sequence(low_file).values
    truth = full_series.signal
    assert np.square(found - truth).mean() < np.square(before - truth).mean()
    assert np.nanmax(read_map(out.with_name("sharp-spread.nrrd"))[0]) > 0.0
    told = json.loads(out.with_name("sharp.json").read_text(encoding="utf-8"))["superresolution"]
    assert told["phase_encoding"] == "rows"
    assert len(told["model_sha256"]) == 64


def test_a_folder_of_files_is_done_one_by_one(low_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "all"
    options = ["--set", "superresolution.samples=0", "--set", "superresolution.device=cpu"]
    assert main(["superresolve", str(low_file.parent), str(out), *options]) == 0
    assert (out / "low.seq.nrrd").is_file()


def test_full_resolution_input_ends_with_exit_code_2_and_no_file(
    tmp_path: Path, full_series: PerfusionSeries, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "full.seq.nrrd", tmp_path / "out.seq.nrrd"
    write_sequence(path, full_series.signal, full_series.time_s, full_series.geometry)
    assert main(["superresolve", str(path), str(out)]) == 2
    assert "full resolution already" in capsys.readouterr().err
    assert not out.exists()


def test_the_cascade_hands_the_super_resolved_series_on(low_series: PerfusionSeries) -> None:
    settings = Settings().with_value("superresolution.mode", "residual_bridge").with_value("superresolution.samples", 0)
    study = PerfusionStudy(stress=Acquisition(dataclasses.replace(low_series, state=State.STRESS)))
    result = Pipeline(settings).run(study, stop_after="superresolution")
    state = result.states[State.STRESS]
    assert state.superresolved is not None
    assert state.acquisition.tissue is state.superresolved.series
    assert "superresolution-4 sha256" in result.provenance["models"]["stress"]["superresolution"]
    assert "superresolution-applied" in {notice.code for notice in result.notices}


def test_a_resumed_cascade_super_resolves_again(low_series: PerfusionSeries) -> None:
    settings = Settings().with_value("superresolution.mode", "residual_bridge").with_value("superresolution.samples", 0)
    settings = settings.with_value("registration.mode", "none")
    study = PerfusionStudy(stress=Acquisition(dataclasses.replace(low_series, state=State.STRESS)))
    result = Pipeline(settings).run(study, resume_from="registration", stop_after="registration")
    registered = result.states[State.STRESS].registered
    assert registered is not None
    assert not np.array_equal(registered.series.signal, low_series.signal)


@pytest.mark.parametrize("grown", [False, True])
def test_an_output_folder_keeps_the_sharpened_series_for_a_resumed_run(
    low_series: PerfusionSeries, tmp_path: Path, grown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings().with_value("superresolution.mode", "residual_bridge")
    settings = settings.with_value("registration.mode", "none")
    if grown:
        small = only_lines(low_series.signal, measured_lines(64, 0.4), -2)
        spectrum = np.fft.fftshift(np.fft.fft(small, axis=-2), axes=-2)[:, :, 32 - 13 : 32 + 13]
        signal = np.abs(np.fft.ifft(np.fft.ifftshift(spectrum, axes=-2), axis=-2)).astype(np.float32)
        long_pixels = low_series.geometry.index_to_lps.copy()
        long_pixels[:, :3, 1] *= 64 / 26
        density = signal[:2]
        low_series = PerfusionSeries(signal, low_series.time_s, Geometry(long_pixels), proton_density=density)
        settings = settings.with_value("superresolution.phase_encoding", "rows")
    study = PerfusionStudy(stress=Acquisition(dataclasses.replace(low_series, state=State.STRESS)))
    first = Pipeline(settings).run(study, stop_after="registration")
    write_result(first, tmp_path)
    earlier = read_earlier_result(tmp_path, study, settings.segmentation)
    monkeypatch.setattr(Pipeline, "_superresolve", None)
    again = Pipeline(settings).run(study, earlier=earlier, resume_from="segmentation", stop_after="segmentation")
    one, two = first.states[State.STRESS].superresolved, again.states[State.STRESS].superresolved
    assert one is not None
    assert two is not None
    assert (one.series.signal.shape[2] > low_series.signal.shape[2]) == grown
    for field in dataclasses.fields(Superresolved):
        if field.name != "series":
            np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name))
    np.testing.assert_array_equal(one.series.signal, again.states[State.STRESS].acquisition.tissue.signal)
    np.testing.assert_allclose(one.series.geometry.index_to_lps, two.series.geometry.index_to_lps, atol=1e-6)
    assert (two.series.proton_density is None) == (not grown)
    used = [run.provenance["models"]["stress"]["superresolution"] for run in (first, again)]
    assert used[0] == used[1]
    told = [notice for notice in first.notices if notice.stage == "superresolution"]
    assert told
    assert set(told) <= set(again.notices)


def test_a_sharpened_series_of_another_input_is_refused(low_series: PerfusionSeries, tmp_path: Path) -> None:
    settings = Settings().with_value("superresolution.mode", "residual_bridge").with_value("superresolution.samples", 0)
    study = PerfusionStudy(stress=Acquisition(dataclasses.replace(low_series, state=State.STRESS)))
    write_result(Pipeline(settings).run(study, stop_after="superresolution"), tmp_path)
    shorter = dataclasses.replace(low_series, signal=low_series.signal[:6], time_s=low_series.time_s[:6])
    with pytest.raises(InputError, match="6 frames"):
        read_earlier_result(tmp_path, PerfusionStudy(stress=Acquisition(shorter)), settings.segmentation)
