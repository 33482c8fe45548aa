"""The segment table: 16 segments and their layers, three vessels and the whole heart, as rows and as segments.csv."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace

from QPerfusionLogic.data.aha_model import LAYERS, SEGMENTS, TERRITORIES, TERRITORY_OF
from QPerfusionLogic.data.results import SegmentFlow, StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.pipeline.comparability import Comparability, comparability
from QPerfusionLogic.pipeline.reserve import reserve

from .quality import POOR_FIT_R2
from .report import NAN, SegmentRow

COLUMNS = tuple(item.name for item in fields(SegmentRow))
"""Columns of segments.csv, in order."""
Flows = dict[tuple[int, str], SegmentFlow]
SharedErrors = dict[str, float]
"""Column of a flow or ratio -> its error that all segments share, as a share of it."""


def segment_rows(study: StudyResult) -> tuple[SegmentRow, ...]:
    """Return the rows of the segment table.

    Parameters
    ----------
    study : StudyResult
        After kinetics; a state that was not measured leaves its columns empty.

    Returns
    -------
    tuple of SegmentRow
        Segments 1 to 16 (layer "all" always, "endo" and "epi" where measured), then LAD, LCX and RCA, then the global
        row.
    """
    stress, rest = _flows(study, State.STRESS), _flows(study, State.REST)
    check = comparability(study)
    rows = [
        _segment_row(segment, layer, stress, rest, check)
        for segment in SEGMENTS
        for layer in LAYERS
        if layer == "all" or (segment, layer) in stress or (segment, layer) in rest
    ]
    whole = [row for row in rows if row.layer == "all"]
    shared = _shared_errors(study)
    vessels = [
        _vessel_row(vessel, [row for row in whole if row.territory == vessel], stress, rest, check, shared)
        for vessel in TERRITORIES
    ]
    return (*rows, *vessels, _global_row(whole, stress, rest, check, shared))


def with_flags(rows: Sequence[SegmentRow], withheld: frozenset[str]) -> tuple[SegmentRow, ...]:
    """Return the rows with a flag for every quantity that the verdict withholds: "stress:not_interpretable"."""
    added = tuple(f"{name.removesuffix('_mbf')}:not_interpretable" for name in sorted(withheld))
    return tuple(
        replace(row, flags=(*row.flags, *added)) if added and "not_imaged" not in row.flags else row for row in rows
    )


def without_withheld(rows: Sequence[SegmentRow], withheld: frozenset[str]) -> tuple[SegmentRow, ...]:
    """Return the rows without the numbers that the verdict withholds, for archives that show no verdict."""
    errors = {name: f"{name.removesuffix('_mbf')}_se" for name in withheld}
    empty = dict.fromkeys((*errors, *errors.values()), NAN)
    return tuple(replace(row, **empty) for row in rows)  # type: ignore[arg-type]


def segments_csv(rows: Sequence[SegmentRow]) -> str:
    """Return the rows as CSV text; unknown numbers are empty, flags separated by spaces."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(getattr(row, name)) for name in COLUMNS])
    return stream.getvalue()


def _flows(study: StudyResult, state: State) -> Flows:
    result = study.states.get(state)
    if result is None or result.mapped is None:
        return {}
    return {(flow.segment, flow.layer): flow for flow in result.mapped.segments}


def error_of_mean(values: Sequence[float], errors: Sequence[float], weights: Sequence[float], shared: float) -> float:
    """Return the standard error of a weighted mean whose parts have errors of their own and one that they share.

    Parameters
    ----------
    values, errors, weights : sequences of n numbers
        Errors hold both kinds.
    shared : float
        The error that all share, as a share of each value.

    Examples
    --------
    >>> round(error_of_mean([1.0, 1.0], [0.1, 0.1], [1, 1], 0.0), 4), error_of_mean([1.0, 1.0], [0.1, 0.1], [1, 1], 0.1)
    (0.0707, 0.1)
    """
    total = sum(weights)
    own = sum(
        weight**2 * max(error**2 - (shared * value) ** 2, 0.0)
        for value, error, weight in zip(values, errors, weights, strict=True)
    )
    common = shared * sum(weight * value for value, weight in zip(values, weights, strict=True))
    return math.hypot(math.sqrt(own), common) / total


def _shared_errors(study: StudyResult) -> SharedErrors:
    stress, rest = (
        0.0 if result is None or result.mapped is None else result.mapped.input_error
        for result in (study.states.get(state) for state in (State.STRESS, State.REST))
    )
    return {"stress_mbf": stress, "rest_mbf": rest, "mpr": math.hypot(stress, rest)}


