"""The part of the panel that writes a study to a folder: report with NRRD and CSV, DICOM objects, NIfTI."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.translation import _


class ExportPart:
    """Writes the study that is looked at.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    application : object
        Asks for a folder (`ask_folder(title)`).
    results : ResultsPart
        Knows the study to look at.
    run : RunPart
        Starts exports that take long and shows errors.
    """

    def __init__(self, ui: Any, application: Any, results: Any, run: Any) -> None:
        self._ui = ui
        self._application = application
        self._results = results
        self._run = run
        ui.exportFilesButton.connect("clicked(bool)", lambda: self._export(False))
        ui.exportDicomButton.connect("clicked(bool)", lambda: self._export(True))
        ui.exportNiftiButton.connect("clicked(bool)", self._export_nifti)

    def update(self, running: bool) -> None:
        """Enable the buttons when there is something to write."""
        enabled = not running and self._results.study() is not None
        for button in (self._ui.exportFilesButton, self._ui.exportDicomButton, self._ui.exportNiftiButton):
            button.enabled = enabled

    def _export(self, dicom: bool) -> None:
        folder = self._application.ask_folder(_("Folder to write"))
        if folder:
            self._run.export(folder, dicom)

    def _export_nifti(self) -> None:
        folder = self._application.ask_folder(_("Folder to write"))
        if folder:
            self._run.guarded(_("The study could not be written."), lambda: self._write_nifti(Path(folder)))

    def _write_nifti(self, folder: Path) -> None:
        from QPerfusionLogic.mrml.study.exporting import write_nifti

        study = self._results.study()
        if study is None:
            raise InputError(_("no study in the scene"), action=_("run a study first"))
        written = write_nifti(self._application.scene(), study, folder)
        self._ui.messageLabel.text = _("{count} files written to {folder}").format(count=len(written), folder=folder)
