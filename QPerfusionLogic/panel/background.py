"""A job in a background process: started, listened to, cancelled; its result is read when it has ended."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.study import StudyResult

from .bundle import read_bundle, write_bundle
from .words import _


class Launch(Protocol):
    """Starts a process without waiting; `slicer.util.launchConsoleProcess(blocking=False)` is one."""

    def __call__(
        self,
        arguments: list[str],
        environment: dict[str, str],
        on_line: Callable[[str], None],
        on_end: Callable[[int], None],
    ) -> Any:
        """Return an object with `terminate()`."""


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
    """

    def __init__(
        self,
        job: Any,
        launch: Launch,
        later: Callable[[int, Callable[[], None]], Any],
        on_progress: Callable[[float, str], None],
        on_end: Callable[[BackgroundRun], None],
    ) -> None:
        self.error = ""
        self.cancelled = False
        self._later = later
        self._on_progress = on_progress
        self._on_end = on_end
        self._folder = Path(tempfile.mkdtemp(prefix="qperfusion-run-"))
        self._last_lines: list[str] = []
        self._return_code: int | None = None
        self._result: StudyResult | None = None
        try:
            write_bundle(self._folder / "job", job)
            arguments = [*python_command(), str(self._folder / "job"), str(self._folder / "result")]
            self._process = launch(arguments, environment(), self._hear, self._finish)
        except BaseException:
            self.close()
            raise

    @property
    def running(self) -> bool:
        """True until the process has ended."""
        return self._return_code is None

    def cancel(self) -> None:
        """Ask the process to end; `on_end` is called when it has."""
        self.cancelled = True
        if self.running:
            self._process.terminate()

    def result(self) -> StudyResult:
        """Return the result.

        Raises
        ------
        InputError
            When the run failed or was cancelled; the message is what the process said.
        """
        if self._result is None:
            raise InputError(self.error or _("a run that ended with code {code}").format(code=self._return_code))
        return self._result

    def close(self) -> None:
        """Remove the files of this run."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _hear(self, line: str) -> None:
        try:
            content = json.loads(line)
        except json.JSONDecodeError:
            content = None
        if not isinstance(content, dict):
            self._last_lines = [*self._last_lines[-19:], line]
        elif "progress" in content:
            self._on_progress(float(content["progress"]), str(content.get("message", "")))
        elif "error" in content:
            self.error = str(content["error"])

    def _finish(self, return_code: int) -> None:
        self._return_code = return_code
        if return_code != 0 and not self.error and not self.cancelled:
            self.error = "\n".join(line for line in self._last_lines if line.strip()) or _("exit code {code}").format(
                code=return_code
            )
        reading = threading.Thread(target=self._read, daemon=True)
        reading.start()
        self._wait_for(reading)

    def _read(self) -> None:
        """Read the result; no scene is touched, so that this may happen in a thread."""
        try:
            self._result = read_bundle(self._folder / "result", StudyResult) if self._return_code == 0 else None
        except InputError as error:
            self.error = str(error)

    def _wait_for(self, reading: threading.Thread) -> None:
        if reading.is_alive():
            self._later(20, lambda: self._wait_for(reading))
        else:
            self._on_end(self)


def python_command() -> list[str]:
    """Return how a Python of this installation runs a job: Slicer's own when it is there, else this one."""
    return [shutil.which("PythonSlicer") or sys.executable, "-m", "QPerfusionLogic.panel.job"]


def environment() -> dict[str, str]:
    """Return what the process needs to find this package, wherever it was loaded from."""
    package = str(Path(__file__).resolve().parents[2])
    others = os.environ.get("PYTHONPATH", "")
    return {"PYTHONPATH": os.pathsep.join(part for part in (package, others) if part), "PYTHONUNBUFFERED": "1"}
