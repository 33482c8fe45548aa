"""Compare a table of measurements with a reference: every statistic of agreement for every quantity."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.plain_json import plain
from QPerfusionLogic.settings.schema import ReportingSettings

from .bland_altman import BlandAltman, bland_altman
from .classification import ThresholdAgreement, threshold_agreement, vessel_values
from .estimate import MINIMUM_PAIRS, Estimate
from .groups import GroupTest, mann_whitney
from .paired_table import PairedTable, read_pairs
from .regression import Line, deming_regression, linear_regression
from .reliability import IntraclassCorrelation, Repeatability, concordance, intraclass_correlation, repeatability

UNITS = {"stress_mbf": "mL/min/g", "rest_mbf": "mL/min/g", "mpr": ""}


@dataclass(frozen=True)
class QuantityAgreement:
    """All statistics of one quantity.

    Parameters
    ----------
    name, level, unit : str
        "stress_mbf"; "row" (each row, a segment of segments.csv) or "patient" (mean of the rows of a patient).
    reference, test : (n,) arrays
        The pairs that were compared.
    keys : tuple of str
        Identifier of each pair.
    left_out : int
        Rows where one of the two tables has no number.
    thresholds : dict
        "segment" and "vessel" -> agreement about the threshold of the quantity; empty where it has none.
    """

    name: str
    level: str
    unit: str
    reference: FloatArray
    test: FloatArray
    keys: tuple[str, ...]
    left_out: int
    bland_altman: BlandAltman
    intraclass: IntraclassCorrelation
    concordance: Estimate
    linear: Line
    deming: Line
    mann_whitney: GroupTest
    repeatability: Repeatability
    thresholds: dict[str, ThresholdAgreement]

    @property
    def n(self) -> int:
        """Number of pairs."""
        return int(self.reference.size)


@dataclass(frozen=True)
class Agreement:
    """The comparison of two tables; `remarks` say what was left out and why."""

    quantities: tuple[QuantityAgreement, ...]
    remarks: tuple[str, ...] = ()

    def as_dictionary(self) -> dict[str, Any]:
        """Return everything but the pairs as plain dictionaries, ready for JSON (None for NaN)."""
        found = []
        for quantity in self.quantities:
            content = dataclasses.asdict(quantity)
            for name in ("reference", "test", "keys"):
                del content[name]
            found.append({"n": quantity.n, **content})
        return {"quantities": plain(found), "remarks": list(self.remarks)}


def default_thresholds() -> dict[str, float]:
    """Return the thresholds of reading by quantity: 1.35 mL/min/g at stress, 1.5 for the reserve.

    Examples
    --------
    >>> default_thresholds()
    {'stress_mbf': 1.35, 'mpr': 1.5}
    """
    settings = ReportingSettings()
    return {"stress_mbf": settings.cad_stress_mbf, "mpr": settings.mpr_abnormal}


def compare_tables(
    reference: Path,
    test: Path,
    ids: Sequence[str] = (),
    values: Sequence[str] = (),
    thresholds: Mapping[str, float] | None = None,
    layer: str = "all",
) -> Agreement:
    """Compare two CSV tables.

    Parameters
    ----------
    reference, test : Path
        Tables as `read_pairs` takes them.
    ids, values : sequence of str
        Identifier and value columns; found by themselves when empty.
    thresholds : mapping of str to float, optional
        Value column -> threshold; None for `default_thresholds`.
    layer : str
        Rows of segments.csv to compare.

    Returns
    -------
    Agreement
        Every statistic for every quantity, and what was left out.

    Raises
    ------
    InputError
        For tables that do not match, or when no quantity can be compared.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = Path(folder, "flow.csv")
    ...     _ = table.write_text("id,mbf\\n1,1.0\\n2,2.0\\n3,3.5\\n")
    ...     compare_tables(table, table).quantities[0].bland_altman.bias.value
    0.0
    """
    table = read_pairs(Path(reference), Path(test), ids, values, layer)
    limits = dict(default_thresholds() if thresholds is None else thresholds)
    unknown = [name for name in limits if name not in table.reference] if thresholds is not None else []
    if unknown:
        raise InputError(f"a threshold of {', '.join(unknown)}", expected=f"of {', '.join(table.reference)}")
    quantities: list[QuantityAgreement] = []
    remarks: list[str] = []
    for name in table.reference:
        pairs = int(np.sum(np.isfinite(table.reference[name]) & np.isfinite(table.test[name])))
        if pairs < MINIMUM_PAIRS:
            remarks.append(f"{name} left out: {pairs} pairs of numbers")
            continue
        _refuse_constant(table, name)
        quantities.append(_compare_rows(table, name, limits.get(name)))
        by_patient = _compare_patients(table, name)
        if by_patient is not None:
            quantities.append(by_patient)
    if not quantities or (values and remarks):
        raise InputError("; ".join(remarks), expected=f"at least {MINIMUM_PAIRS} pairs of numbers that vary")
    remarks += [
        f"{quantity.name}: {quantity.left_out} rows without a number in one of the tables were left out"
        for quantity in quantities
        if quantity.left_out and quantity.level == "row"
    ]
    return Agreement(tuple(quantities), tuple(remarks))


def _refuse_constant(table: PairedTable, name: str) -> None:
    both = np.isfinite(table.reference[name]) & np.isfinite(table.test[name])
    for label, column in (("reference", table.reference[name]), ("test", table.test[name])):
        if np.ptp(column[both]) == 0:
            raise InputError(
                f"the constant {column[both][0]:g} in column {name} of the {label} table",
                expected="values that vary: correlation and agreement of a constant mean nothing",
                action="correct the table, or name other columns with --value",
            )


def _compare_rows(table: PairedTable, name: str, threshold: float | None) -> QuantityAgreement:
    one, two = table.reference[name], table.test[name]
    both = np.isfinite(one) & np.isfinite(two)
    keys = tuple(" ".join(key) for key, seen in zip(table.keys, both, strict=True) if seen)
    agreed: dict[str, ThresholdAgreement] = {}
    if threshold is not None:
        agreed["segment"] = threshold_agreement(one[both], two[both], threshold)
        vessels = _vessels(table)
        if vessels is not None:
            first, names = vessel_values(one[both], vessels[both])
            second, _ = vessel_values(two[both], vessels[both])
            if names.size:
                agreed["vessel"] = threshold_agreement(first, second, threshold)
    return agreement_of(name, "row", one[both], two[both], keys, int((~both).sum()), agreed)


def _compare_patients(table: PairedTable, name: str) -> QuantityAgreement | None:
    """Return the agreement of patient means; None for less than three patients or one row each."""
    patients = table.patients
    if patients is None:
        return None
    one, two = table.reference[name], table.test[name]
    both = np.isfinite(one) & np.isfinite(two)
    names = np.unique(patients[both])
    if names.size < MINIMUM_PAIRS or names.size == int(both.sum()):
        return None
    first = np.array([one[both & (patients == patient)].mean() for patient in names])
    second = np.array([two[both & (patients == patient)].mean() for patient in names])
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return agreement_of(name, "patient", first, second, tuple(names.tolist()), int((~both).sum()), {})


def _vessels(table: PairedTable) -> np.ndarray | None:
    """Return the vessel (and patient) of each row, None when the tables name no territory."""
    territories, patients = table.identifiers("territory"), table.patients
    if territories is None or patients is None:
        return territories
    return np.array([f"{patient} {vessel}" for patient, vessel in zip(patients, territories, strict=True)])


def agreement_of(
    name: str,
    level: str,
    one: FloatArray,
    two: FloatArray,
    keys: tuple[str, ...],
    left_out: int,
    thresholds: dict[str, ThresholdAgreement],
) -> QuantityAgreement:
    """Return all statistics of pairs (n,) of reference `one` and test `two`, fields as in `QuantityAgreement`."""
    return QuantityAgreement(
        name=name,
        level=level,
        unit=UNITS.get(name, ""),
        reference=one,
        test=two,
        keys=keys,
        left_out=left_out,
        bland_altman=bland_altman(one, two),
        intraclass=intraclass_correlation(np.stack([one, two], axis=1)),
        concordance=concordance(one, two),
        linear=linear_regression(one, two),
        deming=deming_regression(one, two),
        mann_whitney=mann_whitney(one, two),
        repeatability=repeatability(one, two),
        thresholds=thresholds,
    )
