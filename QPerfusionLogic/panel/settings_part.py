"""The part of the panel that shows and changes settings: the table of all of them, and presets in files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.settings.schema import Settings

from .choices import SettingRow, setting_rows, with_text
from .options import BOUND_SETTINGS

MakeItem = Callable[[str, str, bool], Any]
"""(text, tool tip, whether it can be edited) -> an item of a table widget."""


class SettingsPart:
    """Shows every setting that has no widget of its own, with its unit and meaning.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    get, change : callables
        Return the present settings; take new ones.
    make_item : MakeItem
        Makes items of the table.
    """

    def __init__(
        self, ui: Any, get: Callable[[], Settings], change: Callable[[Settings], None], make_item: MakeItem
    ) -> None:
        self._ui = ui
        self._get = get
        self._change = change
        self._make_item = make_item
        self._updating = False
        self._shown: list[SettingRow] = []
        ui.settingsTable.connect("cellChanged(int,int)", self._edited)

    def update(self) -> None:
        """Show the settings as they are now."""
        if self._updating:
            return
        rows = setting_rows(self._get(), tuple(BOUND_SETTINGS.values()))
        if rows == self._shown:
            return
        self._updating = True
        self._shown = rows
        try:
            self._ui.settingsTable.setRowCount(len(rows))
            for index, row in enumerate(rows):
                tip = "\n".join(part for part in (row.meaning, ", ".join(row.options)) if part)
                for column, text in enumerate((row.name, row.value, row.unit)):
                    self._ui.settingsTable.setItem(index, column, self._make_item(text, tip, column == 1))
        finally:
            self._updating = False

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
        if self._updating or column != 1:
            return
        name, text = (self._ui.settingsTable.item(row, index).text() for index in (0, 1))
        try:
            settings = with_text(self._get(), name, text)
        except QPerfusionError as error:
            self._ui.messageLabel.text = str(error)
            self._shown = []
            self.update()
            return
        self._ui.messageLabel.text = ""
        self._shown = []
        self._change(settings)
