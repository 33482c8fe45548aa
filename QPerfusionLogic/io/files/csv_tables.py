"""Tables from CSV files as spreadsheets of any language save them, and the column of a table that holds times."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that spreadsheets run."""
MISSING = ("", "nan", "na", "n/a", "none")
UNIT_S = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3, "min": 60.0, "minutes": 60.0}
"""Units of time in the name of a column, in seconds."""
TIME_NAME = re.compile(
    r"(stress |rest )?(t|times?|frame ?times?|(acquisition|trigger|content) ?time|zeit|temps|tempo|tiempo)"
)
COUNTER_NAME = re.compile(
    r"#|no|nr|n|index|(frame|image|slice|row|phase|beat|instance)s?( ?(number|no|nr|index))?|number"
)


@dataclass(frozen=True)
class Table:
    """Header (empty where the first row holds numbers) and rows of a file, each with its line number and cells.

    Blank rows and the last columns without name and cells are left out.
    """

    path: Path
    header: list[str]
    rows: list[tuple[int, list[str]]]

    def numbers(self) -> FloatArray:
        """Return the cells as numbers (rows, columns), NaN where there is none."""
        width = max((len(cells) for _, cells in self.rows), default=0)
        found = np.full((len(self.rows), max(width, len(self.header))), np.nan)
        for index, (_, cells) in enumerate(self.rows):
            for column, cell in enumerate(cells):
                value = number_of(cell)
                found[index, column] = np.nan if value is None else value
        return found


def read_table(path: Path, what: str = "table") -> Table:
    """Read a CSV file with commas, semicolons or tabs between cells, decimal points or commas, `sep=` line or not.

    Raises
    ------
    InputError
        When the file cannot be read as text.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"no readable {what} {path} ({error.strerror or error})", expected="a CSV file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a CSV table (not text: {error.reason})", expected="text") from error
    if "\0" in text:
        raise InputError(f"{path}: not a CSV table (zero bytes)", expected="text", action="save the table again")
    lines = text.splitlines(keepends=True)
    declared = re.fullmatch(r'"?sep=(.)"?\s*', lines[0]) if lines else None
    skipped = 1 if declared else 0
    separator = declared.group(1) if declared else _separator(lines)
    reader = csv.reader(lines[skipped:], delimiter=separator, strict=True)
    try:
        rows = [(reader.line_num + skipped, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise InputError(f"{path}: not a CSV table ({error})", expected="text, comma separated") from error
    rows = [(line, cells) for line, cells in rows if any(cells)]
    if not rows:
        return Table(path, [], [])
    header = [] if all(number_of(cell) is not None for cell in rows[0][1] if cell) else rows.pop(0)[1]
    return Table(path, *_without_blank_columns(header, rows))


def number_of(cell: str) -> float | None:
    """Return a number with a decimal point or comma, None for anything else.

    Examples
    --------
    >>> number_of("0,75"), number_of("1e-3"), number_of("1,234.5"), number_of("s")
    (0.75, 0.001, None, None)
    """
    text = cell.strip()
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return None


def safe_cell(value: Any) -> Any:
    """Return what is written for a value: text that a spreadsheet would run as a formula gets an apostrophe before it.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell("-0.5"), safe_cell("P1"), safe_cell(3)
    ("'=1+1", '-0.5', 'P1', 3)
    """
    if isinstance(value, str) and value.startswith(FORMULA) and number_of(value) is None:
        return f"'{value}"
    return value


def time_column(table: Table, numbers: FloatArray, state: str = "") -> tuple[int, float]:
    """Return the column that holds times, and its unit in seconds.

    A column called time in any spelling is taken, that of the state first. Without such a name it is the one column
    that does not merely count.

    Raises
    ------
    InputError
        When no column, or more than one, can be the times.
    """
    plain = [_plain(name) for name in table.header]
    named = [index for index, (name, _) in enumerate(plain) if TIME_NAME.fullmatch(name)]
    of_state = [index for index in named if state and plain[index][0].startswith(f"{state} ")]
    shared = [index for index in named if not plain[index][0].startswith(("stress ", "rest "))]
    for found in (of_state, shared, named):
        if found:
            return found[0], plain[found[0]][1] or 1.0
    by_unit = [index for index, (name, unit) in enumerate(plain) if unit or name in UNIT_S]
    if by_unit:
        name, unit = plain[by_unit[0]]
        return by_unit[0], unit or UNIT_S[name]
    left = [index for index in range(numbers.shape[1]) if not is_counter(table, numbers, index)]
    if (not table.header and left) or len(left) == 1:
        return left[0], 1.0
    columns = ", ".join(name or "(no name)" for name in table.header) or "numbers that only count"
    raise InputError(
        f"{table.path}: columns {columns}", expected="a column time_s", action="name the column of the times time_s"
    )


def is_counter(table: Table, numbers: FloatArray, column: int) -> bool:
    """Return True for a column that numbers the rows: by its name, or without one when it counts 0, 1, 2 or 1, 2, 3."""
    name = _plain(table.header[column])[0] if column < len(table.header) else ""
    if name:
        return bool(COUNTER_NAME.fullmatch(name))
    values = numbers[:, column]
    return len(values) > 1 and values[0] in (0.0, 1.0) and bool(np.all(np.diff(values) == 1.0))


def unit_free(name: str) -> str:
    """Return the name of a column in lower case, without unit and separators: "AIF [mM]" is "aif"."""
    return _plain(name)[0]


def _plain(name: str) -> tuple[str, float | None]:
    """Return a column's name in lower case without unit, and a unit of time in seconds where it has one."""
    text = name.strip().lower()
    match = re.search(r"[\[(/]\s*([^\])]*?)\s*[\])]?$", text)
    unit = match.group(1) if match else ""
    text = text[: match.start()] if match else text
    words = [word for word in re.split(r"[\s_.\-]+", text) if word]
    if not unit and len(words) > 1 and words[-1] in UNIT_S:
        unit = words.pop()
    return " ".join(words), UNIT_S.get(unit)


def _separator(lines: Sequence[str]) -> str:
    """Return what parts the cells, by the first line: a header without any parts none, so commas below are decimal."""
    first = next((line for line in lines if line.strip(" ,;\t\r\n")), "")
    outside = re.sub(r'"[^"]*"', "", first)
    if ";" in outside:
        return ";"
    if "\t" in outside:
        return "\t"
    return "," if "," in outside else ";"


def _without_blank_columns(
    header: list[str], rows: list[tuple[int, list[str]]]
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Leave out the last columns that have neither name nor cell."""
    whole = width = len(header) or max((len(cells) for _, cells in rows), default=0)
    while width and not any(header[width - 1 : width]) and not any(any(cells[width - 1 :]) for _, cells in rows):
        width -= 1
    kept = [(line, cells[:width] if len(cells) <= whole else cells) for line, cells in rows]
    return header[:width], kept
