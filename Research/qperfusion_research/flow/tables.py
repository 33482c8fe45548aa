"""The tables of an evaluation of blood flow: agreement of every configuration with the truth, at stress, at rest and
of the reserve."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from QPerfusionLogic.agreement.classification import threshold_agreement
from QPerfusionLogic.agreement.comparison import QuantityAgreement, agreement_of, default_thresholds
from QPerfusionLogic.agreement.estimate import MINIMUM_PAIRS
from QPerfusionLogic.data.arrays import BoolArray, FloatArray

QUANTITIES = ("stress_mbf", "rest_mbf", "mpr")
TRUTH = "truth"
TRUE_CONTOURS = {"automatic": "true contours, else automatic"}
"""Configuration -> the configuration that differs from it in its contours alone."""
BY_STAGE = ("stages", "kinetics", "contours")
"""Evaluations whose configurations differ in what is estimated; those of the others are compared with their first
configuration too."""
Key = tuple[int, int]
Flows = dict[Key, float]


@dataclass(frozen=True)
class ConfigurationAgreement:
    """How one configuration agrees with its reference in one quantity.

    Parameters
    ----------
    evaluation, configuration, reference : str
        Which configuration, against "truth" or another configuration.
    quantity : str
        stress_mbf, rest_mbf (mL/min/g) or mpr.
    segments, missing, patients : int
        Segments of the reference, those of them without a number in the configuration, and patients.
    bias_percent, cv_percent : float
        Mean and standard deviation of the differences over the mean of the reference.
    cv_within_percent : float
        The same standard deviation after each patient's own scale is taken out: what is left is not common to a
        patient, as an error of its arterial input is.
    agreement : QuantityAgreement, optional
        Bland-Altman, ICC, regression and classes; None for too few pairs or pairs that do not vary.
    """

    evaluation: str
    configuration: str
    reference: str
    quantity: str
    segments: int
    missing: int
    patients: int
    bias_percent: float
    cv_percent: float
    cv_within_percent: float
    agreement: QuantityAgreement | None


def flow_tables(results: Iterable[dict[str, Any]]) -> list[ConfigurationAgreement]:
    """Return the agreement of every configuration in every quantity, from the results of `flow_trial.run_patient`."""
    found, true = _by_configuration(results)
    tables = []
    for (evaluation, configuration), flows in found.items():
        for quantity in QUANTITIES:
            reference = _quantity(true, quantity)
            tables.append(_compared(evaluation, configuration, TRUTH, quantity, reference, _quantity(flows, quantity)))
        other = _other_reference(evaluation, configuration, found)
        for quantity in QUANTITIES if other else ():
            reference = _quantity(found[evaluation, other], quantity)
            tables.append(_compared(evaluation, configuration, other, quantity, reference, _quantity(flows, quantity)))
    return tables


def _other_reference(evaluation: str, configuration: str, found: dict[tuple[str, str], Any]) -> str:
    """Return the configuration that another one is compared with besides the truth, "" for none."""
    if evaluation in BY_STAGE:
        other = TRUE_CONTOURS.get(configuration, "")
        return other if (evaluation, other) in found else ""
    first = next(name for group, name in found if group == evaluation)
    return "" if configuration == first else first


def _by_configuration(
    results: Iterable[dict[str, Any]],
) -> tuple[dict[tuple[str, str], dict[str, Flows]], dict[str, Flows]]:
    """Return flow by (evaluation, configuration), state and (patient, segment), and true flow by state and the same
    key."""
    found: dict[tuple[str, str], dict[str, Flows]] = {}
    true: dict[str, Flows] = {}
    for result in results:
        for row in result["rows"]:
            key = (row["patient"], row["segment"])
            value = math.nan if row["mbf"] is None else row["mbf"]
            found.setdefault((row["evaluation"], row["configuration"]), {}).setdefault(row["state"], {})[key] = value
            true.setdefault(row["state"], {})[key] = row["true"]
    return found, true


def _quantity(states: dict[str, Flows], quantity: str) -> Flows:
    stress, rest = states.get("stress", {}), states.get("rest", {})
    if quantity == "stress_mbf":
        return stress
    if quantity == "rest_mbf":
        return rest
    return {key: stress[key] / rest[key] if rest[key] > 0 else math.nan for key in stress.keys() & rest.keys()}


def _compared(
    evaluation: str, configuration: str, name: str, quantity: str, reference: Flows, test: Flows
) -> ConfigurationAgreement:
    keys = sorted(key for key in reference if math.isfinite(reference[key]))
    one = np.array([reference[key] for key in keys])
    two = np.array([test.get(key, math.nan) for key in keys])
    both = np.isfinite(two)
    patients = np.array([patient for patient, _ in keys])
    bias, cv, within = _relative(one[both], two[both], patients[both])
    return ConfigurationAgreement(
        evaluation=evaluation,
        configuration=configuration,
        reference=name,
        quantity=quantity,
        segments=len(keys),
        missing=int((~both).sum()),
        patients=int(np.unique(patients).size),
        bias_percent=bias,
        cv_percent=cv,
        cv_within_percent=within,
        agreement=_statistics(quantity, one, two, both, keys),
    )


def _relative(one: FloatArray, two: FloatArray, patients: FloatArray) -> tuple[float, float, float]:
    if one.size < MINIMUM_PAIRS:
        return math.nan, math.nan, math.nan
    mean, difference = float(one.mean()), two - one
    scaled = np.empty(one.size)
    for patient in np.unique(patients):
        own = patients == patient
        scaled[own] = two[own] * one[own].sum() / two[own].sum() - one[own]
    spread = 100.0 * float(difference.std(ddof=1)) / mean
    return 100.0 * float(difference.mean()) / mean, spread, 100.0 * float(scaled.std(ddof=1)) / mean


def _statistics(
    quantity: str, one: FloatArray, two: FloatArray, both: BoolArray, keys: Sequence[Key]
) -> QuantityAgreement | None:
    first, second = one[both], two[both]
    if first.size < MINIMUM_PAIRS or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    names = tuple(f"{patient} {segment}" for (patient, segment), seen in zip(keys, both, strict=True) if seen)
    threshold = default_thresholds().get(quantity)
    classes = {} if threshold is None else {"segment": threshold_agreement(first, second, threshold)}
    return agreement_of(quantity, "row", first, second, names, int((~both).sum()), classes)
