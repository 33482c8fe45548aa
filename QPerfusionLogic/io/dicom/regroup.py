"""Acquisitions that a scanner spread over several series, put together again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.io.dicom.header.image_group import (
    MAXIMUM_PROTON_DENSITY_FRAMES,
    MINIMUM_FRAMES,
    ImageGroup,
)
from QPerfusionLogic.io.dicom.header.likeness import same_grid, same_preparation
from QPerfusionLogic.io.dicom.header.slice_places import slice_indices

from .frame_clock import examination_window, overlap_of
from .roles import STATIC_REASON, Role, words_of
from .series_identity import LONGEST_PAUSE_S
from .series_words import AIF, PROTON_DENSITY, word_of

SAME_BEATS = 0.8
"""Series whose times overlap by this share were acquired in the same beats."""


def with_slices_joined(groups: Sequence[ImageGroup]) -> tuple[ImageGroup, ...]:
    """Join series that hold one slice each of a stack acquired in the same beats."""
    joined: list[ImageGroup] = []
    for group in groups:
        partner = next((k for k, other in enumerate(joined) if _are_slices_of_one_stack(group, other)), None)
        if partner is None:
            joined.append(group)
            continue
        other = joined[partner]
        remark = "slices of one stack lay in series of their own and were joined"
        joined[partner] = replace(
            other,
            records=(*other.records, *group.records),
            second_echo=(*other.second_echo, *group.second_echo),
            proton_density=(*other.proton_density, *group.proton_density),
            remarks=tuple(dict.fromkeys((*other.remarks, *group.remarks, remark))),
        )
    return tuple(joined)


def with_proton_density_attached(
    groups: Sequence[ImageGroup], roles: Sequence[Role]
) -> tuple[tuple[ImageGroup, ...], tuple[Role, ...]]:
    """Give proton-density images that form a series of their own to the perfusion series of the same grid and state.

    Where no word shows them, a few images of the same slices right before the perfusion series are candidates, to be
    judged by their brightness when they are read.
    """
    kept = dict(enumerate(groups))
    for number, group in enumerate(groups):
        named = bool(word_of(PROTON_DENSITY, words_of(group)))
        if group.frames > MAXIMUM_PROTON_DENSITY_FRAMES or not (named or _may_be_unnamed(roles[number])):
            continue
        fitting = [
            k
            for k, other in kept.items()
            if roles[k].kind in (SeriesKind.TISSUE, SeriesKind.AIF)
            and not other.proton_density
            and (roles[number].state is roles[k].state or State.UNKNOWN in (roles[number].state, roles[k].state))
            and same_grid(other.first, group.first)
        ]
        derived = "DERIVED" in group.first.image_type
        fitting = [k for k in fitting if roles[number].state is roles[k].state] or fitting
        fitting = [k for k in fitting if roles[k].derived is derived] or fitting
        following = [k for k in fitting if _follows(kept[k], group)]
        fitting = following if following or not named else fitting
        fitting = _of_its_slices(group, kept, fitting)
        if len(fitting) == 1:
            remarks = ("proton-density images come from a series of their own",) if named else ()
            other = kept[fitting[0]]
            kept[fitting[0]] = replace(
                other,
                proton_density=group.records,
                density_is_named=named,
                remarks=(*other.remarks, *remarks),
            )
            del kept[number]
    return tuple(kept.values()), tuple(roles[k] for k in kept)


def _may_be_unnamed(role: Role) -> bool:
    return role.kind is SeriesKind.OTHER and role.reason == STATIC_REASON


def _follows(perfusion: ImageGroup, group: ImageGroup) -> bool:
    """Return True for a perfusion series that starts right after the images of a group."""
    before, after = examination_window(group.records), examination_window(perfusion.records)
    return before is not None and after is not None and 0.0 < after[0] - before[1] <= LONGEST_PAUSE_S


def _of_its_slices(group: ImageGroup, kept: dict[int, ImageGroup], fitting: list[int]) -> list[int]:
    """Return those of several acquisitions that have all slices of the proton-density images, and no others."""
    if len(fitting) < 2:
        return fitting
    exact = []
    for k in fitting:
        together = slice_indices([*kept[k].records, *group.records])
        count = len(kept[k].records)
        if set(together[:count].tolist()) == set(together[count:].tolist()):
            exact.append(k)
    named = [k for k in exact if bool(word_of(AIF, words_of(kept[k]))) == bool(word_of(AIF, words_of(group)))]
    return named if len(exact) > 1 else exact


def _are_slices_of_one_stack(group: ImageGroup, other: ImageGroup) -> bool:
    if group.first.series_uid == other.first.series_uid or min(group.frames, other.frames) < MINIMUM_FRAMES:
        return False
    if not (same_grid(group.first, other.first) and same_preparation(group.first, other.first)):
        return False
    if _without_numbers(words_of(group)) != _without_numbers(words_of(other)):
        return False
    together = slice_indices([*group.records, *other.records])
    own, others = set(together[: len(group.records)].tolist()), set(together[len(group.records) :].tolist())
    return not own & others and overlap_of(group.records, other.records) >= SAME_BEATS


def _without_numbers(words: str) -> str:
    return re.sub(r"\d+", "", words)
