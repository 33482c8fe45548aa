"""What a series was acquired for and in which state, guessed from its words and its content, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.io.dicom.header.image_group import MINIMUM_FRAMES, ImageGroup
from QPerfusionLogic.io.dicom.header.image_record import TRIGGER_TIME
from QPerfusionLogic.io.dicom.header.likeness import alike, kind_of_image, same_grid, same_preparation
from QPerfusionLogic.io.dicom.header.tags import Tags

from .frame_clock import clock_times, examination_window, overlap_of, repeated_times, running_clocks
from .series_words import (
    AIF,
    LOW_DOSE,
    MOTION_CORRECTED,
    PERFUSION,
    PRE_BOLUS,
    PROTON_DENSITY,
    T1_MAP,
    plain_words,
    state_and_word,
    word_of,
)

SHORT_SATURATION_MS = 60.0
SMALL_DOSE = 0.5
SAME_TIME = 0.5
"""Series whose times overlap by a smaller share were acquired apart."""
STATIC_REASON = f"fewer than {MINIMUM_FRAMES} frames"


@dataclass(frozen=True)
class Role:
    """Kind and state of a group, and why."""

    kind: SeriesKind
    state: State = State.UNKNOWN
    reason: str = ""
    derived: bool = False
    """True for images computed from others, such as motion-corrected ones."""


def guess_roles(groups: Sequence[ImageGroup], root: Path) -> tuple[Role, ...]:
    """Return the role of each group found under a path, judged first by itself and then beside the others."""
    shared = _shared_texts(groups, root)
    roles = [_role_by_itself(group, root, shared) for group in groups]
    for number, group in enumerate(groups):
        if roles[number].kind is SeriesKind.TISSUE:
            reason = _why_aif_beside(
                group, [other for k, other in enumerate(groups) if k != number and roles[k].kind is SeriesKind.TISSUE]
            )
            if reason:
                roles[number] = replace(roles[number], kind=SeriesKind.AIF, reason=_join(reason, roles[number].reason))
        others = [
            other for k, other in enumerate(groups) if k != number and _may_be_main(roles[k], roles[number].state)
        ]
        reason = _why_pre_bolus_beside(group, others) if roles[number].kind is SeriesKind.TISSUE else ""
        if reason:
            roles[number] = replace(
                roles[number], kind=SeriesKind.PRE_BOLUS, reason=_join(reason, roles[number].reason)
            )
    return tuple(_with_derived(groups, roles))


def _with_derived(groups: Sequence[ImageGroup], roles: Sequence[Role]) -> list[Role]:
    """Mark images that are derived by their type and have an original of the same grid and times beside them."""
    dynamic = [k for k, role in enumerate(roles) if role.kind in (SeriesKind.TISSUE, SeriesKind.AIF)]
    originals = [groups[k] for k in dynamic if not roles[k].derived and "DERIVED" not in groups[k].first.image_type]
    marked = list(roles)
    for number in dynamic:
        group = groups[number]
        if roles[number].derived or "DERIVED" not in group.first.image_type:
            continue
        if any(
            same_grid(group.first, other.first) and overlap_of(group.records, other.records) > 0.5
            for other in originals
        ):
            reason = _join(roles[number].reason, "derived from images beside it")
            marked[number] = replace(roles[number], derived=True, reason=reason)
    return marked


def words_of(group: ImageGroup) -> str:
    """Return all words that describe a group, in lower case with single spaces."""
    tags = Tags(group.header)
    parts = [tags.text(keyword) for keyword in ("SeriesDescription", "ProtocolName", "StageName", "SequenceName")]
    parts.append(group.first.comments)
    parts.extend(group.first.image_type)
    return plain_words(" ".join(parts))


@dataclass(frozen=True)
class _Shared:
    """Texts that several acquisitions have in common, so that they distinguish none of them."""

    protocol: str = ""
    folders: tuple[str, ...] = ()


def _shared_texts(groups: Sequence[ImageGroup], root: Path) -> _Shared:
    """Return what all dynamic groups share, where some of them were acquired apart."""
    dynamic = [group for group in groups if group.frames >= MINIMUM_FRAMES]
    if not any(overlap_of(dynamic[0].records, other.records) <= SAME_TIME for other in dynamic[1:]):
        return _Shared()
    protocols = {Tags(group.header).text("ProtocolName") for group in dynamic}
    folders = [_folders_between(root, group.first.path) for group in dynamic]
    common = [part for part in folders[0] if all(part in other for other in folders)]
    return _Shared(protocols.pop() if len(protocols) == 1 else "", tuple(common))


def _role_by_itself(group: ImageGroup, root: Path, shared: _Shared) -> Role:
    words = words_of(group)
    state, state_reason = _state_of(group, root, shared)
    image_type = set(group.first.image_type)
    if "MOSAIC" in image_type:
        return Role(SeriesKind.OTHER, state, "Siemens mosaic: slices are tiled in one image and their times are lost")
    if kind_of_image(group.first) not in ("magnitude", "moco"):
        return Role(SeriesKind.OTHER, state, "not magnitude images")
    if group.frames < MINIMUM_FRAMES:
        return _static_role(words, image_type, state)
    reason = _reason_not_dynamic(group, words)
    if reason:
        return Role(SeriesKind.OTHER, state, reason)
    derived = bool(word_of(MOTION_CORRECTED, words))
    kind, reason = _dynamic_kind(group, shared)
    return Role(kind, state, _join(reason, state_reason, "motion corrected" if derived else ""), derived)


def _dynamic_kind(group: ImageGroup, shared: _Shared) -> tuple[SeriesKind, str]:
    """Return the kind by the first text that names one; a description of perfusion wins over a protocol's name."""
    tags = Tags(group.header)
    description, protocol = tags.text("SeriesDescription"), tags.text("ProtocolName")
    texts = [(description, "description"), (group.first.comments, "comments"), (tags.text("StageName"), "stage name")]
    if protocol != shared.protocol and not word_of(PERFUSION, plain_words(description)):
        texts.append((protocol, "protocol name"))
    for text, place in texts:
        for kind, meaning in ((SeriesKind.AIF, AIF), (SeriesKind.PRE_BOLUS, PRE_BOLUS)):
            word = word_of(meaning, plain_words(text))
            if word:
                return kind, f"'{word}' in its {place}"
    if group.second_echo:
        return SeriesKind.AIF, "two echoes"
    return SeriesKind.TISSUE, f"{group.frames} frames of {counted(group.slices, 'slice')}"


