"""The verdict on top of the report."""

from __future__ import annotations

from html import escape

from QPerfusionLogic.reporting.tables.verdict import MPR, REST_MBF, STRESS_MBF, Verdict, VerdictLevel

_LOOKS = {
    VerdictLevel.INTERPRETABLE: "met",
    VerdictLevel.LIMITED: "warning",
    VerdictLevel.NOT_INTERPRETABLE: "serious",
}
_NAMES = {STRESS_MBF: "stress MBF", REST_MBF: "rest MBF", MPR: "MPR"}


def verdict_section(verdict: Verdict) -> str:
    """Return the verdict with its reasons, and which numbers are shown in grey."""
    if not verdict.reasons:
        return f'<div class="verdict met"><p><strong>{escape(verdict.text)}</strong></p></div>'
    listed = "".join(f"<li>{escape(_sentence(reason))}</li>" for reason in verdict.reasons)
    names = [name for quantity, name in _NAMES.items() if quantity in verdict.withheld]
    grey = f"<p>Shown in grey and compared with no threshold: {', '.join(names)}.</p>" if names else ""
    return (
        f'<div class="verdict {_LOOKS[verdict.level]}"><p><strong>{escape(verdict.heading)}:</strong></p>'
        f"<ul>{listed}</ul>{grey}</div>"
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
