"""A study folder of NIfTI, NRRD and CSV files: which is which, by their names."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from QPerfusionLogic.data.series import State
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.dicom.dicom_scan import is_dicom
from QPerfusionLogic.io.dicom.series_words import AIF, PRE_BOLUS, T1_MAP, plain_words, state_of_words, word_of
from QPerfusionLogic.io.files.file_names import stem_of
from QPerfusionLogic.io.files.image_files import is_volume_file

from .request import StudyRequest

MASK_WORDS = r"mask|label|seg(?!\w*uence)"
TIMES_WORDS = r"^times?$"


def with_files_named(request: StudyRequest) -> StudyRequest:
    """Return the request with the volume and CSV files of its study folder named by their part; others unchanged.

    Names show the part by the words stress, rest, aif, mask, t1 map, pre-bolus and times: `stress.nii.gz`,
    `stress_aif.csv`, `rest_mask.nrrd`, `rest_pre_bolus.nrrd`, `t1_map.nrrd`. What the user named wins.

    Raises
    ------
    InputError
        When two files show the same part.
    """
    if request.study is None or not Path(request.study).is_dir():
        return request
    volumes = volume_files_in(Path(request.study))
    if not volumes:
        return request
    found: dict[str, Path] = {}
    for path in (*volumes, *sorted(Path(request.study).glob("*.csv"))):
        part = _part_of(path)
        if part in found:
            raise InputError(
                f"two files for {part.replace('_', ' ')} in {request.study}: {found[part].name} and {path.name}",
                expected="one",
                action="name the parts with --stress, --rest and their fellows",
            )
        if part:
            found[part] = path
    if "stress" not in found and "rest" not in found and len(volumes) == 1:
        found["rest"] = volumes[0]
    return replace(request, study=None, **{**found, **_named(request)})


def volume_files_in(folder: Path) -> tuple[Path, ...]:
    """Return the NIfTI and NRRD files of a folder; none where it holds DICOM files too."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    volumes = tuple(path for path in files if is_volume_file(path))
    others = (path for path in files if path not in volumes)
    return () if volumes and any(is_dicom(path) for path in others) else volumes


def words_of_name(path: Path) -> str:
    """Return the words of a file's name in lower case with single spaces."""
    return plain_words(stem_of(path))


def _part_of(path: Path) -> str:
    """Return the field of `StudyRequest` that a file's name shows, or ""."""
    words = words_of_name(path)
    is_curve = path.suffix.lower() == ".csv"
    if word_of(T1_MAP, words) and not is_curve:
        return "t1_map"
    if is_curve and re.search(TIMES_WORDS, words):
        return "times"
    state = state_of_words(words)
    if word_of(PRE_BOLUS, words) and not is_curve:
        return "pre_bolus" if state is State.UNKNOWN else f"{state}_pre_bolus"
    if state is State.UNKNOWN:
        return ""
    if word_of(AIF, words):
        return f"{state}_aif"
    if is_curve:
        return ""
    is_mask = re.search(MASK_WORDS, words) or path.name.lower().endswith(".seg.nrrd")
    return f"{state}_mask" if is_mask else str(state)


def _named(request: StudyRequest) -> dict[str, Path]:
    return {name: path for name, path in request.given.items() if name != "study"}