def _static_role(words: str, image_type: set[str], state: State) -> Role:
    word = word_of(T1_MAP, words)
    if word or image_type & {"T1", "T1_MAP", "T1 MAP"}:
        return Role(SeriesKind.T1_MAP, state, f"'{word}' in its description" if word else "T1 in its ImageType")
    if word_of(PROTON_DENSITY, words):
        return Role(SeriesKind.OTHER, state, "proton-density images")
    return Role(SeriesKind.OTHER, state, STATIC_REASON)


def _state_of(group: ImageGroup, root: Path, shared: _Shared) -> tuple[State, str]:
    """Return the state and its reason from the first text that shows one, the most particular text first."""
    tags, folders = Tags(group.header), _folders_between(root, group.first.path)
    texts = (
        (tags.text("SeriesDescription"), "description"),
        (group.first.comments, "comments"),
        (tags.text("StageName"), "stage name"),
        (tags.text("ProtocolName"), "protocol name"),
        (_drugs(group.header), "intervention tags"),
        (" ".join(folder for folder in folders if folder not in shared.folders), "folder's name"),
    )
    for text, place in texts:
        state, word = state_and_word(plain_words(text))
        if state is not State.UNKNOWN:
            return state, f"'{word}' in its {place}"
    return State.UNKNOWN, ""


