"""Start a watched process from the application, hear its lines, end it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from QPerfusionLogic.errors import OutputError
from QPerfusionLogic.translation import _

from .watched_process import WANTED, new_folder

LINES_KEPT = 200


class Launch(Protocol):
    """Starts a process without waiting; `slicer.util.launchConsoleProcess(blocking=False)` is one."""

    def __call__(
        self,
        arguments: list[str],
        environment: dict[str, str],
        on_line: Callable[[str], None],
        on_end: Callable[[int], None],
    ) -> Any:
        """Return the process; the callbacks come in the caller's thread."""


class WatchedProcess:
    """A module of the package that runs beside the application and ends with it.

    Parameters
    ----------
    launch : Launch
    on_content : callable
        Called with the content of every line that is a JSON object.
    on_end : callable
        Called once with the exit code.

    Raises
    ------
    OutputError
        When the temporary folder of the system cannot be written.
    """

    def __init__(
        self, launch: Launch, on_content: Callable[[dict[str, Any]], None], on_end: Callable[[int], None]
    ) -> None:
        self.ended = False
        self.lines: list[str] = []
        """The last lines that were no JSON: tracebacks, warnings."""
        self._launch = launch
        self._on_content = on_content
        self._on_end = on_end
        self._started = False
        try:
            self.folder = new_folder()
        except OSError as error:
            raise OutputError(
                _("a temporary folder that cannot be written ({reason})").format(reason=error.strerror or error),
                action=_("free some space, or choose another temporary folder in the settings of the system"),
            ) from error

    def start(self, module: str, arguments: list[str], output: str = "") -> None:
        """Start a module with its arguments; `output` is the folder that it writes."""
        watched = [str(self.folder), str(os.getpid()), output, module, *arguments]
        self._commands = [
            [*python, "-m", "QPerfusionLogic.workflow.watched_process", *watched] for python in python_commands()
        ]
        self._start_next()

    def cancel(self) -> None:
        """Ask the process to end; `on_end` is called when it has."""
        self._commands = []
        with contextlib.suppress(OSError):
            (self.folder / WANTED).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder of the process, which ends it."""
        self.cancel()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start_next(self) -> None:
        self._launch(self._commands.pop(0), environment(), self._hear, self._finish)

    def _hear(self, line: str) -> None:
        try:
            content = json.loads(line)
        except json.JSONDecodeError:
            content = None
        if not isinstance(content, dict):
            self.lines = [*self.lines[1 - LINES_KEPT :], line]
        elif "started" in content:
            self._started = True
        else:
            self._on_content(content)

    def _finish(self, code: int) -> None:
        if code != 0 and not self._started and self._commands:
            self._start_next()
            return
        self.ended = True
        self._on_end(code)


def python_commands() -> list[list[str]]:
    """Return the ways to start a Python of this installation, best first.

    In Slicer PythonSlicer is a launcher, and the interpreter lies beside it. The interpreter alone finds its libraries
    where the application was started with the environment that the launcher would make; else it ends at once.
    """
    launcher = shutil.which("PythonSlicer")
    if launcher is None:
        return [[sys.executable]]
    interpreter = Path(launcher).with_name("python-real" + Path(launcher).suffix)
    direct = [[str(interpreter)]] if interpreter.is_file() and os.environ.get("PYTHONHOME") else []
    return [*direct, [launcher]]


def environment() -> dict[str, str]:
    """Return what the process needs to find this package, wherever it was loaded from."""
    package = str(Path(__file__).resolve().parents[2])
    others = os.environ.get("PYTHONPATH", "")
    return {"PYTHONPATH": os.pathsep.join(part for part in (package, others) if part), "PYTHONUNBUFFERED": "1"}
