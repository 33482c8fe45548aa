"""One run at a time in an output folder: a lock file beside it that names its owner; those of dead owners give way."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from QPerfusionLogic.errors import OutputError

UNREADABLE_FOR_S = 60.0
"""A lock without a readable owner is one that is being written, or after this time one whose writer was killed."""
_HELD: dict[Path, int] = {}
"""Folders that this process holds -> thread."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder`, an absolute path, for this run; a thread that holds it already goes on.

    Raises
    ------
    OutputError
        When another run holds it.
    """
    if _HELD.get(folder) == threading.get_ident():
        yield
        return
    path = lock_file(folder)
    _acquire(path, folder)
    _HELD[folder] = threading.get_ident()
    try:
        yield
    finally:
        del _HELD[folder]
        path.unlink(missing_ok=True)


def lock_file(folder: Path) -> Path:
    """Return the lock file of a folder, which lies beside it."""
    return folder.with_name(f".{folder.name}.lock")


def _acquire(path: Path, folder: Path) -> None:
    for _ in range(3):
        with contextlib.suppress(FileExistsError):
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(_this_process(), file)
            return
        owner = _owner(path)
        if owner is not None and not _is_stale(path, owner):
            break
        _remove(path, owner)
    raise OutputError(
        f"another run that writes {folder}",
        expected="one run at a time",
        action=f"wait for its end or choose another output folder; where no such run exists, remove {path}",
    )


def _this_process() -> dict[str, Any]:
    return {"process": os.getpid(), "started": _start_of(os.getpid()), "host": platform.node()}


def _owner(path: Path) -> dict[str, Any] | None:
    """Return who holds a lock: {} where it cannot be read, None where it is gone."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("process"), int) else {}


def _is_stale(path: Path, owner: dict[str, Any]) -> bool:
    """Return True for a lock whose owner ended: one of another machine is never taken for ended."""
    if not owner:
        with contextlib.suppress(FileNotFoundError):
            return time.time() - path.stat().st_mtime > UNREADABLE_FOR_S
        return True
    if owner.get("host") != platform.node():
        return False
    number = owner["process"]
    return not _is_alive(number) or _start_of(number) != owner.get("started", "")


def _remove(path: Path, owner: dict[str, Any] | None) -> None:
    """Remove the lock of an owner that ended, and no other that was made since."""
    if _owner(path) == owner:
        path.unlink(missing_ok=True)


def _start_of(process: int) -> str:
    """Return when a process started, "" where the system does not show it: numbers of processes are used again."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError, ValueError):
        return ""


def _is_alive(process: int) -> bool:
    if sys.platform == "win32":
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, process)
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
