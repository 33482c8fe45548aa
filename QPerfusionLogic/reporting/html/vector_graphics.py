"""Draw line charts, scatter plots and bands as SVG text, for reports that open anywhere without a plotting library."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

INK, MUTED, GRID = "#1f2933", "#52606d", "#e4e7eb"
BLUE, ORANGE, GREEN, PINK, SKY, GREY = "#0072b2", "#d55e00", "#00805e", "#b0578d", "#56b4e9", "#7b8794"
"""Colours of Okabe and Ito (2008), darkened where thin lines need the contrast; distinguished by the colour-blind."""
_CHARACTER = 0.6
"""Mean width of a character of the sans-serif font in units of its size."""


@dataclass(frozen=True)
class _Mark:
    """One thing to draw, in data coordinates."""

    kind: str
    x: NDArray[Any]
    y: NDArray[Any]
    colour: str
    label: str = ""
    width: float = 1.8
    dash: str = ""
    upper: NDArray[Any] | None = None
    opacity: float = 1.0


@dataclass
class Chart:
    """A chart with two axes that collects marks and writes itself as SVG.

    Parameters
    ----------
    x_label, y_label : str
        Axis titles, with unit.
    title : str
        Shown above the chart and read out by screen readers.
    width, height : float
        Size in px of the view box; the picture scales with its container.
    x_range, y_range : (low, high), optional
        Fixed axis limits; from the marks otherwise.
    compact : bool
        Small multiples: smaller type, fewer ticks, no legend.

    Examples
    --------
    >>> chart = Chart("time (s)", "gadolinium (mmol/L)", "Blood")
    >>> chart.line([0.0, 1.0, 2.0], [0.0, 5.0, 2.0], BLUE, "AIF").svg().startswith("<svg")
    True
    """

    x_label: str
    y_label: str
    title: str = ""
    width: float = 460.0
    height: float = 270.0
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    compact: bool = False
    _marks: list[_Mark] = field(default_factory=list)

    def line(
        self, x: ArrayLike, y: ArrayLike, colour: str = BLUE, label: str = "", width: float = 1.8, dash: str = ""
    ) -> Chart:
        """Add a line; it breaks where a value is not finite."""
        return self._add("line", x, y, colour, label, width=width, dash=dash)

    def points(self, x: ArrayLike, y: ArrayLike, colour: str = BLUE, label: str = "", radius: float = 2.6) -> Chart:
        """Add dots."""
        return self._add("points", x, y, colour, label, width=radius)

    def band(self, x: ArrayLike, lower: ArrayLike, upper: ArrayLike, colour: str = BLUE, label: str = "") -> Chart:
        """Add a shaded band between two curves."""
        return self._add("band", x, lower, colour, label, upper=np.asarray(upper, dtype=float), opacity=0.2)

    def horizontal(self, value: float, colour: str = MUTED, label: str = "", dash: str = "5 4") -> Chart:
        """Add a line across the whole width."""
        return self._add("horizontal", [], [value], colour, label, width=1.3, dash=dash)

    def vertical(self, value: float, colour: str = MUTED, label: str = "", dash: str = "5 4") -> Chart:
        """Add a line over the whole height."""
        return self._add("vertical", [value], [], colour, label, width=1.3, dash=dash)

    def strip(self, low: float, high: float, colour: str = GREY, label: str = "") -> Chart:
        """Shade everything between two values of x."""
        return self._add("strip", [low, high], [], colour, label, opacity=0.12)

    def svg(self) -> str:
        """Return the chart as an SVG element."""
        return _Drawing(self, [mark for mark in self._marks if not _is_empty(mark)]).text()

    def _add(self, kind: str, x: ArrayLike, y: ArrayLike, colour: str, label: str, **style: Any) -> Chart:
        self._marks.append(_Mark(kind, np.asarray(x, dtype=float), np.asarray(y, dtype=float), colour, label, **style))
        return self


def nice_ticks(low: float, high: float, count: int = 5) -> NDArray[np.floating[Any]]:
    """Return about `count` round numbers inside [low, high].

    Examples
    --------
    >>> nice_ticks(0.0, 4.3).tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    raw = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = min((factor * power for factor in (1.0, 2.0, 5.0, 10.0)), key=lambda size: abs(size - raw))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return np.round(np.arange(first, last + 1) * step, 12)


def tick_text(value: float) -> str:
    """Return a tick label without needless digits, with a true minus sign."""
    return f"{value:g}".replace("-", "−")


def text_width(text: str, size: float) -> float:
    """Return the approximate width in px of a text set in the report's font."""
    return len(text) * size * _CHARACTER


