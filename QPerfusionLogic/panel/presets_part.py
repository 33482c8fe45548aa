"""The part of the panel for protocol presets: choose one, save the present settings as one, load a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.translation import _

from .presets import Preset, own_presets, shipped_presets
from .settings_part import SettingsPart


class PresetsPart:
    """Offers presets.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    application : object
        Shows the folder of the user's presets (`presets_folder()`) and asks for files
        (`ask_file_to_save(title, folder)`, `ask_file_to_open(title, folder)`).
    settings : SettingsPart
        Shows and changes settings.
    run : RunPart
        Shows errors of actions.
    """

    def __init__(self, ui: Any, application: Any, settings: SettingsPart, run: Any) -> None:
        self._ui = ui
        self._application = application
        self._settings = settings
        self._run = run
        self._presets: tuple[Preset, ...] = ()
        self._known: list[Settings] = []
        ui.savePresetButton.connect("clicked(bool)", self._save)
        ui.loadPresetButton.connect("clicked(bool)", self._load)
        ui.presetBox.connect("activated(int)", self._chosen)
        self.refresh()

    def refresh(self) -> None:
        """Offer the presets that there are now."""
        self._presets = (*shipped_presets(), *own_presets(self._folder()))
        self._known = [Settings(), *(preset.settings for preset in self._presets)]
        self._ui.presetBox.clear()
        self._ui.presetBox.addItems([_("Defaults"), *(preset.title for preset in self._presets), _("Own settings")])

    def update(self) -> None:
        """Name the preset that the present settings are."""
        present = self._settings.present()
        index = self._known.index(present) if present in self._known else len(self._known)
        self._ui.presetBox.currentIndex = index
        source = self._presets[index - 1].source if 0 < index <= len(self._presets) else ""
        self._ui.presetBox.toolTip = source or _("Protocol presets; every setting can be changed afterwards.")

    def _chosen(self, index: int) -> None:
        if index < len(self._known):
            self._settings.take(self._known[index])
        self.update()

    def _save(self) -> None:
        self._folder().mkdir(parents=True, exist_ok=True)
        path = self._application.ask_file_to_save(_("Save settings"), str(self._folder()))
        if path:
            self._run.guarded(_("The settings could not be saved."), lambda: self._settings.save(path))
            self.refresh()
            self.update()

    def _load(self) -> None:
        path = self._application.ask_file_to_open(_("Load settings"), str(self._folder()))
        if path:
            self._run.guarded(_("The settings could not be loaded."), lambda: self._settings.load(path))

    def _folder(self) -> Path:
        return Path(self._application.presets_folder())
