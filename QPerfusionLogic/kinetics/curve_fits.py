"""Curves in a CSV file to fits as CSV text: what `qperfusion fit` does."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import FIT_STATUS, FitResult
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.csv_tables import (
    MISSING,
    TIME_NAME,
    is_counter,
    number_of,
    read_table,
    time_column,
    unit_free,
)
from QPerfusionLogic.io.files.time_checks import check_unit
from QPerfusionLogic.kinetics.base.kinetic_input import KineticInput
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import KineticsSettings

from .logic import KineticFittingLogic

COLUMNS = ("mbf_ml_min_g", "mbf_se", "delay_s", "ps_ml_min_g", "vp_ml_g", "ve_ml_g", "rms", "r2")
HEADERS = {"ve_ml_g": "visf_ml_g"}
"""Field of a model -> the name that its column has kept since version 0.1."""
AIF_NAMES = ("aif", "aif mmol l", "arterial", "arterial input", "input")


@dataclass(frozen=True)
class CurveTable:
    """What a curve file holds: times (frames,), arterial input (frames,), curves (n, frames) and their names."""

    time_s: FloatArray
    aif_mmol_l: FloatArray
    curves: FloatArray
    names: tuple[str, ...]


@dataclass(frozen=True)
class CurveFits:
    """Fits of a curve file as CSV text, one row per curve, and what the reader has to know of its arterial input."""

    text: str
    notices: tuple[Notice, ...] = ()


def fit_file(path: Path, settings: KineticsSettings, progress: Progress | None = None) -> CurveFits:
    """Fit every curve of a file.

    Parameters
    ----------
    path : Path
        Columns time_s, aif, then one per curve; seconds and mmol/L; empty cells are missing frames.

    Raises
    ------
    InputError
        When the file cannot be read as curves.
    """
    from QPerfusionLogic.aif.quality.given_curve_checks import given_curve_notices

    table = read_curve_table(path)
    given = KineticInput(table.curves, table.time_s, table.aif_mmol_l, table.time_s)
    result = KineticFittingLogic(settings).run(given, progress)
    notices = dict.fromkeys((*given_curve_notices(table.aif_mmol_l, table.time_s), *result.notices))
    return CurveFits(fits_as_csv(result, table.names), tuple(notices))


def read_curve_table(path: Path) -> CurveTable:
    """Read a curve file; raises `InputError` that names the row and column of what is wrong."""
    found = read_table(Path(path), "file of curves")
    if not found.rows and not found.header:
        raise InputError(f"an empty file {path}", expected="columns time_s, aif and one per curve")
    header = found.header
    named = [unit_free(name) for name in header]
    arterial = next((index for index, name in enumerate(named) if name in AIF_NAMES), None)
    if not any(TIME_NAME.fullmatch(name) for name in named) or arterial is None:
        raise InputError(
            f"{path}: columns {', '.join(header[:6])}",
            expected="a column aif" if arterial is None else "a column time_s",
            action="name the columns time_s, aif and one per curve",
        )
    if not found.rows:
        raise InputError(f"{path}: a header and no frames", expected="one row per frame")
    numbers = np.array([_numbers(path, cells, header, line) for line, cells in found.rows])
    clock, unit_s = time_column(found, numbers)
    columns = [index for index in range(len(header)) if index not in (clock, arterial)]
    columns = [index for index in columns if not is_counter(found, numbers, index)]
    if not columns:
        raise InputError(f"{path}: no curve columns beside time_s and aif", expected="at least one curve")
    time_s, aif = unit_s * numbers[:, clock], numbers[:, arterial]
    check_unit(Path(path), time_s)
    if not np.isfinite(aif).any():
        raise InputError(f"{path}: no number in column aif", expected="arterial gadolinium in mmol/L")
    last = int(np.flatnonzero(np.isfinite(aif))[-1])
    if last < len(aif) - 1 and np.isfinite(numbers[last + 1 :, columns]).any():
        raise InputError(
            f"{path}: an arterial input that ends in row {last + 2}, before the curves in row {len(aif) + 1}",
            expected="an arterial input as long as the curves",
            action="cut the curves or give the whole arterial input",
        )
    return CurveTable(time_s, aif, numbers[:, columns].T.copy(), tuple(header[index] for index in columns))


def _numbers(path: Path, cells: list[str], header: list[str], line: int) -> list[float]:
    if len(cells) != len(header):
        raise InputError(f"{path}, row {line}: {len(cells)} cells", expected=f"{len(header)}, as the header")
    values = []
    for name, cell in zip(header, cells, strict=True):
        value = np.nan if cell.lower() in MISSING else number_of(cell)
        if value is None:
            raise InputError(f"{path}, row {line}, column {name}: {cell!r}", expected="a number")
        values.append(value)
    return values


def fits_as_csv(result: FitResult, names: tuple[str, ...]) -> str:
    """Return a fit as CSV text: curve, status, the common columns, then what else only this model has."""
    extra = tuple(name for name in result.parameters if name.startswith(("ki_", "ktrans")))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("curve", "status", *(HEADERS.get(column, column) for column in COLUMNS), *extra))
    for index, name in enumerate(names):
        values = [result.parameters.get(column) for column in (*COLUMNS, *extra)]
        cells = ["" if value is None or not np.isfinite(value[index]) else f"{value[index]:.6g}" for value in values]
        writer.writerow((name, FIT_STATUS[int(result.status[index])], *cells))
    return text.getvalue()