def _is_empty(mark: _Mark) -> bool:
    values = np.concatenate([mark.x.ravel(), mark.y.ravel()])
    return values.size == 0 or not np.isfinite(values).any()


def _widened(limits: tuple[float, float] | None) -> tuple[float, float] | None:
    """Return limits that lie apart: a chart of equal values has no range of its own."""
    if limits is None or limits[1] > limits[0]:
        return limits
    reach = 0.1 * abs(limits[0]) or 0.1
    return limits[0] - reach, limits[0] + reach


class _Drawing:
    """The pixels of one chart: margins, scales, axes, marks and legend."""

    def __init__(self, chart: Chart, marks: Sequence[_Mark]) -> None:
        self.chart, self.marks = chart, marks
        self.size = 9.5 if chart.compact else 11.5
        self.x_low, self.x_high = _widened(chart.x_range) or _limits([mark.x for mark in marks], pad=0.0)
        heights = [mark.y for mark in marks] + [mark.upper for mark in marks if mark.upper is not None]
        self.y_low, self.y_high = _widened(chart.y_range) or _limits(heights, pad=0.05)
        self.legend_rows = [] if chart.compact else self._legend_rows()
        ticks = nice_ticks(self.y_low, self.y_high, self._tick_count(chart.height, 48))
        self.y_ticks = ticks
        widest = max((text_width(tick_text(tick), self.size) for tick in ticks), default=20.0)
        self.left = widest + (16 if chart.y_label else 6) + self.size
        self.right = chart.width - 10
        self.top = 8 + (self.size * 1.7 if chart.title else 0) + len(self.legend_rows) * self.size * 1.6
        self.bottom = chart.height - self.size * (3.3 if chart.x_label else 1.9)

    def text(self) -> str:
        """Return the SVG element."""
        chart = self.chart
        name = escape(chart.title or f"{chart.y_label} against {chart.x_label}", quote=True)
        body = "".join(self._mark(mark) for mark in self.marks)
        clip = f"clip{zlib.crc32((name + body).encode()):08x}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {chart.width:g} {chart.height:g}" role="img" '
            f'aria-label="{name}" font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" '
            f'font-size="{self.size:g}" fill="{INK}">'
            f'<clipPath id="{clip}"><rect x="{self.left:.1f}" y="{self.top:.1f}" '
            f'width="{self.right - self.left:.1f}" height="{self.bottom - self.top:.1f}"/></clipPath>'
            f'{self._axes()}<g clip-path="url(#{clip})">{body}</g>{self._legend()}</svg>'
        )

    def _tick_count(self, length: float, spacing: float) -> int:
        return max(2, round(length / (spacing * (0.8 if self.chart.compact else 1.0))))

    def _x(self, value: Any) -> Any:
        return self.left + (value - self.x_low) / (self.x_high - self.x_low) * (self.right - self.left)

    def _y(self, value: Any) -> Any:
        return self.bottom - (value - self.y_low) / (self.y_high - self.y_low) * (self.bottom - self.top)

    def _axes(self) -> str:
        chart, parts = self.chart, []
        for tick in self.y_ticks:
            y = self._y(tick)
            parts.append(f'<path d="M{self.left:.1f} {y:.1f}H{self.right:.1f}" stroke="{GRID}"/>')
            parts.append(_label(self.left - 5, y + self.size * 0.35, tick_text(tick), "end", MUTED))
        for tick in nice_ticks(self.x_low, self.x_high, self._tick_count(chart.width, 80)):
            x = self._x(tick)
            parts.append(f'<path d="M{x:.1f} {self.bottom:.1f}v4" stroke="{MUTED}"/>')
            parts.append(_label(x, self.bottom + 4 + self.size, tick_text(tick), "middle", MUTED))
        parts.append(f'<path d="M{self.left:.1f} {self.bottom:.1f}H{self.right:.1f}" stroke="{MUTED}"/>')
        middle = (self.left + self.right) / 2
        if chart.x_label:
            parts.append(_label(middle, chart.height - 5, chart.x_label, "middle", INK))
        if chart.y_label:
            height = (self.top + self.bottom) / 2
            turned = f'transform="rotate(-90 {self.size:.1f} {height:.1f})"'
            parts.append(_label(self.size, height, chart.y_label, "middle", INK, turned))
        if chart.title:
            parts.append(_label(self.left, self.size * 1.25, chart.title, "start", INK, 'font-weight="600"'))
        return "".join(parts)

    def _mark(self, mark: _Mark) -> str:
        stroke = f'stroke="{mark.colour}" stroke-width="{mark.width:g}" fill="none"'
        dash = f' stroke-dasharray="{mark.dash}"' if mark.dash else ""
        if mark.kind == "line":
            return f'<path d="{_path(self._x(mark.x), self._y(mark.y))}" {stroke}{dash} stroke-linejoin="round"/>'
        if mark.kind == "points":
            seen = np.isfinite(mark.x) & np.isfinite(mark.y)
            pairs = zip(self._x(mark.x[seen]), self._y(mark.y[seen]), strict=True)
            dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{mark.width:g}"/>' for x, y in pairs)
            return f'<g fill="{mark.colour}" fill-opacity="0.75">{dots}</g>'
        if mark.kind == "band":
            return self._band(mark)
        if mark.kind == "horizontal":
            return f'<path d="M{self.left:.1f} {self._y(mark.y[0]):.1f}H{self.right:.1f}" {stroke}{dash}/>'
        if mark.kind == "vertical":
            return f'<path d="M{self._x(mark.x[0]):.1f} {self.top:.1f}V{self.bottom:.1f}" {stroke}{dash}/>'
        low, high = self._x(mark.x)
        return (
            f'<rect x="{low:.1f}" y="{self.top:.1f}" width="{max(high - low, 0):.1f}" '
            f'height="{self.bottom - self.top:.1f}" fill="{mark.colour}" fill-opacity="{mark.opacity:g}"/>'
        )

    def _band(self, mark: _Mark) -> str:
        upper = mark.upper if mark.upper is not None else mark.y
        seen = np.isfinite(mark.x) & np.isfinite(mark.y) & np.isfinite(upper)
        x = np.concatenate([mark.x[seen], mark.x[seen][::-1]])
        y = np.concatenate([upper[seen], mark.y[seen][::-1]])
        shape = _path(self._x(x), self._y(y))
        return f'<path d="{shape}Z" fill="{mark.colour}" fill-opacity="{mark.opacity:g}"/>' if shape else ""

    def _legend_rows(self) -> list[list[_Mark]]:
        rows: list[list[_Mark]] = []
        free_width = 0.0
        for mark in (mark for mark in self.marks if mark.label):
            needed = 30 + text_width(mark.label, self.size)
            if not rows or needed > free_width:
                rows.append([])
                free_width = self.chart.width - 60
            rows[-1].append(mark)
            free_width -= needed
        return rows

    def _legend(self) -> str:
        parts = []
        y = 8 + (self.size * 1.7 if self.chart.title else 0) + self.size * 0.6
        for row in self.legend_rows:
            x = self.left
            for mark in row:
                parts.append(_key(mark, x, y))
                parts.append(_label(x + 20, y + self.size * 0.35, mark.label, "start", INK))
                x += 30 + text_width(mark.label, self.size)
            y += self.size * 1.6
        return "".join(parts)


