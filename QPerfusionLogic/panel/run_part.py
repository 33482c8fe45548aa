"""The part of the panel that runs: Apply and Cancel, progress, what failed, and computing again from a stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .words import _


class RunPart:
    """Starts, follows and ends runs.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    application : object
        Reports errors (`report(str)`) and shows errors of actions (`trying(str)`).
    parameters : callable
        Returns the present parameters, None when there are none.
    logic : QPerfusionLogic
        The facade of the module: `run`, `cancel`, `whyNot` and `currentRun`.
    results : ResultsPart
        Shows what a run has found.
    """

    def __init__(self, ui: Any, application: Any, parameters: Callable[[], Any], logic: Any, results: Any) -> None:
        self._ui = ui
        self._application = application
        self._parameters = parameters
        self._logic = logic
        self._results = results
        self.others: list[Any] = []
        ui.sampleButton.connect("clicked(bool)", self.make_digital_patient)
        ui.applyButton.connect("clicked(bool)", self.apply)

    def update(self) -> None:
        """Enable Apply, or say in its tooltip why it is not; during a run it is Cancel."""
        parameters = self._parameters()
        if parameters is None:
            return
        running = self._logic.currentRun is not None
        reason = "" if running else self._logic.whyNot(parameters)
        self._ui.applyButton.text = _("Cancel") if running else _("Apply")
        self._ui.applyButton.enabled = not reason
        self._ui.applyButton.toolTip = reason or (_("Stop the run.") if running else _("Quantify the series."))
        has_study = bool(parameters.studyName)
        self._ui.resumeButton.enabled = not running and has_study
        for button in (self._ui.runStageButton, self._ui.fromStageButton):
            button.enabled = not running and (has_study or not reason)
        self._ui.inputsButton.enabled = not running
        for part in self.others:
            part.update(running)
        self._ui.methodButton.enabled = not running

    def apply(self) -> None:
        """Start a run of everything, or cancel the one that runs."""
        if self._logic.currentRun is not None:
            self._logic.cancel()
            self._ui.messageLabel.text = _("Cancelling ...")
            return
        self.start("")

    def start(self, resume_from: str, stop_after: str = "") -> None:
        """Start a run in the background: all of it, or from one stage to another."""
        self._ui.noticesBrowser.plainText = ""
        self._ui.messageLabel.text = _("Starting ...")
        self.guarded(
            _("The run could not be started."),
            lambda: self._logic.run(self._parameters(), resume_from, False, self._progressed, self._ended, stop_after),
        )
        if self._logic.currentRun is None:
            self._ui.messageLabel.text = _("Not started.")
        self.update()

    def export(self, folder: str, dicom: bool) -> None:
        """Write the study that is looked at to a folder, in the background."""
        self._ui.messageLabel.text = _("Writing ...")
        self.guarded(
            _("The study could not be written."),
            lambda: self._logic.export(self._parameters(), folder, dicom, self._progressed, self._exported),
        )
        self.update()

    def make_digital_patient(self) -> None:
        """Simulate a small study in the background and put its series into the scene; needs no network."""
        self._ui.messageLabel.text = _("Simulating a digital patient ...")
        self.guarded(
            _("The digital patient could not be made."),
            lambda: self._logic.makeDigitalPatient(self._parameters(), self._progressed, self._made),
        )
        self.update()

    def guarded(self, message: str, action: Callable[[], Any]) -> None:
        """Do something that may fail because of the user's data: the error is shown and ends here.

        Slicer versions differ in whether tryWithErrorDisplay raises the error again after it has shown it.
        """
        try:
            with self._application.trying(message):
                action()
        except Exception as error:
            self._ui.noticesBrowser.plainText = str(error)

    def _progressed(self, fraction: float, message: str) -> None:
        self._ui.progressBar.value = round(100 * fraction)
        self._ui.messageLabel.text = message

    def _exported(self, outcome: Any) -> None:
        self._told(outcome, _("Written."))

    def _made(self, outcome: Any) -> None:
        self._told(outcome, _("A digital patient is in the scene; press Apply."))

    def _told(self, outcome: Any, done: str) -> None:
        """Say how something ended that left the study alone."""
        if outcome is None or isinstance(outcome, Exception):
            self._ended(outcome)
            return
        self._ui.progressBar.value = 0
        self._ui.messageLabel.text = done
        self.update()

    def _ended(self, outcome: Any) -> None:
        self._ui.progressBar.value = 0
        if isinstance(outcome, Exception):
            self._ui.messageLabel.text = _("Failed.")
            self._ui.noticesBrowser.plainText = str(outcome)
            self._application.report(str(outcome))
        elif outcome is None:
            self._ui.messageLabel.text = _("Cancelled; nothing was changed.")
        else:
            self._ui.messageLabel.text = _("Done: {name}").format(name=outcome.name)
            self._results.show_study()
        self.update()