def _folders_between(root: Path, file: Path) -> tuple[str, ...]:
    return file.parent.relative_to(root).parts if root in file.parents else ()


def _drugs(header: Any) -> str:
    """Return the drugs that the intervention tags name."""
    texts = []
    for keyword in ("InterventionDrugInformationSequence", "InterventionSequence"):
        for item in header.get(keyword) or []:
            texts.append(Tags(item).text("InterventionDrugName"))
            codes = item.get("InterventionDrugCodeSequence") or []
            texts.extend(Tags(code).text("CodeMeaning") for code in codes)
    return " ".join(texts)


def _reason_not_dynamic(group: ImageGroup, words: str) -> str:
    """Return why many images of one slice are no first pass (a cine, echoes), or ""."""
    of_first_slice = [group.records[index] for index in np.flatnonzero(group.slice_index == 0)]
    if len(alike(of_first_slice, same_preparation)) > 1:
        return "the inversion time or flip angle changes from image to image"
    if running_clocks(group)[0] or word_of(PERFUSION, words):
        return ""
    if len({record.temporal_position for record in group.records}) >= MINIMUM_FRAMES:
        return ""
    times = clock_times(group.records, TRIGGER_TIME)[group.slice_index == 0]
    if np.isfinite(times).all() and len(np.unique(times)) >= MINIMUM_FRAMES:
        step_ms = 1000.0 * float(np.median(np.diff(np.unique(times))))
        return f"a cine: phases {step_ms:.0f} ms apart in one heart beat"
    return repeated_times(group) or "no clock runs with its images"


def _why_aif_beside(group: ImageGroup, others: Sequence[ImageGroup]) -> str:
    """Return why a group is the AIF acquisition of one of the others, or ""."""
    for other in others:
        if group.first.series_uid != other.first.series_uid and overlap_of(group.records, other.records) <= SAME_TIME:
            continue
        inversion, beside = group.first.inversion_time_ms, other.first.inversion_time_ms
        if inversion is not None and beside is not None and inversion < SHORT_SATURATION_MS < beside:
            return f"saturation time {inversion:g} ms beside {beside:g} ms"
        pixels, more = group.first.rows * group.first.columns, other.first.rows * other.first.columns
        if pixels <= 0.5 * more:
            return (
                f"{group.first.rows} x {group.first.columns} pixels beside {other.first.rows} x {other.first.columns}"
            )
    return ""


def _may_be_main(role: Role, state: State) -> bool:
    """Return True for a perfusion series whose pre-bolus a series of this state can be."""
    return role.kind is SeriesKind.TISSUE and (State.UNKNOWN in (role.state, state) or role.state is state)


def _why_pre_bolus_beside(group: ImageGroup, others: Sequence[ImageGroup]) -> str:
    """Return why a group is the pre-bolus of a later one of the same grid, or "".

    A small dose by its words alone, such as that of a low-dose protocol, makes no pre-bolus: a later series whose words
    name no small dose has to follow.
    """
    word, own = _small_dose_word(group), examination_window(group.records)
    for other in others:
        later = examination_window(other.records)
        if own is None or later is None or own[1] > later[0] or not same_grid(group.first, other.first):
            continue
        dose, more = _dose(group), _dose(other)
        if dose is not None and more is not None:
            if dose <= SMALL_DOSE * more:
                return f"contrast dose {dose:g} before one of {more:g}"
        elif word and not _small_dose_word(other):
            return f"'{word}' in its description and a series without these words after it"
    return ""


def _small_dose_word(group: ImageGroup) -> str:
    return word_of(LOW_DOSE, plain_words(Tags(group.header).text("SeriesDescription")))


def _dose(group: ImageGroup) -> float | None:
    return Tags(group.header).number("ContrastBolusTotalDose", "ContrastBolusVolume")


def _join(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)
