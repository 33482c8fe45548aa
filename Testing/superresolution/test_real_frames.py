"""Real first-pass frames, evaluation only: shared data that is not in the repository."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.settings.schema import LoadingSettings, SuperresolutionSettings
from QPerfusionLogic.superresolution.frames.degradation import low_resolution

pytest.importorskip("torch")


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("name", ["case09_stress_mid", "case21_rest_base"])
def test_no_real_frame_gets_worse_and_the_mean_error_falls(
    real_data: Path, bridge_settings: SuperresolutionSettings, name: str
) -> None:
    from QPerfusionLogic.superresolution.resolver_choice import resolver_of

    path = real_data / "human_first_pass" / f"{name}.nii.gz"
    loading = LoadingLogic(LoadingSettings(axes="t,y,x", frame_interval_s=1.0))
    stress = loading.run(StudyRequest(stress=path)).stress
    assert stress is not None
    frames = stress.tissue.signal[4::25, 0]
    middle = slice(frames.shape[1] // 2 - 48, frames.shape[1] // 2 + 48)
    frames = frames[:, middle, middle]
    low = low_resolution(frames, 0.4).astype(np.float32)
    found = resolver_of(dataclasses.replace(bridge_settings, samples=0)).run(low, 0.4).frames
    before, after = (np.sqrt(((images - frames) ** 2).mean(axis=(1, 2))) for images in (low, found))
    assert (after < before).all()
    assert (after / before).mean() < 0.93
