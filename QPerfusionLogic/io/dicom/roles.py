"""What a series was acquired for and in which state, guessed from its words and its content, with the reason."""

from __future__ import annotations

import re
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

STRESS_WORDS = r"stress|adeno|regaden|dipyr|hyperaem|hyperem|vasodil|dobut"
REST_WORDS = r"(?<![a-z])rest(?!or|ric)"
AIF_WORDS = r"(?<![a-z])aif|arterial input|input function"
PRE_BOLUS_WORDS = r"pre ?bolus|mini ?bolus|test ?bolus|low ?dose"
T1_MAP_WORDS = r"t1 ?map|(?<![a-z])t1 ?\*"
PROTON_DENSITY_WORDS = r"(?<![a-z])pd(?![a-z])|proton ?dens"
MOTION_CORRECTED_WORDS = r"moco|motion ?corr"
PERFUSION_WORDS = r"perf|first ?pass|dynamic"
SHORT_SATURATION_MS = 60.0
SMALL_DOSE = 0.5
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
    roles = [_role_by_itself(group, root) for group in groups]
    for number, group in enumerate(groups):
        if roles[number].kind is SeriesKind.TISSUE:
            reason = _why_aif_beside(
                group, [other for k, other in enumerate(groups) if k != number and roles[k].kind is SeriesKind.TISSUE]
            )
            if reason:
                roles[number] = replace(roles[number], kind=SeriesKind.AIF, reason=_join(reason, roles[number].reason))
        reason = _why_pre_bolus_beside(group, groups) if roles[number].kind is SeriesKind.TISSUE else ""
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


def plain_words(text: str) -> str:
    """Return text in lower case with single spaces between letters, digits and stars."""
    return re.sub(r"[^a-z0-9*]+", " ", text.lower()).strip()


def state_of_words(words: str) -> State:
    """Return the state that words tell; unknown where they tell none or both.

    Examples
    --------
    >>> state_of_words("perf sax stress"), state_of_words("restore t2"), state_of_words("rest stress")
    (<State.STRESS: 'stress'>, <State.UNKNOWN: 'unknown'>, <State.UNKNOWN: 'unknown'>)
    """
    stress, rest = re.search(STRESS_WORDS, words), re.search(REST_WORDS, words)
    if bool(stress) == bool(rest):
        return State.UNKNOWN
    return State.STRESS if stress else State.REST


def _role_by_itself(group: ImageGroup, root: Path) -> Role:
    words = words_of(group)
    state, state_reason = _state_of(group, root)
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
    derived = bool(re.search(MOTION_CORRECTED_WORDS, words))
    kind, reason = _dynamic_kind(group, words)
    return Role(kind, state, _join(reason, state_reason, "motion corrected" if derived else ""), derived)


def _dynamic_kind(group: ImageGroup, words: str) -> tuple[SeriesKind, str]:
    for kind, pattern in ((SeriesKind.AIF, AIF_WORDS), (SeriesKind.PRE_BOLUS, PRE_BOLUS_WORDS)):
        match = re.search(pattern, words)
        if match:
            return kind, f"'{match.group()}' in its description"
    if group.second_echo:
        return SeriesKind.AIF, "two echoes"
    return SeriesKind.TISSUE, f"{group.frames} frames of {counted(group.slices, 'slice')}"


def _static_role(words: str, image_type: set[str], state: State) -> Role:
    match = re.search(T1_MAP_WORDS, words)
    if match or image_type & {"T1", "T1_MAP", "T1 MAP"}:
        return Role(
            SeriesKind.T1_MAP, state, f"'{match.group()}' in its description" if match else "T1 in its ImageType"
        )
    if re.search(PROTON_DENSITY_WORDS, words):
        return Role(SeriesKind.OTHER, state, "proton-density images")
    return Role(SeriesKind.OTHER, state, STATIC_REASON)


def _state_of(group: ImageGroup, root: Path) -> tuple[State, str]:
    """Return the state and its reason from the first text that tells one, the most particular text first."""
    tags = Tags(group.header)
    texts = (
        (tags.text("SeriesDescription"), "description"),
        (group.first.comments, "comments"),
        (tags.text("StageName"), "stage name"),
        (tags.text("ProtocolName"), "protocol name"),
        (_drugs(group.header), "intervention tags"),
        (_folders_between(root, group.first.path), "folder's name"),
    )
    for text, place in texts:
        words = plain_words(text)
        state = state_of_words(words)
        match = re.search(STRESS_WORDS if state is State.STRESS else REST_WORDS, words)
        if state is not State.UNKNOWN and match:
            return state, f"'{match.group()}' in its {place}"
    return State.UNKNOWN, ""


def _folders_between(root: Path, file: Path) -> str:
    return " ".join(file.parent.relative_to(root).parts) if root in file.parents else ""


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
    if running_clocks(group)[0] or re.search(PERFUSION_WORDS, words):
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
        if group.first.series_uid != other.first.series_uid and overlap_of(group.records, other.records) <= 0.5:
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


def _why_pre_bolus_beside(group: ImageGroup, others: Sequence[ImageGroup]) -> str:
    """Return why a group is the pre-bolus of a later one of the same grid, or ""."""
    dose, own = _dose(group), examination_window(group.records)
    for other in others:
        more, later = _dose(other), examination_window(other.records)
        if dose is None or more is None or own is None or later is None or not same_grid(group.first, other.first):
            continue
        if dose <= SMALL_DOSE * more and own[1] <= later[0]:
            return f"contrast dose {dose:g} before one of {more:g}"
    return ""


def _dose(group: ImageGroup) -> float | None:
    return Tags(group.header).number("ContrastBolusTotalDose", "ContrastBolusVolume")


def _join(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)
