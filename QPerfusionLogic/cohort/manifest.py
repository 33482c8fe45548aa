"""The manifest of a cohort: a CSV with one study a row; what is wrong with a row is reported in one line."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path

from QPerfusionLogic.errors import InputError, QPerfusionError
from QPerfusionLogic.io.files.csv_tables import read_table
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.settings.schema import Settings

INPUTS = tuple(item.name for item in dataclasses.fields(StudyRequest))
"""Columns that name an input of `qperfusion quantify`."""
USABLE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""An id becomes the name of a folder."""


@dataclass(frozen=True)
class StudyRow:
    """One study to quantify: its id, its inputs, its settings."""

    id: str
    request: StudyRequest
    settings: Settings


@dataclass(frozen=True)
class WrongRow:
    """A row that cannot be used; `id` may be empty, `line` counts from 1 with the header."""

    line: int
    id: str
    message: str


@dataclass(frozen=True)
class Manifest:
    """The studies of a manifest, and its wrong rows."""

    studies: tuple[StudyRow, ...]
    wrong: tuple[WrongRow, ...] = ()


def read_manifest(path: Path, settings: Settings | None = None) -> Manifest:
    """Read a manifest.

    Parameters
    ----------
    path : Path
        CSV with the columns `id`, any inputs of `quantify` (study, stress, rest, stress_aif, ...), `settings` (a JSON
        file) and `STAGE.FIELD` (one setting). Relative paths count from the manifest's folder; empty cells are not
        given.
    settings : Settings, optional
        Of the cohort; a row's own settings file stands in for them, a row's `STAGE.FIELD` cells come on top.

    Raises
    ------
    InputError
        When the file is no such table at all. Rows that are wrong by themselves are in `Manifest.wrong`.
    """
    path = Path(path)
    columns, rows = _read(path)
    _check_columns(path, columns)
    studies: list[StudyRow] = []
    wrong: list[WrongRow] = []
    seen: set[str] = set()
    for line, cells in rows:
        name = (cells.get("id") or "").strip()
        try:
            study = _study(cells, path.parent, settings or Settings())
            if name.lower() in seen:
                raise InputError(f"id {name!r} a second time", expected="each id once")
        except QPerfusionError as error:
            wrong.append(WrongRow(line, name, str(error)))
        else:
            studies.append(study)
        seen.add(name.lower())
    return Manifest(tuple(studies), tuple(wrong))


def _read(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    table = read_table(path, "manifest")
    columns, rows = table.header, table.rows
    if not rows:
        raise InputError(f"{path}: no row of a study", expected="a header line and one study a row")
    return columns, [(line, _cells_by_name(columns, cells)) for line, cells in rows]


def _cells_by_name(columns: list[str], cells: list[str]) -> dict[str, str]:
    """Return the cells of a row by column; "" names those beyond the header, so that the row is known as wrong."""
    found = dict(zip(columns, cells, strict=False))
    return found if len(cells) == len(columns) else found | {"": ""}


def _check_columns(path: Path, columns: list[str]) -> None:
    unknown = [name for name in columns if name not in ("id", "settings", *INPUTS) and "." not in name]
    for name in columns:
        if "." in name:
            Settings().with_value(name, _present_value(name))
    if "id" not in columns or unknown or len(set(columns)) < len(columns):
        raise InputError(
            f"{path}: columns {', '.join(columns)}",
            expected=f"id, and any of {', '.join(INPUTS)}, settings, STAGE.FIELD, each once",
            action="correct the header line",
        )


def _present_value(name: str) -> object:
    """Return the default of a setting: setting it shows whether there is one of that name."""
    stage, _, field = name.partition(".")
    return getattr(getattr(Settings(), stage, None), field.partition(".")[0], "")


def _study(cells: dict[str, str], folder: Path, settings: Settings) -> StudyRow:
    if "" in cells:
        raise InputError("another number of cells than the header", expected="a full row", action="count the commas")
    given = {name: value.strip() for name, value in cells.items() if value.strip()}
    name = given.pop("id", "")
    if not USABLE_ID.fullmatch(name):
        raise InputError(f"id {name!r}", expected="letters, digits, '.', '_' and '-': it names a folder")
    paths = {key: folder / given[key] for key in INPUTS if key in given}
    if not {"study", "stress", "rest"} & paths.keys():
        raise InputError("no input", expected="a path under study, stress or rest")
    for key, path in paths.items():
        if not path.exists():
            raise InputError(f"nothing at {path} ({key})", expected="a file or folder")
    if "settings" in given:
        settings = Settings.from_file(folder / given["settings"])
    for key, value in given.items():
        if "." in key:
            settings = settings.with_value(key, value)
    return StudyRow(name, StudyRequest(**paths), settings)