def _segment_row(segment: int, layer: str, stress: Flows, rest: Flows, check: Comparability | None) -> SegmentRow:
    one, two = stress.get((segment, layer)), rest.get((segment, layer))
    flags = [*_flow_flags("stress", one), *_flow_flags("rest", two)]
    counts = [flow.n_pixels for flow in (one, two) if flow is not None]
    if not counts:
        flags.append("not_imaged")
    numbers = (one.mbf if one else NAN, one.mbf_se if one else NAN, two.mbf if two else NAN, two.mbf_se if two else NAN)
    mpr, mpr_se, refused = _reserve(numbers, check)
    return SegmentRow(
        segment, TERRITORY_OF[segment], layer, *numbers, mpr, mpr_se, min(counts, default=0), (*flags, *refused)
    )


def _flow_flags(state: str, flow: SegmentFlow | None) -> list[str]:
    """Return the flags of one state, each behind its name; a fit that explains less than half is poor."""
    if flow is None:
        return []
    poor = ("poor_fit",) if flow.r2 < POOR_FIT_R2 else ()
    return [f"{state}:{flag}" for flag in (*flow.flags, *poor)]


def _reserve(
    numbers: tuple[float, float, float, float], check: Comparability | None
) -> tuple[float, float, tuple[str, ...]]:
    if check is not None and not check.allowed:
        return NAN, NAN, ("mpr_refused",)
    return (*reserve(*numbers), ())


def _vessel_row(
    vessel: str,
    segments: list[SegmentRow],
    stress: Flows,
    rest: Flows,
    check: Comparability | None,
    shared: SharedErrors,
) -> SegmentRow:
    """Return a territory's row: the flow of its pixels, and the reserve as the ratio of these flows."""
    numbers = (
        *mean_flow(_whole(stress, vessel), shared["stress_mbf"]),
        *mean_flow(_whole(rest, vessel), shared["rest_mbf"]),
    )
    mpr, mpr_se, refused = _reserve(numbers, check)
    flags = set(refused)
    if any(sum(_known(getattr(row, name)) for row in segments) == 1 for name in ("stress_mbf", "rest_mbf")):
        flags.add("one_segment")
    pixels = sum(row.n_pixels for row in segments)
    if not (_known(numbers[0]) or _known(numbers[2])):
        flags = {"not_imaged"}
    return SegmentRow(0, vessel, "vessel", *numbers, mpr, mpr_se, pixels, tuple(sorted(flags)))


def lowest_two(study: StudyResult, rows: Sequence[SegmentRow], vessel: str, name: str) -> tuple[float, float]:
    """Return the mean of the two lowest segments of a territory and its standard error; NaN without a number.

    The value that thresholds of coronary disease were found with (Scannell et al. 2022).

    Parameters
    ----------
    study : StudyResult
        For the error that all segments share.
    rows : sequence of SegmentRow
        The segment table.
    vessel : str
        LAD, LCX or RCA.
    name : str
        stress_mbf, rest_mbf or mpr.
    """
    error_name = f"{name.removesuffix('_mbf')}_se"
    found = sorted(
        (getattr(row, name), getattr(row, error_name))
        for row in rows
        if row.layer == "all" and row.territory == vessel and _known(getattr(row, name))
    )[:2]
    if not found:
        return NAN, NAN
    values, errors = zip(*found, strict=True)
    shared = _shared_errors(study)[name]
    return sum(values) / len(values), error_of_mean(values, errors, [1.0] * len(values), shared)


def _global_row(
    whole: list[SegmentRow], stress: Flows, rest: Flows, check: Comparability | None, shared: SharedErrors
) -> SegmentRow:
    numbers = (*mean_flow(_whole(stress), shared["stress_mbf"]), *mean_flow(_whole(rest), shared["rest_mbf"]))
    mpr, mpr_se, refused = _reserve(numbers, check)
    pixels = sum(row.n_pixels for row in whole)
    return SegmentRow(0, "all", "global", *numbers, mpr, mpr_se, pixels, refused if pixels else ("not_imaged",))


def mean_flow(flows: Iterable[SegmentFlow], shared: float) -> tuple[float, float]:
    """Return the mean flow of segments weighted by their pixels, and its standard error; NaN without any.

    Parameters
    ----------
    flows : iterable of SegmentFlow
        Those without a number or without pixels do not count.
    shared : float
        The error that all share, as a share of each flow.
    """
    known = [flow for flow in flows if _known(flow.mbf) and flow.n_pixels > 0]
    pixels = [flow.n_pixels for flow in known]
    if not known:
        return NAN, NAN
    mean = sum(flow.mbf * flow.n_pixels for flow in known) / sum(pixels)
    return mean, error_of_mean([flow.mbf for flow in known], [flow.mbf_se for flow in known], pixels, shared)


def _whole(flows: Flows, vessel: str = "") -> list[SegmentFlow]:
    """Return the flows of whole segments, of one territory where it is named."""
    return [
        flow for (segment, layer), flow in flows.items() if layer == "all" and vessel in ("", TERRITORY_OF[segment])
    ]


def _known(value: float) -> bool:
    return math.isfinite(value)


def _cell(value: float | int | str | tuple[str, ...]) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if math.isfinite(value) else ""
    if isinstance(value, tuple):
        return " ".join(value)
    return str(value)
