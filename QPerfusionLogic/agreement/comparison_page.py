"""The page of a comparison: every statistic and figure of every quantity in one self-contained HTML file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from html import escape

from QPerfusionLogic import __version__
from QPerfusionLogic.resources import resource_path

from .comparison import Agreement, QuantityAgreement
from .estimate import Estimate

INDEPENDENCE = (
    "The intervals treat the rows as independent; segments of one patient are not, so the true intervals are wider."
)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")


def comparison_page(agreement: Agreement, figures: Mapping[str, str]) -> str:
    """Return the page.

    Parameters
    ----------
    agreement : Agreement
        From `compare_tables`.
    figures : mapping of str to str
        SVG by file name, "NAME_LEVEL_bland_altman.svg" and "NAME_LEVEL_scatter.svg".
    """
    css = resource_path("Report", "report.css").read_text(encoding="utf-8")
    remarks = "".join(f'<div class="notice note"><p>{escape(remark)}.</p></div>' for remark in agreement.remarks)
    body = remarks + "".join(_section(quantity, figures) for quantity in agreement.quantities)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Agreement</title><style>{css}</style></head><body>"
        '<div class="research">Research use only; not a medical device</div>'
        '<header class="bar"><h1>Agreement with the reference</h1></header>'
        f"<main>{body}<footer>QPerfusion {__version__}</footer></main></body></html>\n"
    )


def figure_stem(quantity: QuantityAgreement) -> str:
    """Return the name of a quantity's figures: one file name, whatever its column is called."""
    name = f"{quantity.name}_{quantity.level}"
    if _PLAIN_NAME.fullmatch(name):
        return name
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:60]
    return f"{plain}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def statistics_of(quantity: QuantityAgreement) -> list[tuple[str, Estimate]]:
    """Return every statistic with its name, in the order of the tables."""
    found, groups, repeats = quantity.bland_altman, quantity.mann_whitney, quantity.repeatability
    rows = [
        ("pairs", Estimate(quantity.n)),
        ("pairs left out", Estimate(quantity.left_out)),
        ("reference median (quartiles)", groups.first),
        ("test median (quartiles)", groups.second),
        ("bias (test - reference)", found.bias),
        ("standard deviation of differences", Estimate(found.standard_deviation)),
        ("lower limit of agreement", found.lower_limit),
        ("upper limit of agreement", found.upper_limit),
        ("slope of differences on means", found.proportional_slope),
        ("p of that slope", Estimate(found.proportional_p)),
        ("ICC(2,1) agreement", quantity.intraclass.agreement),
        ("ICC(3,1) consistency", quantity.intraclass.consistency),
        ("concordance (Lin)", quantity.concordance),
        ("Pearson r", quantity.linear.r),
        ("least-squares slope", quantity.linear.slope),
        ("least-squares intercept", quantity.linear.intercept),
        ("Deming slope", quantity.deming.slope),
        ("Deming intercept", quantity.deming.intercept),
        ("Mann-Whitney p", Estimate(groups.p)),
        ("within-pair standard deviation", Estimate(repeats.within_sd)),
        ("repeatability coefficient", Estimate(repeats.coefficient)),
        ("coefficient of variation", Estimate(repeats.variation)),
    ]
    for level, agreed in quantity.thresholds.items():
        rows.append((f"{level}s on the same side of {agreed.threshold:g}", agreed.share))
        rows.append((f"kappa of {level}s at {agreed.threshold:g}", Estimate(agreed.kappa)))
    return rows


def cell(value: float) -> str:
    """Return a number as the tables write it, empty where there is none."""
    return f"{value:.6g}" if value == value else ""


def _section(quantity: QuantityAgreement, figures: Mapping[str, str]) -> str:
    stem = figure_stem(quantity)
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="number">{_short(item.value)}</td>'
        f'<td class="number">{_range(item)}</td></tr>'
        for name, item in statistics_of(quantity)
    )
    unit = f" ({quantity.unit})" if quantity.unit else ""
    note = f'<p class="note">{INDEPENDENCE}</p>' if quantity.level == "row" else ""
    title = f"{quantity.name.replace('_', ' ')}, by {quantity.level}{unit}"
    pictures = "".join(f"<figure>{figures[f'{stem}_{kind}.svg']}</figure>" for kind in ("bland_altman", "scatter"))
    return (
        f'<section><h2>{escape(title)}</h2><div class="two">{pictures}</div><div class="scroll"><table><thead><tr>'
        '<th>statistic</th><th class="number">value</th><th class="number">95 % interval</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{note}</section>"
    )


def _range(item: Estimate) -> str:
    low, high = _short(item.low), _short(item.high)
    return f"{low} to {high}" if low and high else ""


def _short(value: float) -> str:
    return f"{value:.4g}".replace("-", "−") if value == value else ""
