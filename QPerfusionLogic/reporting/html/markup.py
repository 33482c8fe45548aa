"""Small pieces of HTML: tables, figures with embedded pictures, colour legends, notices."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from html import escape

from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.reporting.tables.colour_table import ColourTable

from .vector_graphics import nice_ticks, tick_text

_SEVERITIES = {Severity.SERIOUS: "serious", Severity.WARNING: "warning", Severity.NOTE: "note"}


def section(title: str, *parts: str, new_page: bool = False) -> str:
    """Return a titled section, or nothing when all parts are empty."""
    body = "".join(parts)
    if not body:
        return ""
    page = ' class="page"' if new_page else ""
    return f"<section{page}><h2>{escape(title)}</h2>{body}</section>"


def image(content: bytes, alternative: str) -> str:
    """Return a PNG as an embedded <img>."""
    data = base64.b64encode(content).decode("ascii")
    return f'<img alt="{escape(alternative, quote=True)}" src="data:image/png;base64,{data}">'


def figure(body: str, caption: str = "") -> str:
    """Return a figure around an image or SVG."""
    text = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f"<figure>{body}{text}</figure>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], css: str = "") -> str:
    """Return a table of plain texts."""
    top = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    start = f"<thead><tr>{top}</tr></thead>" if head else ""
    return f'<div class="scroll"><table class="{css}">{start}<tbody>{body}</tbody></table></div>'


def number(value: float, digits: int = 2) -> str:
    """Return a number with a true minus sign, a dash where there is none."""
    return f"{value:.{digits}f}".replace("-", "−") if math.isfinite(value) else "–"


def with_error(value: float, error: float, digits: int = 2) -> str:
    """Return "value ± error", the value alone when the error is unknown.

    Examples
    --------
    >>> with_error(2.5, 0.25)
    '2.50 ± 0.25'
    """
    return f"{number(value, digits)} ± {number(error, digits)}" if math.isfinite(error) else number(value, digits)


def notice(item: Notice) -> str:
    """Return a notice with what was found, what to do, and where it comes from."""
    severity = _SEVERITIES[Severity(item.severity)]
    where = " · ".join(part for part in (item.state, item.stage) if part)
    action = f'<p class="do">What to do: {escape(item.action.rstrip("."))}.</p>' if item.action else ""
    message = _sentence(item.message)
    return (
        f'<div class="notice {severity}" data-code="{escape(item.code, quote=True)}"><p>'
        f'<span class="tag">{severity}</span> <span class="where">{escape(where)}</span></p>'
        f"<p>{escape(message)}</p>{action}</div>"
    )


def _sentence(text: str) -> str:
    """Return a text with a full stop, capitalised unless it begins with the name of a setting."""
    first = text.split(" ", 1)[0]
    begun = text if set("._") & set(first) else text[:1].upper() + text[1:]
    return begun.rstrip(".") + "."


def legend(colours: ColourTable) -> str:
    """Return the colour scale as an SVG with ticks and unit."""
    width, left, bar = 320.0, 8.0, 300.0
    last = len(colours.values) - 1
    samples = [float(colours.values[index * last // 32]) for index in range(33)]
    stops = "".join(
        f'<stop offset="{index / 32:.4f}" stop-color="{colours.hexadecimal(value)}"/>'
        for index, value in enumerate(samples)
    )
    ticks = []
    for value in nice_ticks(0.0, colours.top, 4):
        text = tick_text(float(value)) + ("+" if value >= colours.top else "")
        x = left + bar * value / colours.top
        ticks.append(f'<text x="{x:.1f}" y="44" text-anchor="middle" font-size="11.5" fill="#52606d">{text}</text>')
        ticks.append(f'<path d="M{x:.1f} 27v5" stroke="#52606d"/>')
    unit = f" ({colours.unit})" if colours.unit else ""
    caption = f"{colours.label} {colours.name}{unit}"
    return (
        f'<div class="legend"><svg viewBox="0 0 {width:g} 48" role="img" aria-label="colour scale of {caption}" '
        'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">'
        f'<linearGradient id="scale-{colours.name}">{stops}</linearGradient>'
        f'<text x="{left:g}" y="10" font-size="12" fill="#1f2933">{caption}</text>'
        f'<rect x="{left:g}" y="15" width="{bar:g}" height="12" fill="url(#scale-{colours.name})"/>{"".join(ticks)}'
        "</svg></div>"
    )
