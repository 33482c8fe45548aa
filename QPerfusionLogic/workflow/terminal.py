"""What the command line shows while it works: a bar for people, JSON lines for machines."""

from __future__ import annotations

import json
import sys
import time
from typing import Any, TextIO

from QPerfusionLogic.data.notices import Notice, Severity, merged
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.progress import Progress

BAR_WIDTH = 24


class Terminal:
    """Show progress, notices, results and errors.

    Parameters
    ----------
    as_json : bool
        JSON lines on standard output instead of text; progress as {"progress": 0.4, "message": "..."}.
    """

    def __init__(self, as_json: bool = False, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._as_json = as_json
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._bar_shown = False
        self._last_reported = 0.0

    def progress(self) -> Progress:
        """Return a progress object that draws on this terminal."""
        return Progress(self._report)

    def say(self, text: str, **content: Any) -> None:
        """Show a line of text to people, or `content` to machines."""
        self._clear_bar()
        if self._as_json:
            if content:
                print(json.dumps(content, default=str), file=self._out, flush=True)
        else:
            print(text, file=self._out, flush=True)

    def notices(self, notices: tuple[Notice, ...]) -> None:
        """Show what the reader of the result has to know, serious things first; mere remarks are counted."""
        if self._as_json:
            for notice in notices:
                self.say("", notice=vars(notice))
            return
        said_once = merged(notices)
        for notice in said_once:
            if notice.severity != Severity.NOTE:
                where = f" [{notice.state}]" if notice.state else ""
                option = f" ({notice.option})" if notice.option else ""
                action = f" -> {notice.action}{option}" if notice.action else ""
                self.say(f"{notice.severity!s:8}{where} {notice.message}{action}")
        notes = sum(notice.severity == Severity.NOTE for notice in said_once)
        if notes:
            self.say(f"note     remarks in warnings.json: {notes}")

    def error(self, error: QPerfusionError) -> None:
        """Show an error in one line."""
        self._clear_bar()
        line = " ".join(str(error).split())
        print(f"qperfusion: {line}", file=self._err, flush=True)
        if self._as_json:
            content = {"error": line, "found": error.found, "expected": error.expected, "action": error.action}
            print(json.dumps(content), file=self._out, flush=True)

    def _report(self, fraction: float, message: str) -> None:
        if self._as_json:
            content = {"progress": round(fraction, 4), "message": message}
            print(json.dumps(content), file=self._out, flush=True)
        elif self._err.isatty() and (time.monotonic() - self._last_reported > 0.05 or fraction >= 1.0):
            filled = int(fraction * BAR_WIDTH)
            bar = "█" * filled + "░" * (BAR_WIDTH - filled)
            print(f"\r\033[K{bar} {fraction:4.0%} {message[:60]}", end="", file=self._err, flush=True)
            self._bar_shown = True
            self._last_reported = time.monotonic()

    def _clear_bar(self) -> None:
        if self._bar_shown:
            print("\r\033[K", end="", file=self._err, flush=True)
            self._bar_shown = False
