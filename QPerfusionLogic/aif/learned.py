"""Route "learned": networks that undo the saturation of the tissue series' own blood curve; weights are the user's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from QPerfusionLogic.errors import InputError, MissingPackageError
from QPerfusionLogic.settings import AifSettings, ConversionSettings
from QPerfusionLogic.signal_model.physics import SeriesPhysics, physics_of_series
from QPerfusionLogic.study import FloatArray, Notice, Severity, State, StateResult

from .alignment import explained_misfit
from .blood_curve import BloodCurve, tissue_blood_curve
from .inversion import linear_signal
from .model_inversion import by_model_inversion
from .precontrast import Precontrast
from .route import RouteCurve
from .unsaturation.pairs import (
    GADOLINIUM_UNIT_MMOL_L,
    INTERVAL_S,
    LEAD_S,
    LOSS_UNIT,
    RESIDUAL_UNIT_MMOL_L,
    SAMPLES,
    scaled_conditions,
)

LARGEST_MISFIT = 0.06
"""Largest rms difference, as a share of the range, between the measured curve and the found one re-saturated."""


@dataclass(frozen=True)
class Prediction:
    """What the ensemble found on its grid: gadolinium with band (64,) in mmol/L, state before contrast, checksum."""

    time_s: FloatArray
    gd_mmol_l: FloatArray
    lower_mmol_l: FloatArray
    upper_mmol_l: FloatArray
    precontrast: Precontrast
    checksum: str


def by_network(state: StateResult, settings: AifSettings, conversion: ConversionSettings) -> RouteCurve:
    """Return the blood curve as an ensemble of trained networks restores it, or the model inversion where that fails.

    Raises
    ------
    InputError
        When no weights are named, they cannot be used, or there is no bolus.
    MissingPackageError
        When torch is missing.
    """
    files = _weight_files(settings)
    curve = tissue_blood_curve(state)
    if curve.bolus is None:
        raise InputError("no bolus in the left ventricle", action="check the series and the segmentation")
    physics = physics_of_series(state.acquisition.tissue, conversion)
    found = _predicted(curve, physics, files)
    inside = (curve.time_s >= found.time_s[0]) & (curve.time_s <= found.time_s[-1])
    time = curve.time_s[inside]

    def at_frames(values: FloatArray) -> FloatArray:
        return np.interp(time, found.time_s, values)

    gadolinium = at_frames(found.gd_mmol_l)
    misfit = explained_misfit(physics.blood.signal(np.maximum(gadolinium, 0.0)), curve.signal[inside])
    if misfit > LARGEST_MISFIT:
        fallback = by_model_inversion(state, settings, conversion)
        notices = (_doubtful(misfit), *fallback.notices)
        return RouteCurve(**{**fallback.__dict__, "notices": notices})
    return RouteCurve(
        time_s=time,
        measured=curve.signal[inside],
        corrected=linear_signal(gadolinium, curve.baseline, physics),
        gd_mmol_l=gadolinium,
        mode="learned",
        constants={**physics.constants, "aif normalisation": "learned"},
        notices=(*physics.notices, *_published_limits(state.state)),
        lower_mmol_l=at_frames(found.lower_mmol_l),
        upper_mmol_l=at_frames(found.upper_mmol_l),
        model_name=", ".join(path.stem for path in files),
        model_checksum=found.checksum,
        precontrast=found.precontrast,
    )


def _weight_files(settings: AifSettings) -> list[Path]:
    if not settings.weights:
        raise InputError(
            "aif.mode=learned, but this version of QPerfusion ships no trained AIF network",
            expected="aif.weights naming a folder of your own weights, or another mode: automatic, dual_sequence, "
            "dual_bolus, model, as_is or population",
            action="choose one of these modes, or train with `python -m QPerfusionLogic.aif.unsaturation.training`",
        )
    files = sorted(Path(settings.weights).glob("*.safetensors"))
    if not files:
        raise InputError(f"no *.safetensors in aif.weights={settings.weights}", action="name the folder of the weights")
    return files


def _predicted(curve: BloodCurve, physics: SeriesPhysics, files: list[Path]) -> Prediction:
    """Run every network of the ensemble on the curve resampled around its arrival; members are averaged."""
    try:
        import torch
    except ImportError as error:
        raise MissingPackageError(
            "no torch", action="pip install 'qperfusion[learning]', or choose another aif.mode"
        ) from error
    from .unsaturation.network import UnsaturationNetwork
    from .unsaturation.weights import load_weights

    bolus = curve.bolus
    assert bolus is not None
    grid = bolus.foot_s - LEAD_S + np.arange(SAMPLES) * INTERVAL_S
    valid = grid <= curve.time_s[-1]
    signal = np.where(valid, np.interp(grid, curve.time_s, curve.signal), 0.0)
    conditions = _conditions(physics)
    outputs, checksums = [], []
    with torch.no_grad():
        for path in files:
            network = UnsaturationNetwork()
            checksums.append(load_weights(path, network))
            curves, before = network(
                torch.tensor(signal / signal.max(), dtype=torch.float32)[None],
                torch.tensor(valid, dtype=torch.float32)[None],
                torch.tensor(conditions, dtype=torch.float32)[None],
            )
            outputs.append((curves[0].numpy(), before[0].numpy()))
    mean, lower, upper = GADOLINIUM_UNIT_MMOL_L * np.mean([item[0] for item in outputs], axis=0)[:, valid]
    loss, residual = np.mean([item[1] for item in outputs], axis=0) * (LOSS_UNIT, RESIDUAL_UNIT_MMOL_L)
    precontrast = Precontrast(float(1.0 - np.clip(loss, 0.0, 0.15)), float(np.clip(residual, 0.0, 1.5)))
    joined = checksums[0] if len(checksums) == 1 else hashlib.sha256("".join(checksums).encode()).hexdigest()
    return Prediction(grid[valid], mean, lower, upper, precontrast, joined)


def _conditions(physics: SeriesPhysics) -> FloatArray:
    """Return the protocol as the network takes it; all zero (unknown) where decisive values had to be assumed."""
    sequence, tissue = physics.sequence, physics.blood.tissue
    if any(notice.code == "protocol-assumed" and notice.severity is Severity.SERIOUS for notice in physics.notices):
        return np.zeros(8)
    values = {
        "saturation_time": sequence.saturation_time_s,
        "flip_angle": sequence.flip_angle_deg,
        "repetition_time": sequence.repetition_time_s,
        "pulses": float(sequence.pulses_to_centre),
        "echo_time": sequence.echo_time_s,
        "relaxivity": tissue.r1_l_mmol_s,
        "native_t1": tissue.t1_s,
    }
    return np.array([*(float(value) for value in scaled_conditions(values)), 1.0])


def _doubtful(misfit: float) -> Notice:
    return Notice(
        code="aif-learned-doubtful",
        message=f"the curve that the networks found does not explain the measured one (rms difference "
        f"{100 * misfit:.0f} % of its range): the signal equation was inverted instead",
        action="compare with the other modes",
    )


def _published_limits(state: State) -> tuple[Notice, ...]:
    if state is State.STRESS:
        return ()
    return (
        Notice(
            code="aif-learned-rest",
            message="learned arterial inputs are validated for stress only: published bias +0.12 mL/min/g at rest, "
            "-0.30 in the perfusion reserve",
        ),
    )
