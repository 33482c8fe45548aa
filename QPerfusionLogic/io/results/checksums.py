"""Checksums of every file of an output folder, written last: edits, losses and mix-ups since then show."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.series import State
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.plain_json import read_plain, write_json

from .mapped_files import FILES as MAPPED_FILES
from .provenance import file_hash
from .superresolved_files import FILES as SUPERRESOLUTION_FILES

FILE = "checksums.json"
"""Path in the output folder -> SHA-256."""
FILES_OF_STAGE = {
    "superresolution": SUPERRESOLUTION_FILES,
    "registration": (
        "registered.seq.nrrd",
        "proton_density.seq.nrrd",
        "motion.seq.nrrd",
        "frames.csv",
        "registration.json",
    ),
    "segmentation": ("labels.nrrd", "segments.nrrd", "layers.nrrd", "aif_region.nrrd", "landmarks.json"),
    "aif": ("aif.csv", "aif.json"),
    "conversion": ("gd.seq.nrrd", "saturated.nrrd", "conversion.json"),
    "kinetics": MAPPED_FILES,
}
"""Files of one state that a resumed run goes on from, by the stage that made them."""
OF_STUDY = ("provenance.json", "warnings.json")
"""Files of the whole study that a resumed run reads."""
TIMINGS = "timings.json"
"""The file that differs between runs of the same input and settings."""
MAY_BE_REMOVED = "inputs.json"
"""The file with paths, which is taken out before a folder is passed on."""
MEANT_TO_BE_EDITED = ("labels.nrrd", "landmarks.json", "frames.csv")


@dataclass(frozen=True)
class Change:
    """A file of an output folder that is not as it was written: `kind` is "edited", "added" or "missing"."""

    path: str
    kind: str

    @property
    def state(self) -> str:
        """Stress, rest or "" for a file of the whole study."""
        return self.path.split("/")[0] if "/" in self.path else ""

    @property
    def name(self) -> str:
        """Path within the folder of its state."""
        return self.path.split("/", 1)[-1]

    @property
    def stage(self) -> str:
        """The stage that made it, "" for a file of the whole study."""
        return stage_of(self.path)


def stage_of(path: str) -> str:
    """Return the stage that makes a file of an output folder, "" where none does.

    Examples
    --------
    >>> stage_of("rest/aif.csv"), stage_of("stress/maps/mbf.nrrd"), stage_of("report.html")
    ('aif', 'kinetics', '')
    """
    state, _, name = path.partition("/")
    if state not in list(State):
        return ""
    stages = FILES_OF_STAGE.items()
    return next((stage for stage, names in stages if any(fnmatch(name, pattern) for pattern in names)), "")


def write_checksums(folder: Path) -> None:
    """Write the checksum of every file in `folder`, which is complete, except those of no lasting content."""
    left_out = (folder / FILE, folder / TIMINGS)
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path not in left_out)
    write_json(folder / FILE, {path.relative_to(folder).as_posix(): file_hash(path) for path in paths})


def is_whole(folder: Path) -> bool:
    """Return True for an output folder from which no file is missing; of version 0.1 its provenance is enough."""
    if not (folder / "provenance.json").exists():
        return False
    if not (folder / FILE).exists():
        return True
    try:
        return all((folder / name).is_file() for name in read_plain(folder / FILE) if name != MAY_BE_REMOVED)
    except (InputError, TypeError, ValueError):
        return False


def changes_since(folder: Path) -> tuple[Change, ...]:
    """Return which files that a resumed run reads were edited, added or lost since the folder was written.

    Folders of version 0.1 hold no checksums; nothing is known of them.

    Raises
    ------
    InputError
        When the list of checksums is damaged, or a file of one state lies in the place of the other's.
    """
    if not (folder / FILE).exists():
        return ()
    known = read_plain(folder / FILE)
    if not isinstance(known, dict) or not all(isinstance(value, str) for value in known.values()):
        raise InputError(f"{folder / FILE} with other content", expected="the file of the earlier run")
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    found = []
    for path in sorted(name for name in {*known, *present} if stage_of(name) or name in OF_STUDY):
        if path not in present:
            found.append(Change(path, "missing"))
            continue
        checksum = file_hash(folder / path)
        if checksum != known.get(path):
            _refuse_other_state(folder, path, checksum, known)
            found.append(Change(path, "edited" if path in known else "added"))
    return tuple(found)


def change_notices(changes: tuple[Change, ...]) -> tuple[Notice, ...]:
    """Return one notice per state and stage that names the changed files; serious where only a stage writes them."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        groups.setdefault((change.state, change.stage), []).append(change)
    return tuple(_notice(state, stage, group) for (state, stage), group in groups.items())


def _notice(state: str, stage: str, group: list[Change]) -> Notice:
    files = ", ".join(f"{change.name} ({change.kind})" for change in group)
    of_state = f" of {state}" if state else ""
    by_design = all(change.name in MEANT_TO_BE_EDITED and change.kind == "edited" for change in group)
    return Notice.of(
        "files-edited",
        f"Files{of_state} were changed after they were written, and the run went on from them: {files}.",
        "Read the result as that of the edited files, or quantify the study again from the beginning.",
        severity=Severity.WARNING if by_design else Severity.SERIOUS,
        stage=stage or "reporting",
        state=state,
    )


def _refuse_other_state(folder: Path, path: str, checksum: str, known: dict[str, str]) -> None:
    """Raise `InputError` where a file is that of the same name of the other state."""
    state, _, name = path.partition("/")
    for other in (str(item) for item in State if str(item) != state):
        if checksum == known.get(f"{other}/{name}"):
            raise InputError(
                f"the file of {other} in the place of {folder / path}",
                expected=f"the {name} of {state}",
                action="put the file of the earlier run back, or run from the beginning",
                option="without --resume-from",
            )
