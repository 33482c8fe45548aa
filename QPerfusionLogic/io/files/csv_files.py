"""Frame times and AIF curves from CSV files, with the checks that catch a slip of the unit."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.series import Quantity, State
from QPerfusionLogic.data.study import Curve
from QPerfusionLogic.errors import InputError

from .csv_tables import Table, is_counter, read_table, time_column, unit_free
from .time_checks import plausible_times

VALUE_NAME = re.compile(r"gd.*|value|aif.*|arterial.*|blood.*|conc.*|c")


def read_times(path: Path, state: State = State.UNKNOWN) -> FloatArray:
    """Return the frame times (frames,) of a CSV in seconds: of column `stress_time_s` or `rest_time_s`, else `time_s`.

    Raises
    ------
    InputError
        When the file is unreadable, or its times do not increase or cannot be seconds.
    """
    table, numbers = _table(path)
    column, unit_s = time_column(table, numbers, str(state))
    times = unit_s * numbers[:, column]
    return plausible_times(path, times[: _without_empty_end(times)])


def read_curve(path: Path) -> Curve:
    """Return the AIF curve of a CSV with columns time_s and value (or gd_mmol_l, or signal).

    Raises
    ------
    InputError
        When the file is unreadable, has no value column, or its times are wrong.
    """
    table, numbers = _table(path)
    if numbers.shape[1] < 2:
        raise InputError(f"one column in {path}", expected="columns time_s,value")
    times, unit_s = time_column(table, numbers)
    names = [unit_free(name) for name in table.header]
    others = [column for column in range(numbers.shape[1]) if column != times]
    others = [column for column in others if not is_counter(table, numbers, column)]
    preferred = [column for column in others if column < len(names) and VALUE_NAME.fullmatch(names[column])]
    if not others:
        raise InputError(f"no values beside the times in {path}", expected="columns time_s,value")
    column = (preferred or others)[0]
    is_signal = column < len(names) and "signal" in names[column]
    value = numbers[:, column]
    if not np.isfinite(value).all():
        raise InputError(f"values that are no numbers in {path}", expected="a number in every row")
    quantity = Quantity.SIGNAL if is_signal else Quantity.GADOLINIUM
    return Curve(plausible_times(path, unit_s * numbers[:, times]), value, quantity, source=path.name)


def _table(path: Path) -> tuple[Table, FloatArray]:
    """Return a table and its numbers (rows, columns)."""
    table = read_table(path, "file")
    if not table.rows:
        raise InputError(f"no rows in {path}", expected="one row per time")
    return table, table.numbers()


def _without_empty_end(times: FloatArray) -> int:
    """Return the length without the empty cells below a column that is shorter than its neighbours."""
    known = np.flatnonzero(np.isfinite(times))
    return int(known[-1]) + 1 if known.size else len(times)
