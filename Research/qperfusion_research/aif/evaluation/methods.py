"""The ways to unsaturate a blood curve that `evaluate aif` compares, each from a digital patient to gadolinium."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.aif.correction.aif_resampling import between_samples, fine_times
from QPerfusionLogic.aif.correction.signal_inversion import apparent_gadolinium, invert_blood_curve
from QPerfusionLogic.aif.methods.neural_network import restored_curve
from QPerfusionLogic.aif.networks.curve_input import INTERVAL_S, LEAD_S, SAMPLES
from QPerfusionLogic.aif.scaling.peak_prior import USUAL_HEIGHT
from QPerfusionLogic.aif.scaling.shape_prior import scale_by_shape
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.settings.schema import ConversionSettings

from .patients import CurvePatient, without_density


@dataclass(frozen=True)
class Answer:
    """A blood curve every 0.1 s: times, gadolinium in mmol/L (n,), and its band where the method gives one."""

    time_s: FloatArray
    gd_mmol_l: FloatArray
    lower_mmol_l: FloatArray | None = None
    upper_mmol_l: FloatArray | None = None


PUBLISHED = "AI-AIF network"
"""The network as published, trained by its own recipe on digital boluses."""
Method = Callable[[CurvePatient], Answer]


def methods(weights: str = "", published_weights: str = "") -> dict[str, Method]:
    """Return the methods by name; shipped weights where no others are given."""
    return {
        "uncorrected": _uncorrected,
        "inversion, baseline": _by_baseline,
        "inversion, usual shape": _by_shape,
        "inversion, proton density": _by_density,
        "inversion, shape and dose": lambda patient: _by_shape(patient, with_dose=True),
        "neural_network": lambda patient: _learned(patient, weights, with_density=False),
        "learned, dose": lambda patient: _learned(patient, weights, with_density=False, with_dose=True),
        "learned, proton density": lambda patient: _learned(patient, weights, with_density=True),
        PUBLISHED: lambda patient: _published(patient, published_weights),
    }


def truth(patient: CurvePatient) -> Answer:
    """Return the true curve over the same span as the methods'."""
    last = patient.fine_s <= patient.time_s[-1]
    return Answer(patient.fine_s[last], patient.true_mmol_l[last])


def _fine(time_s: FloatArray, *curves: FloatArray) -> Answer:
    fine = fine_times(time_s)
    return Answer(fine, *(between_samples(time_s, curve, fine) for curve in curves))


def _uncorrected(patient: CurvePatient) -> Answer:
    return _fine(patient.time_s, apparent_gadolinium(patient.measured, patient.physics))


def _by_baseline(patient: CurvePatient) -> Answer:
    settings = ConversionSettings(normalisation="baseline")
    return _fine(patient.time_s, invert_blood_curve(patient.measured, patient.physics, settings).gd_mmol_l)


def _by_density(patient: CurvePatient) -> Answer:
    return _fine(patient.time_s, invert_blood_curve(patient.measured, patient.physics, ConversionSettings()).gd_mmol_l)


def _by_shape(patient: CurvePatient, with_dose: bool = False) -> Answer:
    """Scaled by usual shapes, by the baseline where none fits; the time course, which is tried first, is left out."""
    expected = patient.expected if with_dose else USUAL_HEIGHT
    scaled = scale_by_shape(without_density(patient.measured), patient.physics, float("nan"), expected)
    if scaled is None:
        return _by_baseline(patient)
    return _fine(patient.time_s, scaled.gd_mmol_l, scaled.lower_mmol_l, scaled.upper_mmol_l)


def _learned(patient: CurvePatient, weights: str, with_density: bool, with_dose: bool = False) -> Answer:
    curve = patient.measured if with_density else without_density(patient.measured)
    area = (patient.expected if with_dose else USUAL_HEIGHT).area_mmol_s_l
    found = restored_curve(curve, patient.physics, weights, area)
    band = [end for end in (found.lower_mmol_l, found.upper_mmol_l) if end is not None]
    return _fine(found.time_s, found.gd_mmol_l, *band)


def _published(patient: CurvePatient, weights: str) -> Answer:
    """The published network's signal, in gadolinium by the true slope of the signal: to its advantage."""
    from QPerfusionLogic.aif.networks.published_network import published_network, unsaturated_rise

    network, _ = published_network(weights)
    bolus = patient.measured.bolus
    assert bolus is not None
    grid = bolus.bolus_arrival_time_s - LEAD_S + np.arange(SAMPLES) * INTERVAL_S
    there = grid <= patient.time_s[-1]
    signal = np.interp(grid, patient.time_s, patient.measured.signal) * there
    curve = unsaturated_rise(network, signal) / patient.linear_slope
    early, late = patient.time_s < grid[0], patient.time_s > grid[-1]
    end = np.full(int(late.sum()), float(curve[-5:].mean()))
    time = np.concatenate((patient.time_s[early], grid[there], patient.time_s[late]))
    return _fine(time, np.concatenate((np.zeros(int(early.sum())), curve[there], end)))