def _limits(arrays: Sequence[NDArray[Any]], pad: float) -> tuple[float, float]:
    values = np.concatenate([array.ravel() for array in arrays] or [np.zeros(0)])
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if low == high:
        spread = abs(low) * 0.1 or 1.0
        return low - spread, high + spread
    margin = pad * (high - low)
    return (0.0 if 0.0 <= low < 0.2 * high else low - margin), high + margin


def _path(x: NDArray[Any], y: NDArray[Any]) -> str:
    """Return the SVG path through the finite points, starting anew after each gap."""
    parts, pen_down = [], False
    for a, b in zip(np.ravel(x), np.ravel(y), strict=True):
        seen = math.isfinite(a) and math.isfinite(b)
        if seen:
            parts.append(f"{'L' if pen_down else 'M'}{a:.1f} {b:.1f}")
        pen_down = seen
    return "".join(parts)


def _key(mark: _Mark, x: float, y: float) -> str:
    if mark.kind == "points":
        return f'<circle cx="{x + 8:.1f}" cy="{y:.1f}" r="3.2" fill="{mark.colour}"/>'
    if mark.kind in ("band", "strip"):
        return (
            f'<rect x="{x:.1f}" y="{y - 4:.1f}" width="16" height="8" fill="{mark.colour}" '
            f'fill-opacity="{max(mark.opacity, 0.2):g}"/>'
        )
    dash = f' stroke-dasharray="{mark.dash}"' if mark.dash else ""
    return f'<path d="M{x:.1f} {y:.1f}h16" stroke="{mark.colour}" stroke-width="2"{dash}/>'


def _label(x: float, y: float, text: str, anchor: str, colour: str, extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" {extra}>{escape(text)}</text>'
