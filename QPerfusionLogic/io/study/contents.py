"""What lies in a DICOM path: acquisitions with their roles, or one clear line why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.dicom.dicom_scan import Broken, Scan, scan
from QPerfusionLogic.io.dicom.header.identity import without_names
from QPerfusionLogic.io.dicom.header.image_group import ImageGroup, groups_of
from QPerfusionLogic.io.dicom.regroup import with_proton_density_attached, with_slices_joined
from QPerfusionLogic.io.dicom.roles import Role, guess_roles
from QPerfusionLogic.io.dicom.series_identity import series_of, whole_uid
from QPerfusionLogic.progress import Progress


@dataclass(frozen=True)
class Found:
    """One acquisition with its role and the path it was found under."""

    group: ImageGroup
    role: Role
    path: Path

    @property
    def name(self) -> str:
        """Series number and description, for messages; without the patient's name."""
        header = self.group.header
        description = without_names(str(header.get("SeriesDescription", "")), header)
        return f"{header.get('SeriesNumber', '?')} '{description}'"

    def fits(self, kind: SeriesKind, state: State | None = None) -> bool:
        """Return True for acquisitions of a kind, and of a state where one is asked for."""
        return self.role.kind is kind and (state is None or self.role.state is state)


def contents_of(path: Path, progress: Progress) -> tuple[Found, ...]:
    """Return all MR acquisitions under a path.

    Raises
    ------
    InputError
        When there is no DICOM MR image, or a file of a series that matters is damaged.
    """
    content, found = scanned(path, progress)
    beside = {whole_uid(item.group.first.series_uid) for item in found if item.role.kind is SeriesKind.OTHER}
    _refuse_damaged({file: item for file, item in content.broken.items() if item.series_uid not in beside})
    return found


def scanned(path: Path, progress: Progress) -> tuple[Scan, tuple[Found, ...]]:
    """Return what was read under a path, damaged files included, and the MR acquisitions in it.

    Raises
    ------
    InputError
        When there is no readable DICOM MR image.
    """
    content = scan(path, progress)
    groups = with_slices_joined(acquisitions_of(content))
    groups, roles = with_proton_density_attached(groups, guess_roles(groups, path))
    found = tuple(Found(group, role, path) for group, role in zip(groups, roles, strict=True))
    if not found:
        _refuse_damaged(content.broken)
        _refuse_empty(path, content)
    return content, found


def acquisitions_of(content: Scan) -> tuple[ImageGroup, ...]:
    """Return the acquisitions of everything that was read."""
    groups: list[ImageGroup] = []
    for series in series_of(content.records):
        found = groups_of([series.records], content.header_of)
        groups.extend(replace(group, remarks=(*series.remarks, *group.remarks)) for group in found)
    return tuple(groups)


def damage(broken: Mapping[Path, Broken]) -> str:
    """Return a few words on damaged files: the first, how many more, and why it cannot be used."""
    file, first = next(iter(broken.items()))
    more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
    return f"a damaged DICOM file {file}{more} ({first.reason})"


def _refuse_damaged(broken: Mapping[Path, Broken]) -> None:
    if broken:
        raise InputError(damage(broken), action="copy or export the series again")


def _refuse_empty(path: Path, content: Scan) -> None:
    if content.files == 0:
        raise InputError(
            f"an empty folder {path}", expected="DICOM files of a perfusion study", action="check the path"
        )
    if content.other_modalities:
        kinds = ", ".join(f"{count} {modality}" for modality, count in sorted(content.other_modalities.items()))
        raise InputError(
            f"{kinds} images in {path}", expected="MR images", action="give the folder of the MR perfusion"
        )
    raise InputError(
        f"{counted(content.files, 'file')} but no DICOM image in {path}",
        expected="DICOM files, or one .nii.gz, .nrrd or .seq.nrrd by --stress or --rest",
        action="check the path",
    )
