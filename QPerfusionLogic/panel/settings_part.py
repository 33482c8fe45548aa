"""The part of the panel that shows and changes settings: the table of all of them, and presets in files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.settings.names import STAGE_NAMES, setting_name
from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.translation import _
from QPerfusionLogic.workflow.failures import text_of

from .choices import SettingRow, setting_rows, with_text
from .options import BOUND_SETTINGS

MakeItem = Callable[[str, str, bool], Any]
"""(text, tool tip, whether it can be edited) -> an item of a table widget."""
VALUE = 1
"""Column of the values."""


class SettingsPart:
    """Shows every setting that has no widget of its own below its stage, with value, unit, range and meaning.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    get, change : callables
        Return the present settings; take new ones.
    make_item : MakeItem
        Makes items of the table.
    make_heading : callable
        Makes the item of a row that names a stage.
    """

    def __init__(
        self,
        ui: Any,
        get: Callable[[], Settings],
        change: Callable[[Settings], None],
        make_item: MakeItem,
        make_heading: Callable[[str], Any],
    ) -> None:
        self._ui = ui
        self._get = get
        self._change = change
        self._make_item = make_item
        self._make_heading = make_heading
        self._updating = False
        self._rows: list[SettingRow | str] = []
        self._shown: list[SettingRow] = []
        ui.settingsTable.connect("cellChanged(int,int)", self._edited)
        ui.settingsTable.connect("currentCellChanged(int,int,int,int)", self._describe)
        ui.settingsSearch.connect("textChanged(QString)", self._search)

    def update(self) -> None:
        """Show the settings as they are now."""
        if self._updating:
            return
        rows = setting_rows(self._get(), tuple(BOUND_SETTINGS.values()))
        if rows == self._shown:
            return
        self._updating = True
        self._shown = rows
        self._rows = _below_stages(rows)
        try:
            self._fill()
        finally:
            self._updating = False
        self._search()

    def row_of(self, name: str) -> int:
        """Return the row of the table that shows the setting "stage.field"."""
        names = [row if isinstance(row, str) else row.name for row in self._rows]
        return names.index(name)

    def _fill(self) -> None:
        table = self._ui.settingsTable
        table.clearSpans()
        table.setRowCount(len(self._rows))
        for index, row in enumerate(self._rows):
            if isinstance(row, str):
                table.setItem(index, 0, self._make_heading(_(STAGE_NAMES[row])))
                table.setSpan(index, 0, 1, table.columnCount)
                continue
            texts = (_(setting_name(row.name)), row.shown_value, row.unit, row.range, _sentence_case(_(row.meaning)))
            for column, text in enumerate(texts):
                table.setItem(index, column, self._make_item(text, _described(row), column == VALUE))
        table.resizeColumnToContents(0)

    def _search(self, *_changed: Any) -> None:
        """Show the settings whose name, choices, unit or meaning has all words of the search line."""
        words = self._ui.settingsSearch.text.casefold().split()
        found = [isinstance(row, SettingRow) and all(word in _searched(row) for word in words) for row in self._rows]
        stages = {
            row.stage for row, here in zip(self._rows, found, strict=True) if here and isinstance(row, SettingRow)
        }
        for index, row in enumerate(self._rows):
            self._ui.settingsTable.setRowHidden(index, not (found[index] or row in stages))

    def _describe(self, row: int, *_cell: int) -> None:
        """Show all about the chosen setting below the table, where a narrow panel cuts its columns off."""
        chosen = self._rows[row] if 0 <= row < len(self._rows) else ""
        self._ui.settingLabel.text = _described(chosen) if isinstance(chosen, SettingRow) else ""

    def present(self) -> Settings:
        """Return the present settings."""
        return self._get()

    def take(self, settings: Settings) -> None:
        """Take other settings."""
        self._shown = []
        self._change(settings)

    def save(self, path: str) -> None:
        """Write the settings as the command line's --settings reads them."""
        Path(path).write_text(json.dumps(self._get().as_dictionary(), indent=2) + "\n", encoding="utf-8")

    def load(self, path: str) -> None:
        """Take the settings of a file."""
        self._change(Settings.from_file(Path(path)))

    def _edited(self, row: int, column: int) -> None:
        setting = self._rows[row] if row < len(self._rows) else ""
        if self._updating or column != VALUE or not isinstance(setting, SettingRow):
            return
        text = setting.typed(self._ui.settingsTable.item(row, VALUE).text())
        try:
            settings = with_text(self._get(), setting.name, text)
        except QPerfusionError as error:
            self._ui.messageLabel.text = text_of(error)
            self._shown = []
            self.update()
            return
        self._ui.messageLabel.text = ""
        self._shown = []
        self._change(settings)


def _below_stages(rows: list[SettingRow]) -> list[SettingRow | str]:
    """Return the rows with the name of each stage before the first of its settings."""
    lines: list[SettingRow | str] = []
    for row in rows:
        if row.stage not in lines:
            lines.append(row.stage)
        lines.append(row)
    return lines


def _described(row: SettingRow) -> str:
    """Return all about a setting as a person reads it.

    Examples
    --------
    >>> _described(SettingRow("conversion.t1_blood_s", "none", "s", "native T1 of blood", (), "0.3 to 4"))
    'T1 blood: 0.3 to 4 s. Native T1 of blood'
    """
    allowed = f"{row.range} {row.unit}".strip()
    name = _(setting_name(row.name)) + (f": {allowed}" if allowed else "")
    return ". ".join(part for part in (name, _sentence_case(_(row.meaning))) if part)


def _searched(row: SettingRow) -> str:
    stage = _(STAGE_NAMES[row.stage])
    return f"{stage} {row.name} {row.shown_value} {_described(row)} {' '.join(row.options)}".casefold()


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
