"""Sections of the report that show the heart: flow maps, polar maps, contours and motion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from QPerfusionLogic.data.aha_model import level_of
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.results import Segmented, StateResult, StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.pipeline.comparability import comparability
from QPerfusionLogic.reporting.tables.colour_table import ColourTable, colour_table
from QPerfusionLogic.reporting.tables.report import SegmentRow

from .markup import figure, image, legend, section
from .motion_section import motion_part
from .pictures import anatomy, contour_picture, crop_box, map_picture
from .polar_map import polar_map

Images = dict[str, bytes]


def flow_pictures(study: StudyResult) -> Images:
    """Return PNG pictures of MBF per state and slice and of the reserve, by name."""
    found: Images = {}
    for state, result in study.states.items():
        if result.mapped is not None:
            values = _in_myocardium(result, result.mapped.maps["mbf"])
            found |= _pictures(f"{state}_mbf", result, values, colour_table("MBF"))
    stress, check = study.states.get(State.STRESS), comparability(study)
    if study.mpr_map is not None and stress is not None and check is not None and check.allowed:
        found |= _pictures("mpr", stress, np.asarray(study.mpr_map), colour_table("MPR"))
    return found


def slice_name(segmented: Segmented | None, index: int) -> str:
    """Return number and level of a slice: "slice 2, mid"."""
    level = "" if segmented is None else level_of(segmented.segments[index])
    return f"slice {index + 1}, {level}" if level else f"slice {index + 1}"


def flow_map_section(pictures: Images, names: Sequence[str] = (), withheld: frozenset[str] = frozenset()) -> str:
    """Return the flow maps: one row a slice, stress and rest side by side, then the reserve."""
    columns = [
        (name, label)
        for name, label in (
            ("stress_mbf", "Stress MBF"),
            ("rest_mbf", "Rest MBF"),
            ("mpr", "MPR"),
            ("unknown_mbf", "MBF"),
        )
        if any(key.startswith(f"{name}_slice_") for key in pictures)
    ]
    if not columns:
        return ""
    slices = max(int(key.rsplit("_", 1)[1]) for key in pictures)
    cells = ['<div class="head corner"></div>'] + [f'<div class="head">{label}</div>' for _, label in columns]
    for index in range(1, slices + 1):
        side = names[index - 1] if index <= len(names) else f"slice {index}"
        cells.append(f'<div class="side">{side}</div>')
        for name, label in columns:
            content = pictures.get(f"{name}_slice_{index}")
            grey = ' class="withheld"' if name in withheld else ""
            picture = figure(image(content, f"{label}, slice {index}")) if content else ""
            cells.append(f"<div{grey}>{picture}</div>")
    legends = legend(colour_table("MBF")) + (legend(colour_table("MPR")) if columns[-1][0] == "mpr" else "")
    return section(
        "Blood flow maps",
        f'<div class="legends">{legends}</div>',
        f'<div class="maps" style="--columns:{len(columns)}">{"".join(cells)}</div>',
        '<p class="note">Flow of every myocardial pixel over the mean image after the LV peak. Same fixed colours for '
        "all patients, stress and rest; pixels are not smoothed; myocardium (thin outline) without colour was "
        "trimmed against partial volume or has no flow value, see the status map. Blood of the ventricle is taken out "
        "of pixels that hold some.</p>",
    )


def polar_maps(
    rows: Sequence[SegmentRow],
    uncertain: dict[str, frozenset[int]],
    withheld: frozenset[str] = frozenset(),
) -> str:
    """Return the polar maps of stress, rest and reserve, those that were measured."""
    whole = [row for row in rows if row.layer == "all"]
    panels = []
    for name, title, colours in (
        ("stress_mbf", "Stress MBF (mL/min/g)", "MBF"),
        ("rest_mbf", "Rest MBF (mL/min/g)", "MBF"),
        ("mpr", "MPR (stress / rest)", "MPR"),
    ):
        values = {row.segment: getattr(row, name) for row in whole}
        if np.isfinite(list(values.values())).any():
            picture = polar_map(values, colour_table(colours), title, uncertain.get(name, frozenset()))
            grey = ' class="withheld"' if name in withheld else ""
            panels.append(f"<div{grey}><h3>{title}</h3>{figure(picture)}</div>")
    if not panels:
        return ""
    return (
        f'<div class="three polar">{"".join(panels)}</div>'
        '<p class="note">AHA 16 segments: basal outside, apical inside, anterior wall on top, septum left; dark '
        "lines separate the usual territories of LAD, RCA and LCX. Pale: not measured. An asterisk: see its flags in "
        "the table.</p>"
    )


def placement_section(study: StudyResult) -> str:
    """Return where it was measured: contours on every slice, and the motion before and after registration."""
    parts = []
    for state, result in study.states.items():
        if result.segmented is not None:
            parts.append(f"<h3>Contours, {state} ({result.segmented.source})</h3>{_contours(result, state)}")
    if parts:
        parts.append(
            f'<p class="note key">Outlines:{_swatch("#ffb000")}myocardium{_swatch("#ff465a")}LV blood'
            f"{_swatch('#56b4e9')}RV blood{_swatch('#52606d')}AIF region (white in the picture); green dots: RV "
            "insertion points.</p>"
        )
    parts.append(motion_part(study))
    return section("Where it was measured", *parts)


def _swatch(colour: str) -> str:
    return f'<i class="swatch" style="border-color:{colour}"></i>'


def _in_myocardium(result: StateResult, values: FloatArray) -> FloatArray:
    if result.segmented is None:
        return values
    return np.where(result.segmented.segments > 0, values, np.nan)


def _pictures(name: str, result: StateResult, values: FloatArray, colours: ColourTable) -> Images:
    box, underlay = crop_box(result), anatomy(result)
    wall = result.segmented.labels == 1 if result.segmented is not None else np.zeros(values.shape, dtype=bool)
    return {
        f"{name}_slice_{index + 1}": map_picture(underlay[index], values[index], colours, box, wall[index])
        for index in range(min(len(values), len(underlay)))
    }


def _contours(result: StateResult, state: State) -> str:
    segmented = result.segmented
    if segmented is None:
        return ""
    box, underlay = crop_box(result), anatomy(result)
    shown = []
    for index in range(len(segmented.labels)):
        picture = contour_picture(
            underlay[index],
            segmented.labels[index],
            segmented.aif_region[index],
            segmented.insertion_points[index],
            box,
        )
        confidence = float(segmented.confidence[index])
        caption = slice_name(segmented, index)
        caption += f", confidence {confidence:.0%}" if np.isfinite(confidence) else ""
        shown.append(figure(image(picture, f"contours of {state}, slice {index + 1}"), caption))
    return f'<div class="pictures">{"".join(shown)}</div>'
