"""The part of the panel that runs: Apply and Cancel, progress, what failed, and computing again from a stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from QPerfusionLogic.translation import _
from QPerfusionLogic.workflow.failures import details_of, text_of


class RunPart:
    """Starts, follows and ends runs.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    application : object
        Reports errors (`report(text, details)`).
    parameters : callable
        Returns the present parameters, None when there are none.
    logic : QPerfusionLogic
        The facade of the module: `run`, `cancel`, `validationMessage` and `currentRun`.
    results : ResultsPart
        Shows what a run has found.
    """

    def __init__(self, ui: Any, application: Any, parameters: Callable[[], Any], logic: Any, results: Any) -> None:
        self._ui = ui
        self._application = application
        self._parameters = parameters
        self._logic = logic
        self._results = results
        self._closed = False
        self.others: list[Any] = []
        ui.sampleButton.connect("clicked(bool)", self.make_digital_patient)
        ui.applyButton.connect("clicked(bool)", self.apply)

    def close(self) -> None:
        """Show nothing any more: the widgets are about to go, while a run may still end."""
        self._closed = True

    def update(self) -> None:
        """Enable Apply, or give the reason in its tooltip why it is not; during a run it is Cancel."""
        running = self._logic.currentRun is not None
        self._ui.progressBar.visible = running
        parameters = self._parameters()
        if parameters is None:
            return
        reason = "" if running else self._logic.validationMessage(parameters)
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
        self._begin(
            _("Starting ..."),
            _("The run could not be started."),
            lambda: self._logic.run(self._parameters(), resume_from, False, self._progressed, self._ended, stop_after),
        )

    def export(self, folder: str, dicom: bool) -> None:
        """Write the study that is looked at to a folder, in the background."""
        self._begin(
            _("Writing ..."),
            _("The study could not be written."),
            lambda: self._logic.export(self._parameters(), folder, dicom, self._progressed, self._exported),
        )

    def make_digital_patient(self) -> None:
        """Simulate a small study in the background and put its series into the scene; needs no network."""
        self._begin(
            _("Simulating a digital patient ..."),
            _("The digital patient could not be made."),
            lambda: self._logic.makeDigitalPatient(self._parameters(), self._progressed, self._made),
        )

    def guarded(self, message: str, action: Callable[[], Any]) -> str:
        """Do something that may fail because of the user's data; the error is shown and returned as text."""
        try:
            action()
        except Exception as error:
            self._show_failure(text_of(error))
            self._application.report(f"{message}\n\n{text_of(error)}", details_of(error))
            return text_of(error)
        return ""

    def _show_failure(self, text: str) -> None:
        self._ui.noticesBrowser.plainText = text
        self._ui.noticesButton.collapsed = False

    def _begin(self, doing: str, failed: str, action: Callable[[], Any]) -> None:
        """Start something in the background; where it does not start, the label gives the reason."""
        if self._logic.currentRun is not None:
            self._application.report(_("A run is still going on. Wait for its end, or press Cancel."), "")
            return
        self._ui.noticesBrowser.plainText = ""
        self._ui.noticesButton.collapsed = True
        self._ui.progressBar.value = 0
        self._ui.messageLabel.text = doing
        error = self.guarded(failed, action)
        if error:
            self._ui.messageLabel.text = f"{failed} {error}"
        self.update()

    def _progressed(self, fraction: float, message: str) -> None:
        if not self._closed:
            self._ui.progressBar.value = round(100 * fraction)
            self._ui.messageLabel.text = message

    def _exported(self, outcome: Any) -> None:
        self._finish(outcome, _("Written to {name}.").format(name=outcome), _("Cancelled; nothing was written."))

    def _made(self, outcome: Any) -> None:
        self._finish(outcome, _("A digital patient is in the scene; press Apply."))

    def _ended(self, outcome: Any) -> None:
        self._finish(outcome, _("Done: {name}").format(name=getattr(outcome, "name", "")))
        if not self._closed and outcome is not None and not isinstance(outcome, Exception):
            self._results.show_study()

    def _finish(self, outcome: Any, done: str, cancelled: str = "") -> None:
        """Show how something ended: with a result, None after a cancel, or an exception."""
        if self._closed:
            return
        self._ui.progressBar.value = 0
        if isinstance(outcome, Exception):
            self._ui.messageLabel.text = _("Failed.")
            self._show_failure(text_of(outcome))
            self._application.report(text_of(outcome), details_of(outcome))
        else:
            self._ui.messageLabel.text = (
                (cancelled or _("Cancelled; nothing was changed.")) if outcome is None else done
            )
        self.update()
