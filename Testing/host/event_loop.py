"""An event loop that keeps the lock of the Python interpreter, as Slicer's does.

PySide6 gives the lock away while its loop runs, and so does `time.sleep`; both let threads run that would starve in
Slicer, where C++ runs the loop in the thread that holds the lock since Python was started (at v5.12.3
Base/QTCore/qSlicerCoreApplication.cxx starts Python in the main thread, and nothing gives the lock away).
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import PySide6
from PySide6 import QtCore, QtWidgets

LONGEST_MS = 50
"""The loop returns to Python at least so often, to look whether what was waited for has come."""

_PROCESS_EVENTS = "_ZN16QCoreApplication13processEventsE6QFlagsIN10QEventLoop17ProcessEventsFlagEE"
_WAIT_FOR_MORE_EVENTS = 0x04


def _loop_function() -> Any:
    """Return the loop of the Qt that PySide6 has loaded, called with the lock held; None where it is not found."""
    found = sorted((Path(PySide6.__file__).parent / "Qt" / "lib").glob("libQt6Core.so.6*"))
    try:
        function = getattr(ctypes.PyDLL(str(found[0])), _PROCESS_EVENTS)
    except (IndexError, OSError, AttributeError):
        return None
    function.argtypes, function.restype = (ctypes.c_int,), None
    return function


_process_events = _loop_function()
KEEPS_THE_LOCK = _process_events is not None


def run(seconds: float, until: Callable[[], bool] | None = None) -> None:
    """Let the loop run for a time, or until a condition holds."""
    end = time.monotonic() + seconds
    QtWidgets.QApplication.processEvents()
    waker = QtCore.QTimer()
    waker.start(LONGEST_MS)
    while time.monotonic() < end and not (until is not None and until()):
        if _process_events is None:
            QtWidgets.QApplication.processEvents()
            time.sleep(0.005)
        else:
            _process_events(_WAIT_FOR_MORE_EVENTS)
    waker.stop()
