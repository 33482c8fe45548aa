"""Read two tables of measurements and match their rows by identifier."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.csv_tables import number_of, read_table

PATIENT_COLUMNS = ("patient", "study", "case", "subject")
SEGMENT_COLUMNS = ("segment", "territory", "layer")
SEGMENT_QUANTITIES = ("stress_mbf", "rest_mbf", "mpr")
EMPTY = ("", "nan", "na")
Key = tuple[str, ...]


@dataclass(frozen=True)
class PairedTable:
    """Two tables matched row by row.

    Parameters
    ----------
    ids : tuple of str
        Names of the identifier columns.
    keys : tuple of tuple of str
        The identifiers of each row, in the order of the reference.
    reference, test : dict of (rows,) arrays
        Values by column name; NaN where a cell is empty.
    """

    ids: tuple[str, ...]
    keys: tuple[Key, ...]
    reference: dict[str, FloatArray]
    test: dict[str, FloatArray]

    def identifiers(self, name: str) -> np.ndarray | None:
        """Return the column of one identifier as text (rows,), None when there is no such column."""
        if name not in self.ids:
            return None
        place = self.ids.index(name)
        return np.array([key[place] for key in self.keys])

    @property
    def patients(self) -> np.ndarray | None:
        """The patient of each row (rows,), None when the tables name none."""
        for name in PATIENT_COLUMNS:
            found = self.identifiers(name)
            if found is not None:
                return found
        return None


def read_pairs(
    reference: Path, test: Path, ids: Sequence[str] = (), values: Sequence[str] = (), layer: str = "all"
) -> PairedTable:
    """Read two CSV files and match their rows.

    Parameters
    ----------
    reference, test : Path
        segments.csv tables (an extra patient, study, case or subject column makes them a cohort), or tables whose first
        column is an identifier and the others numbers.
    ids, values : sequence of str
        Identifier and value columns; found by themselves when empty.
    layer : str
        Rows of segments.csv to compare: all, endo or epi. Vessel and global rows are left out: they repeat segments.

    Raises
    ------
    InputError
        For files that cannot be read, text where a number belongs, duplicated or different identifiers. A row without
        any number may be absent from the other table: a segment that was not imaged.
    """
    one, two = _rows(reference), _rows(test)
    names = tuple(ids) or _identifiers(one, two, reference, test)
    columns = tuple(values) or _quantities(one, two, names, reference, test)
    first = _by_key(one, names, columns, layer, reference)
    second = _by_key(two, names, columns, layer, test)
    _refuse_unmatched(first, second, names, reference, test)
    keys = tuple(key for key in first if key in second)
    return PairedTable(
        ids=names,
        keys=keys,
        reference={name: np.array([first[key][name] for key in keys]) for name in columns},
        test={name: np.array([second[key][name] for key in keys]) for name in columns},
    )


def _rows(path: Path) -> list[dict[str, str]]:
    table = read_table(path)
    columns = table.header
    if not columns:
        raise InputError(f"{path}: an empty file", expected="a header line and rows")
    if not table.rows:
        raise InputError(f"{path}: a header and no rows", expected="one row per measurement")
    if len(set(columns)) < len(columns):
        raise InputError(f"{path}: column names twice in {', '.join(columns)}", expected="each name once")
    for line, cells in table.rows:
        if len(cells) != len(columns):
            raise InputError(f"{path}, line {line}: another number of cells than the header", expected="a full table")
    return [dict(zip(columns, cells, strict=True)) for _, cells in table.rows]


def _identifiers(one: list[dict[str, str]], two: list[dict[str, str]], reference: Path, test: Path) -> tuple[str, ...]:
    for name in (*PATIENT_COLUMNS, "segment"):
        if (name in one[0]) != (name in two[0]):
            path, other = (reference, test) if name in one[0] else (test, reference)
            raise InputError(
                f"a column {name} in {path} and none in {other}",
                expected="the same identifier columns in both tables",
                action="compare tables of the same kind, or name identifiers with --id",
            )
    common = [name for name in one[0] if name in two[0]]
    known = tuple(name for name in (*PATIENT_COLUMNS, *SEGMENT_COLUMNS) if name in common)
    if "segment" in known:
        return known
    return known or tuple(common[:1])


def _quantities(
    one: list[dict[str, str]], two: list[dict[str, str]], ids: tuple[str, ...], reference: Path, test: Path
) -> tuple[str, ...]:
    common = [name for name in one[0] if name in two[0] and name not in ids]
    if "segment" in ids:
        common = [name for name in common if name in SEGMENT_QUANTITIES]
    filled = [name for name in common if _any_number(one, name) or _any_number(two, name)]
    if not filled:
        raise InputError(
            f"no value column in both {reference} ({', '.join(one[0])}) and {test} ({', '.join(two[0])})",
            expected="stress_mbf, rest_mbf or mpr of segments.csv, or an id column and value columns of the same names",
            action="name them with --id and --value",
        )
    return tuple(filled)


def _any_number(rows: list[dict[str, str]], name: str) -> bool:
    return any(row[name].strip().lower() not in EMPTY for row in rows)


def _by_key(
    rows: list[dict[str, str]], ids: tuple[str, ...], columns: tuple[str, ...], layer: str, path: Path
) -> dict[Key, dict[str, float]]:
    absent = [name for name in (*ids, *columns) if name not in rows[0]]
    if absent:
        raise InputError(f"{path}: columns {', '.join(rows[0])}", expected=f"also {', '.join(absent)}")
    found: dict[Key, dict[str, float]] = {}
    for number, row in enumerate(rows, start=2):
        if "segment" in ids and row.get("layer", layer).strip() != layer:
            continue
        key = tuple(row[name].strip() for name in ids)
        if key in found:
            raise InputError(
                f"{path}, line {number}: {_named(ids, key)} twice",
                expected="each identifier once",
                action="name further identifier columns with --id",
            )
        found[key] = {name: _number(row[name], f"{path}, line {number}, column {name}") for name in columns}
    if not found:
        raise InputError(f"{path}: no row of layer {layer}", expected="segment rows", action="choose another --layer")
    return found


def _number(text: str, where: str) -> float:
    if text.strip().lower() in EMPTY:
        return math.nan
    value = number_of(text)
    if value is None or not math.isfinite(value):
        raise InputError(f"{where}: {text!r}", expected="a number or an empty cell")
    return value


def _refuse_unmatched(
    first: dict[Key, dict[str, float]],
    second: dict[Key, dict[str, float]],
    ids: tuple[str, ...],
    reference: Path,
    test: Path,
) -> None:
    for here, there, path, other in ((first, second, reference, test), (second, first, test, reference)):
        alone = [key for key in here if key not in there and not np.isnan(list(here[key].values())).all()]
        if alone:
            named = "; ".join(_named(ids, key) for key in alone[:3])
            raise InputError(
                f"{len(alone)} of {len(here)} rows of {path} that {other} does not have ({named})",
                expected="the same identifiers in both tables",
                action="compare the same patients and segments",
            )


def _named(ids: tuple[str, ...], key: Key) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(ids, key, strict=True))
