"""Frame times and AIF curves from CSV files, with the checks that catch a slip of the unit."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.study import Curve, FloatArray, Quantity, State

from .time_checks import plausible_times

TIME_NAMES = ("time_s", "time", "t", "t_s")


def read_times(path: Path, state: State = State.UNKNOWN) -> FloatArray:
    """Return the frame times (frames,) of a CSV in seconds: of column `stress_time_s` or `rest_time_s`, else `time_s`.

    Raises
    ------
    InputError
        When the file is unreadable, or its times do not increase or cannot be seconds.
    """
    names, table = _table(path)
    column = names.index(f"{state}_time_s") if f"{state}_time_s" in names else _time_column(names)
    times = table[:, column]
    return plausible_times(path, times[: _without_empty_end(times)])


def read_curve(path: Path) -> Curve:
    """Return the AIF curve of a CSV with columns time_s and value (or gd_mmol_l, or signal).

    Raises
    ------
    InputError
        When the file is unreadable, has no value column, or its times are wrong.
    """
    names, table = _table(path)
    time_column = _time_column(names)
    if table.shape[1] < 2:
        raise InputError(f"one column in {path}", expected="columns time_s,value")
    others = [column for column in range(table.shape[1]) if column != time_column]
    preferred = [column for column in others if names and names[column] in ("gd_mmol_l", "value", "aif", "aif_mmol_l")]
    column = (preferred or others)[0]
    is_signal = bool(names) and "signal" in names[column]
    value = table[:, column]
    if not np.isfinite(value).all():
        raise InputError(f"values that are no numbers in {path}", expected="a number in every row")
    quantity = Quantity.SIGNAL if is_signal else Quantity.GADOLINIUM
    return Curve(plausible_times(path, table[:, time_column]), value, quantity, source=path.name)


def _table(path: Path) -> tuple[list[str], FloatArray]:
    """Return the lower-case column names (empty without a header row) and the numbers (rows, columns)."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"no readable file {path} ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file", expected="a CSV file") from error
    separator = max(",;\t", key=text.count)
    rows = [row for row in csv.reader(text.splitlines(), delimiter=separator) if any(cell.strip() for cell in row)]
    names = [] if not rows or _is_number(rows[0][0]) else [cell.strip().lower() for cell in rows.pop(0)]
    if not rows:
        raise InputError(f"no rows in {path}", expected="one row per time")
    width = len(names) or len(rows[0])
    table = np.full((len(rows), width), np.nan)
    for number, row in enumerate(rows):
        for column, cell in enumerate(row[:width]):
            if _is_number(cell):
                table[number, column] = float(cell)
    return names, table


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _time_column(names: list[str]) -> int:
    return next((column for column, name in enumerate(names) if name in TIME_NAMES), 0)


def _without_empty_end(times: FloatArray) -> int:
    """Return the length without the empty cells below a column that is shorter than its neighbours."""
    known = np.flatnonzero(np.isfinite(times))
    return int(known[-1]) + 1 if known.size else len(times)
