"""The evaluation of AI-AIF on digital patients: curves, their features, the flow they give and how it is classed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from QPerfusionLogic.agreement.bland_altman import BlandAltman, bland_altman
from QPerfusionLogic.agreement.classification import ThresholdAgreement, threshold_agreement, vessel_values
from QPerfusionLogic.agreement.groups import GroupTest, mann_whitney
from QPerfusionLogic.agreement.regression import Line, linear_regression
from QPerfusionLogic.aif.quality.curve_features import curve_features
from QPerfusionLogic.data.aha_model import TERRITORY_OF
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.kinetics.base.kinetic_input import KineticInput
from QPerfusionLogic.kinetics.logic import KineticFittingLogic
from QPerfusionLogic.settings.schema import KineticsSettings

from .methods import Answer, Method, truth
from .patients import CurvePatient

THRESHOLD_ML_MIN_G = 1.35
"""CAD cut-off of stress flow (Hsu 2018), as AI-AIF used it."""
FIRST_PASS_S = 38.0
FEATURES = {"peak_mmol_l": "peak (mmol/L)", "time_to_peak_s": "time to peak (s)", "fwhm_s": "FWHM (s)"}


@dataclass
class MethodResults:
    """What one method gave for all patients; lists have one item a patient.

    `nmse` is in per cent; `inside` the share of samples inside the band; `mbf` holds (16,) arrays in mL/min/g.
    """

    nmse: list[float] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)
    features: list[dict[str, float]] = field(default_factory=list)
    mbf: list[FloatArray] = field(default_factory=list)


@dataclass(frozen=True)
class CurveAgreement:
    """How a method agrees with the true arterial input, fitted alike.

    `patients` and `segments` are Bland-Altman analyses of stress flow, the lines are those of the method on the truth.
    """

    features: dict[str, GroupTest]
    flow: GroupTest
    patients: BlandAltman
    segments: BlandAltman
    patient_line: Line
    segment_line: Line
    segment_classes: ThresholdAgreement
    vessel_classes: ThresholdAgreement


def run_method(results: MethodResults, answer: Answer, patient: CurvePatient, kinetics: KineticsSettings) -> None:
    """Add a patient to the results of a method."""
    true = truth(patient)
    results.nmse.append(normalised_error(answer, true))
    results.inside.append(share_inside(answer, true))
    results.features.append(curve_features(answer.gd_mmol_l, answer.time_s))
    given = KineticInput(patient.tissue, patient.time_s, answer.gd_mmol_l, answer.time_s)
    results.mbf.append(np.asarray(KineticFittingLogic(kinetics).run(given).parameters["mbf_ml_min_g"]))


def normalised_error(answer: Answer, true: Answer) -> float:
    """Return the squared error over the squared truth (%), over the first 38 s from arrival."""
    found, wanted, _ = _together(answer, true)
    return 100.0 * float(np.sum((found - wanted) ** 2) / np.sum(wanted**2))


def share_inside(answer: Answer, true: Answer) -> float:
    """Return the share of the first 38 s from arrival inside the band; NaN without a band."""
    if answer.lower_mmol_l is None or answer.upper_mmol_l is None:
        return float("nan")
    _, wanted, time = _together(answer, true)
    low, high = (np.interp(time, answer.time_s, limit) for limit in (answer.lower_mmol_l, answer.upper_mmol_l))
    return float(np.mean((wanted >= low) & (wanted <= high)))


def curve_of_patient(
    patient: CurvePatient, methods: dict[str, Method], results: dict[str, MethodResults], kinetics: KineticsSettings
) -> dict[str, Answer]:
    """Add a patient to the results of all methods and of the truth; returns the curves."""
    answers = {"truth": truth(patient), **{name: method(patient) for name, method in methods.items()}}
    for name, answer in answers.items():
        run_method(results.setdefault(name, MethodResults()), answer, patient, kinetics)
    return answers


def agreement(reference: MethodResults, test: MethodResults, segments: FloatArray) -> CurveAgreement:
    """Return the agreement of a method with the truth.

    Parameters
    ----------
    reference, test : MethodResults
        Of the same patients.
    segments : (16,) array
        AHA segments of each patient's flows.
    """
    one, two = np.array(reference.mbf), np.array(test.mbf)
    usable = np.isfinite(one).all(axis=1) & np.isfinite(two).all(axis=1)
    one, two = one[usable], two[usable]
    vessels = np.array([[f"{row}{TERRITORY_OF[int(item)]}" for item in segments] for row in range(len(one))]).ravel()
    true_vessels, found_vessels = (vessel_values(part.ravel(), vessels)[0] for part in (one, two))
    features = {name: _feature_test(reference, test, name) for name in FEATURES}
    return CurveAgreement(
        features=features,
        flow=mann_whitney(one.mean(axis=1), two.mean(axis=1)),
        patients=bland_altman(one.mean(axis=1), two.mean(axis=1)),
        segments=bland_altman(one.ravel(), two.ravel()),
        patient_line=linear_regression(one.mean(axis=1), two.mean(axis=1)),
        segment_line=linear_regression(one.ravel(), two.ravel()),
        segment_classes=threshold_agreement(one.ravel(), two.ravel(), THRESHOLD_ML_MIN_G),
        vessel_classes=threshold_agreement(true_vessels, found_vessels, THRESHOLD_ML_MIN_G),
    )


def _feature_test(reference: MethodResults, test: MethodResults, name: str) -> GroupTest:
    pairs = [[item[name] for item in part.features] for part in (reference, test)]
    one, two = (np.array([value for value in values if np.isfinite(value)]) for values in pairs)
    return mann_whitney(one, two)


def _together(answer: Answer, true: Answer) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return answer and truth on the truth's clock, from four seconds before arrival for 38 s."""
    features = curve_features(true.gd_mmol_l, true.time_s)
    start = features["bolus_arrival_time_s"] - 4.0
    chosen = (true.time_s >= start) & (true.time_s <= min(start + FIRST_PASS_S, answer.time_s[-1]))
    time = true.time_s[chosen]
    return np.interp(time, answer.time_s, answer.gd_mmol_l), true.gd_mmol_l[chosen], time
