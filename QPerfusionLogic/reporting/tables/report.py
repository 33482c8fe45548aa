"""What reporting hands over: the page, the rows of the segment table and the pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from QPerfusionLogic.data.notices import Notice

from .verdict import Verdict

NAN = math.nan


@dataclass(frozen=True)
class SegmentRow:
    """One row of segments.csv; flows in mL/min/g, NaN where there is no number.

    Parameters
    ----------
    segment : int
        AHA segment 1 to 16, or 0 for a row about more than one segment.
    territory : str
        LAD, LCX or RCA; "all" in the global row.
    layer : str
        "all", "endo" or "epi" for a segment; "vessel" for a territory and "global" for the whole myocardium, both the
        mean of their segments weighted by pixels. A reserve is the ratio of the two flows of its row.
    n_pixels : int
        Pixels behind the numbers; the smaller count where stress and rest differ.
    flags : tuple of str
        Warnings and limitations: "stress:at_bound", "rest:few_pixels", "mpr_refused", "not_imaged", "one_segment".
    """

    segment: int
    territory: str
    layer: str
    stress_mbf: float = NAN
    stress_se: float = NAN
    rest_mbf: float = NAN
    rest_se: float = NAN
    mpr: float = NAN
    mpr_se: float = NAN
    n_pixels: int = 0
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """A study ready to be read.

    Parameters
    ----------
    html : str
        The whole page; it needs nothing else, neither files nor network.
    rows : tuple of SegmentRow
        16 segments (and their layers), three vessels, one global row.
    segments_csv : str
        The rows as text with the columns of the output contract.
    images : dict
        PNG files of the maps by name ("stress_mbf_slice_1", "mpr_slice_2").
    notices : tuple of Notice
        Those of the study and those that reporting added.
    verdict : Verdict
        Whether the result can be interpreted.
    """

    html: str
    rows: tuple[SegmentRow, ...]
    segments_csv: str
    images: dict[str, bytes] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    verdict: Verdict = field(default_factory=Verdict)
