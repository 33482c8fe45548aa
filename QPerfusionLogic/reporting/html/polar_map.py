"""The AHA-16 polar map as SVG: one coloured sector per segment with its number, vessel territories outlined."""

from __future__ import annotations

import math
from collections.abc import Mapping

from QPerfusionLogic.data.aha_model import APICAL_EDGE, CENTRE_EDGE, SEGMENT_NAMES, SEGMENTS, sector
from QPerfusionLogic.reporting.tables.colour_table import ColourTable

_SIZE, _CENTRE, _RADIUS = 300.0, 150.0, 127.0
_FONT = 'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"'
_VESSEL_PLACES = (("LAD", 135.0), ("RCA", 240.0), ("LCX", 38.0))
_BORDERS = (
    *((angle, APICAL_EDGE, 1.0) for angle in (60.0, 180.0, 300.0)),
    *((angle, CENTRE_EDGE, APICAL_EDGE) for angle in (45.0, 225.0, 315.0)),
)
_TEXT_SHIFT = {1.0: -0.02, 0.71: 0.0, APICAL_EDGE: 0.04}
"""Outer radius of a ring -> how far its numbers stand off the middle of the ring."""
_BORDER_ARCS = ((45.0, 60.0), (180.0, 225.0), (300.0, 315.0))


def polar_map(
    values: Mapping[int, float], table: ColourTable, title: str, uncertain: frozenset[int] = frozenset()
) -> str:
    """Return the polar map as an SVG element.

    Parameters
    ----------
    values : mapping of int to float
        Value of each segment 1 to 16; absent or NaN segments are drawn pale with a dash.
    table : ColourTable
        Fixed colours.
    title : str
        Read out by screen readers.
    uncertain : set of int
        Segments marked with an asterisk.
    """
    sectors = "".join(
        _sector(segment, values.get(segment, math.nan), table, segment in uncertain) for segment in SEGMENTS
    )
    vessels = "".join(_vessel(name, angle) for name, angle in _VESSEL_PLACES)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE:g} {_SIZE:g}" role="img" aria-label="{title}" '
        f"{_FONT}>{sectors}{_borders()}{vessels}</svg>"
    )


def _sector(segment: int, value: float, table: ColourTable, uncertain: bool) -> str:
    place = sector(segment)
    known = math.isfinite(value)
    text = f"{value:.2f}" if known else "–"
    mark = " *" if uncertain else ""
    middle = (place.start_deg + place.stop_deg) / 2
    x, y = _point((place.inner + place.outer) / 2 + _TEXT_SHIFT[place.outer], middle)
    ink = table.ink(value)
    shape = (
        f"M{_at(place.outer, place.start_deg)}A{_ring(place.outer)} 0 0 0 {_at(place.outer, place.stop_deg)}"
        f"L{_at(place.inner, place.stop_deg)}A{_ring(place.inner)} 0 0 1 {_at(place.inner, place.start_deg)}Z"
    )
    unit = f" {table.unit}" if table.unit and known else ""
    return (
        f'<path d="{shape}" fill="{table.hexadecimal(value)}" stroke="#ffffff" stroke-width="1.5">'
        f"<title>{segment} {SEGMENT_NAMES[segment]}: {text}{unit}{mark}</title></path>"
        f'<text x="{x:.1f}" y="{y + 2:.1f}" text-anchor="middle" font-size="12.5" font-weight="600" fill="{ink}">'
        f"{text}</text>"
        f'<text x="{x:.1f}" y="{y + 13:.1f}" text-anchor="middle" font-size="8.5" fill="{ink}" fill-opacity="0.85">'
        f"{segment}{mark}</text>"
    )


def _borders() -> str:
    lines = "".join(f"M{_at(inner, angle)}L{_at(outer, angle)}" for angle, inner, outer in _BORDERS)
    arcs = "".join(
        f"M{_at(APICAL_EDGE, start)}A{_ring(APICAL_EDGE)} 0 0 0 {_at(APICAL_EDGE, stop)}"
        for start, stop in _BORDER_ARCS
    )
    return f'<path d="{lines}{arcs}" stroke="#111827" stroke-width="2.2" fill="none" stroke-linecap="round"/>'


def _vessel(name: str, angle_deg: float) -> str:
    x, y = _point(1.1, angle_deg)
    return (
        f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" font-size="11.5" font-weight="600" '
        f'fill="#52606d">{name}</text>'
    )


def _point(share: float, angle_deg: float) -> tuple[float, float]:
    angle = math.radians(angle_deg)
    return _CENTRE + share * _RADIUS * math.cos(angle), _CENTRE - share * _RADIUS * math.sin(angle)


def _at(share: float, angle_deg: float) -> str:
    x, y = _point(share, angle_deg)
    return f"{x:.2f} {y:.2f}"


def _ring(share: float) -> str:
    return f"{share * _RADIUS:.2f} {share * _RADIUS:.2f}"
