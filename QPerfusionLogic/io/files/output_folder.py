"""An output folder that is the old one, absent or complete: written beside, then swapped as a whole."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from QPerfusionLogic.errors import InputError, OutputError

from .folder_lock import locked

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the operating system answers when nothing more can be written."""
MARKER = "provenance.json"
"""A non-empty folder without this file is not ours and is never written into."""


LAST = ("checksums.json",)
"""Files that are moved after all others where the folder cannot be swapped."""


@contextlib.contextmanager
def writing(folder: Path, owned: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield a temporary folder beside `folder`; its content replaces that of `folder` when the block ends well.

    Parameters
    ----------
    folder : Path
        The folder to make. When it exists it must be empty or an earlier output of QPerfusion; files in it that this
        run does not write are kept. A symbolic link stays, and what it leads to is replaced.
    owned : tuple of str
        Patterns of files of an earlier output that are removed when this one has no such file, so that no result of
        other settings stays behind.

    Raises
    ------
    OutputError
        When the folder cannot be written, is somebody else's or held by another run, or the disk is full; nothing
        half-written remains.
    """
    with holding(folder) as place:
        yield from _written_beside(place, owned)


@contextlib.contextmanager
def holding(folder: Path) -> Iterator[Path]:
    """Hold an output folder for a whole run and yield its path without symbolic links; what a kill left is tidied.

    Raises
    ------
    OutputError
        When the folder cannot become the output folder, or another run holds it.
    """
    check_writable(folder)
    place = _resolved(folder)
    with contextlib.ExitStack() as stack:
        with _explained(place):
            stack.enter_context(locked(place))
            _tidy(place)
        yield place


def tidy_after_kill(folder: Path) -> None:
    """Put back the earlier output that a killed run had set aside, and remove its lock and what it left half-written.

    Nothing happens where another run holds the folder or the system refuses: the next run tidies too.
    """
    place = _resolved(folder)
    with contextlib.suppress(OutputError, OSError), locked(place):
        _tidy(place)


def _written_beside(folder: Path, owned: tuple[str, ...]) -> Iterator[Path]:
    with _explained(folder):
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
    folder = _resolved(folder)
    with _explained(folder):
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


def _resolved(folder: Path) -> Path:
    """Return an absolute path without symbolic links."""
    try:
        return Path(folder).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        name = repr(str(folder))[:200]
        raise OutputError(f"{name}, which is no path ({error})"[:400], action="choose another folder") from error


def _tidy(folder: Path) -> None:
    """Put back an earlier output that a killed run had set aside, and remove what killed runs left half-written."""
    partial = re.compile(rf"\.{re.escape(folder.name)}-\d+-[^-]+\.partial")
    aside = re.compile(rf"\.{re.escape(folder.name)}-\d+\.earlier")
    for path in sorted(folder.parent.iterdir()):
        if aside.fullmatch(path.name) and not folder.exists():
            path.rename(folder)
        elif partial.fullmatch(path.name) or aside.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


def _move_into_place(beside: Path, folder: Path, owned: tuple[str, ...]) -> None:
    if not folder.exists() or not any(folder.iterdir()):
        beside.replace(folder)
        return
    stale = {path for pattern in owned for path in folder.glob(pattern)}
    _refuse_collisions(beside, folder)
    if Path.cwd().is_relative_to(folder):
        # Whoever works inside the folder would be left in a folder that is gone.
        _move_one_by_one(beside, folder, stale)
        return
    _carry_over(folder, beside, stale)
    shutil.copymode(folder, beside)
    aside = folder.with_name(f".{folder.name}-{os.getpid()}.earlier")
    try:
        folder.rename(aside)
    except OSError:  # a mount point, or a file of it that is open in Windows
        _move_one_by_one(beside, folder, stale)
        return
    try:
        beside.rename(folder)
    except BaseException:
        aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _carry_over(folder: Path, beside: Path, stale: set[Path]) -> None:
    """Put the files of `folder` that this run neither writes nor replaces into `beside` as well."""
    for place, folders, files in os.walk(folder):
        inside = beside / Path(place).relative_to(folder)
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in folders:
            if name not in links and Path(place, name) not in stale:
                (inside / name).mkdir(exist_ok=True)
        for name in (*files, *links):
            source, target = Path(place, name), inside / name
            if source in stale or target.exists() or target.is_symlink():
                continue
            try:
                os.link(source, target, follow_symlinks=False)
            except (OSError, NotImplementedError):
                shutil.copy2(source, target, follow_symlinks=False)


def _refuse_collisions(beside: Path, folder: Path) -> None:
    """Raise `OutputError` where a file of the user has the name of a folder of ours, or the other way round."""
    for path in beside.rglob("*"):
        target = folder / path.relative_to(beside)
        if (target.exists() or target.is_symlink()) and (path.is_dir() != target.is_dir() or target.is_symlink()):
            raise OutputError(
                f"{target}, which is no {'folder' if path.is_dir() else 'file'}",
                expected="what an earlier run wrote there",
                action="move it away or choose another output folder; nothing was touched",
            )


def _move_one_by_one(beside: Path, folder: Path, stale: set[Path]) -> None:
    """Replace the files one by one; until the last one has come, the checksums show which are of another run."""
    files = (path for path in beside.rglob("*") if path.is_file())
    moved: set[Path] = set()
    for source in sorted(files, key=lambda path: (path.name in LAST, path)):
        target = folder / source.relative_to(beside)
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
        moved.add(target)
    for path in stale - moved:
        path.unlink()


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
