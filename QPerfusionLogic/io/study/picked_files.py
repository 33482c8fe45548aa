"""Perfusion series among DICOM files that were picked one by one, as Slicer's DICOM browser hands them over."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind
from QPerfusionLogic.data.study import T1Map
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.io.dicom.dicom_series import load_series, load_t1_map
from QPerfusionLogic.io.dicom.header.identity import salt_of
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import LoadingSettings

from .contents import Found, contents_of

DYNAMIC = (SeriesKind.TISSUE, SeriesKind.AIF, SeriesKind.PRE_BOLUS)


@dataclass(frozen=True)
class FoundSeries:
    """A series of a study of perfusion: its name, what it was acquired for, and why that is thought."""

    name: str
    kind: SeriesKind
    state: str
    frames: int
    slices: int
    reason: str

    @property
    def title(self) -> str:
        """What the user reads in the list of things to load."""
        words = {SeriesKind.TISSUE: "perfusion series", SeriesKind.AIF: "AIF series", SeriesKind.T1_MAP: "T1 map"}
        state = "" if self.state == "unknown" else f"{self.state} "
        return f"{state}{words.get(self.kind, 'pre-bolus series')} {self.name}"


def find_series(files: Sequence[str | Path]) -> tuple[FoundSeries, ...]:
    """Return the perfusion series and T1 maps among some files; none when they are something else or damaged."""
    with _folder_of(files) as folder:
        return tuple(
            FoundSeries(
                found.name,
                found.role.kind,
                str(found.role.state),
                found.group.frames,
                int(found.group.slice_index.max()) + 1,
                found.role.reason,
            )
            for found in _of_interest(folder)
        )


def read_series(files: Sequence[str | Path]) -> tuple[tuple[str, PerfusionSeries | T1Map], ...]:
    """Return name and content of the perfusion series and T1 maps among some files.

    Raises
    ------
    InputError
        When a series cannot be read.
    """
    with _folder_of(files) as folder:
        found = _of_interest(folder)
        salt = salt_of(item.group.header for item in found)
        return tuple((item.name, _read(item, salt)) for item in found)


def _read(found: Found, salt: str) -> PerfusionSeries | T1Map:
    if found.role.kind is SeriesKind.T1_MAP:
        return load_t1_map(found.group, found.path, salt, Progress())
    return load_series(found.group, found.role, found.path, salt, LoadingSettings(), Progress()).series


def _of_interest(folder: Path) -> tuple[Found, ...]:
    try:
        found = contents_of(folder, Progress())
    except QPerfusionError:
        return ()
    return tuple(item for item in found if item.role.kind in (*DYNAMIC, SeriesKind.T1_MAP))


@contextlib.contextmanager
def _folder_of(files: Sequence[str | Path]) -> Iterator[Path]:
    """Yield a folder with nothing but these files in it: links where the system allows them, else copies."""
    with tempfile.TemporaryDirectory(prefix="qperfusion-dicom-") as name:
        folder = Path(name)
        for number, file in enumerate(files):
            _link(Path(file).resolve(), folder / f"{number:06d}.dcm")
        yield folder


def _link(source: Path, target: Path) -> None:
    for way in (os.symlink, os.link, shutil.copyfile):
        with contextlib.suppress(OSError):
            way(source, target)
            return
