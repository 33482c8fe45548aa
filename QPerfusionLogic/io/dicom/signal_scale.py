"""One scale of signal for all images of an acquisition, also where they come from series with scales of their own.

Displayed values are PV x RS + RI (stored value, RescaleSlope, RescaleIntercept). Philips chooses RS for each series;
what compares between series is (PV x RS + RI) / (RS x SS) with the scale slope SS (2005,xx0E).

Source: Chenevert et al., Errors in quantitative image analysis due to platform-dependent image scaling, Transl Oncol
2014. Real-world values: DICOM PS3.3 C.7.6.16.2.11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.io.dicom.header.image_group import ImageGroup
from QPerfusionLogic.io.dicom.header.image_record import ImageRecord

ScaleLine = tuple[float, float]
"""Slope and intercept from stored to used values."""


def with_one_scale(group: ImageGroup) -> tuple[ImageGroup, tuple[Notice, ...]]:
    """Return the acquisition with the slope and intercept of each image on one scale, and a notice where none is.

    Images of one displayed and one scale slope are left as they are displayed.
    """
    records = (*group.records, *group.second_echo, *group.proton_density)
    if _is_one((record.slope, record.intercept, record.philips_scale, record.real_world) for record in records):
        return group, ()
    notices: tuple[Notice, ...] = ()
    for line_of in (_philips_line, _real_world_line):
        lines = [line_of(record) for record in records]
        if all(line is not None for line in lines):
            return _with_lines(group, line_of), ()
        notices += _mixed_notices(records, lines)
    return group, notices


def _is_one(values: Iterable[object]) -> bool:
    return len(set(values)) == 1


def _philips_line(record: ImageRecord) -> ScaleLine | None:
    scale = record.philips_scale
    if not scale or not record.slope:
        return None
    return 1.0 / scale, record.intercept / (record.slope * scale)


def _real_world_line(record: ImageRecord) -> ScaleLine | None:
    return record.real_world


def _with_lines(group: ImageGroup, line_of: Callable[[ImageRecord], ScaleLine | None]) -> ImageGroup:
    def scaled(records: Sequence[ImageRecord]) -> tuple[ImageRecord, ...]:
        lines = [(record, line_of(record) or (record.slope, record.intercept)) for record in records]
        return tuple(replace(record, slope=slope, intercept=intercept) for record, (slope, intercept) in lines)

    return replace(
        group,
        records=scaled(group.records),
        second_echo=scaled(group.second_echo),
        proton_density=scaled(group.proton_density),
    )


def _mixed_notices(records: Sequence[ImageRecord], lines: Sequence[ScaleLine | None]) -> tuple[Notice, ...]:
    """Return a notice where only some images have a line and it differs from what is displayed."""
    displayed = [(record.slope, record.intercept) for record in records]
    known = [(line, shown) for line, shown in zip(lines, displayed, strict=True) if line is not None]
    if all(line == shown for line, shown in known):
        return ()
    message = (
        f"{counted(len(known), 'image')} of {len(records)} have a scale of their own between series (Philips scale "
        "slope or real-world values), the others none: signals may not compare with those of the proton-density frames"
    )
    return (Notice.of("signal-scale-mixed", message, "export the series again with all attributes"),)
