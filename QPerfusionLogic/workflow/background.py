"""A job in a process of its own: started, listened to, cancelled; its result is read when it has ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from QPerfusionLogic.data.results import StudyResult
from QPerfusionLogic.errors import InputError, OutputError
from QPerfusionLogic.io.files.bundle import read_bundle, write_bundle
from QPerfusionLogic.translation import _

from .failures import RunError, sentences
from .process import Launch, WatchedProcess

READING_MS = 20
"""The window waits this long at a time for the thread that reads a result.

A thread runs in Slicer only while Python is called: the event loop keeps the lock of the interpreter.
"""


class BackgroundRun:
    """One job in a process of its own.

    Parameters
    ----------
    job : Job
        What to run.
    launch : Launch
        Starts the process and calls back in the caller's thread.
    later : callable
        Calls a function in the caller's thread after some milliseconds; `qt.QTimer.singleShot` is one.
    on_progress : callable
        Called with (fraction, message).
    on_end : callable
        Called once with this run when the process has ended and its result has been read.

    Raises
    ------
    OutputError
        When the temporary folder cannot be written or has no space.
    """

    def __init__(
        self,
        job: Any,
        launch: Launch,
        later: Callable[[int, Callable[[], None]], Any],
        on_progress: Callable[[float, str], None],
        on_end: Callable[[BackgroundRun], None],
    ) -> None:
        self.error: RunError | None = None
        self.cancelled = False
        self._later = later
        self._on_progress = on_progress
        self._on_end = on_end
        self._result: StudyResult | None = None
        self._process = WatchedProcess(launch, self._hear, self._finish)
        try:
            _write_job(self._process, job)
            paths = [str(self._process.folder / name) for name in ("job", "result")]
            self._process.start("QPerfusionLogic.workflow.job_process", paths, job.output)
        except BaseException:
            self.close()
            raise

    @property
    def running(self) -> bool:
        """True until the process has ended."""
        return not self._process.ended

    def cancel(self) -> None:
        """Ask the process to end; `on_end` is called when it has."""
        self.cancelled = True
        if self.running:
            self._process.cancel()

    def result(self) -> StudyResult:
        """Return the result.

        Raises
        ------
        RunError
            When the run failed or was cancelled; the message is what the process said.
        """
        if self._result is None:
            raise self.error or RunError(_("The run was cancelled."))
        return self._result

    def close(self) -> None:
        """Remove the files of this run."""
        self._process.close()

    def _hear(self, content: dict[str, Any]) -> None:
        if "progress" in content:
            if not self.cancelled:
                self._on_progress(float(content["progress"]), str(content.get("message", "")))
        elif "found" in content:
            self.error = RunError(sentences(content), str(content.get("details", "")))

    def _finish(self, code: int) -> None:
        if code != 0 and self.error is None and not self.cancelled:
            said = "\n".join(line for line in self._process.lines if line.strip())
            text = _("The run ended before its end. Run it again; when it fails again, report it with the details.")
            self.error = RunError(text, said or _("The process ended with code {code}.").format(code=code))
        if code != 0 or self.cancelled:
            self._on_end(self)
            return
        self._on_progress(1.0, _("Loading the result ..."))
        reading = threading.Thread(target=self._read, daemon=True)
        reading.start()
        self._wait_for(reading)

    def _read(self) -> None:
        """Read the result; no scene is touched, so that this may happen in a thread."""
        try:
            self._result = read_bundle(self._process.folder / "result", StudyResult)
        except InputError as error:
            self.error = RunError(_("The result of the run could not be read. Run it again."), str(error))

    def _wait_for(self, reading: threading.Thread) -> None:
        reading.join(READING_MS / 1000)
        if reading.is_alive():
            self._later(1, lambda: self._wait_for(reading))
        else:
            self._on_end(self)


def _write_job(process: WatchedProcess, job: Any) -> None:
    try:
        write_bundle(process.folder / "job", job)
    except OutputError as error:
        raise OutputError(
            _("the study could not be handed over to the run ({reason})").format(reason=error.found),
            action=_("free some space on the disk of the temporary files and run again"),
        ) from error
