"""What lies in a DICOM path: acquisitions with their roles, or one clear line why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.study import SeriesKind, State

from .dicom_scan import Scan, scan
from .identity import without_names
from .image_group import ImageGroup, groups_of
from .regroup import with_proton_density_attached, with_slices_joined
from .roles import Role, guess_roles
from .wording import counted


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
    content = scan(path, progress)
    groups = with_slices_joined(groups_of(content.records, content.headers))
    groups, roles = with_proton_density_attached(groups, guess_roles(groups, path))
    found = tuple(Found(group, role, path) for group, role in zip(groups, roles, strict=True))
    check_content(path, content, found)
    return found


def check_content(path: Path, content: Scan, found: tuple[Found, ...]) -> None:
    """Raise `InputError` when there is nothing to work with, or a damaged file may belong to what is worked with."""
    beside = {item.group.first.series_uid for item in found if item.role.kind is SeriesKind.OTHER}
    broken = {file: item.reason for file, item in content.broken.items() if item.series_uid not in beside}
    if broken:
        file, reason = next(iter(broken.items()))
        more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
        raise InputError(f"a damaged DICOM file {file}{more} ({reason})", action="copy or export the series again")
    if content.records:
        return
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
