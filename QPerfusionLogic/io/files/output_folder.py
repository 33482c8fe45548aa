"""An output folder that is either complete or not there: written beside, then moved into place."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from QPerfusionLogic.errors import InputError, OutputError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the operating system answers when nothing more can be written."""
MARKER = "provenance.json"
"""A non-empty folder without this file is not ours and is never written into."""


@contextlib.contextmanager
def writing(folder: Path, owned: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield a temporary folder beside `folder`; its content replaces that of `folder` when the block ends well.

    Parameters
    ----------
    folder : Path
        The folder to make. When it exists it must be empty or an earlier output of QPerfusion, whose files are
        replaced one by one.
    owned : tuple of str
        Patterns of files of an earlier output that are removed when this one has no such file, so that no result of
        other settings stays behind.

    Raises
    ------
    OutputError
        When the folder cannot be written, is somebody else's, or the disk is full; nothing half-written remains.
    """
    folder = Path(folder)
    check_writable(folder)
    with _explained(folder):
        # The process is named, so that whoever has to kill it can remove what it leaves.
        prefix = f".{folder.name}-{os.getpid()}-"
        beside = Path(tempfile.mkdtemp(prefix=prefix, suffix=".partial", dir=folder.parent))
        beside.chmod(0o755)
    try:
        with _explained(folder):
            yield beside
            _move_into_place(beside, folder, owned)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextlib.contextmanager
def writing_file(path: Path) -> Iterator[Path]:
    """Yield a temporary file name beside `path`; it is renamed to `path` when the block ends well.

    Raises
    ------
    OutputError
        When the file cannot be written; nothing half-written remains.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield beside
            beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def check_writable(folder: Path) -> None:
    """Raise `OutputError` now rather than after minutes of work when `folder` cannot become the output folder."""
    folder = Path(folder)
    _refuse_foreign(folder)
    with _explained(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    for place in (folder.parent, folder):
        if place.exists() and not os.access(place, os.W_OK):
            raise OutputError(f"no permission to write {place}", action="choose another output folder")


def _refuse_foreign(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"a file at {folder}", expected="a folder or nothing", action="choose another output folder")
    if folder.is_dir():
        with _explained(folder):
            foreign = any(folder.iterdir()) and not (folder / MARKER).exists()
        if foreign:
            raise OutputError(
                f"files in {folder} that QPerfusion did not write",
                expected="an empty folder, a new one, or an earlier output",
                action="choose another output folder; nothing was touched",
            )


def _move_into_place(beside: Path, folder: Path, owned: tuple[str, ...]) -> None:
    if not folder.exists() or not any(folder.iterdir()):
        beside.replace(folder)
        return
    moved: set[Path] = set()
    for source in sorted(path for path in beside.rglob("*") if path.is_file()):
        target = folder / source.relative_to(beside)
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
        moved.add(target)
    for pattern in owned:
        for stale in set(folder.glob(pattern)) - moved:
            stale.unlink()


def _no_space(path: Path) -> OutputError:
    action = "free some space or choose another disk; nothing was kept"
    return OutputError(f"no space left while writing {path}", action=action)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the operating system says about writing into one line for the user."""
    try:
        yield
    except InputError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno in FULL:
            raise _no_space(path) from error
        raise
    except OSError as error:
        if error.errno in FULL:
            raise _no_space(path) from error
        reason = error.strerror or str(error)
        raise OutputError(f"{path} cannot be written ({reason})", action="choose another output folder") from error
