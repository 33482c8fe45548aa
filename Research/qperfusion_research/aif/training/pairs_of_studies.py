"""Pairs of saturated and unsaturated blood curves from a folder of dual-sequence DICOM studies."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from QPerfusionLogic.aif.curves.blood_curve import tissue_blood_curve
from QPerfusionLogic.aif.methods.neural_network import nominal_protocol
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.errors import InputError, QPerfusionError
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.pipeline.pipeline import Pipeline
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.signal_model.physics import physics_of_series

from .own_pairs import OwnPair


def pairs_of_studies(folder: Path, progress: Progress | None = None) -> list[OwnPair]:
    """Return one pair for every state of every study whose dual-sequence arterial input can be used.

    Parameters
    ----------
    folder : Path
        One sub-folder a study.
    progress : Progress, optional
        Called with what was left out and why.

    Raises
    ------
    InputError
        When no study gives a pair.
    """
    progress = progress or Progress()
    settings = Settings().with_value("aif.mode", "dual_sequence")
    studies = sorted(path for path in Path(folder).iterdir() if path.is_dir())
    pairs: list[OwnPair] = []
    for index, path in enumerate(studies):
        try:
            study = LoadingLogic(settings.loading).run(StudyRequest(study=path))
            result = Pipeline(settings).run(study, stop_after="aif")
        except QPerfusionError as error:
            progress.update(index / len(studies), f"{path.name} left out: {error}")
            continue
        pairs += [pair_of_state(state, f"{path.name}_{name}", settings) for name, state in result.states.items()]
        progress.update((index + 1) / len(studies), f"{path.name}: {len(pairs)} pairs so far")
    if not pairs:
        raise InputError(
            f"no pair of curves in {folder.name}",
            expected="CSV files (time_s,saturated,true), or sub-folders with dual-sequence DICOM studies",
        )
    return pairs


def pair_of_state(state: StateResult, name: str, settings: Settings) -> OwnPair:
    """Return the tissue series' own blood curve and, at its times, the arterial input of the dual sequence."""
    found = state.arterial_input
    assert found is not None
    curve = tissue_blood_curve(state)
    inside = (curve.time_s >= found.time_s[0]) & (curve.time_s <= found.time_s[-1])
    true = np.interp(curve.time_s[inside], found.time_s, found.gd_mmol_l)
    physics = physics_of_series(state.acquisition.tissue, settings.conversion)
    return OwnPair(name, curve.time_s[inside], curve.signal[inside], true, nominal_protocol(physics))
