"""The section of the report that shows every AIF method with the flow it gives."""

from __future__ import annotations

from QPerfusionLogic.data.results import AifMethodComparison, StudyResult
from QPerfusionLogic.data.series import State

from .markup import figure, number, section, table
from .vector_graphics import BLUE, GREEN, GREY, ORANGE, PINK, SKY, Chart

COLOURS = {
    "dual_sequence": BLUE,
    "dual_bolus": GREEN,
    "neural_network": ORANGE,
    "signal_inversion": PINK,
    "population": GREY,
    "curve": SKY,
    "concentration": BLUE,
}
HEAD = ("method", "peak (mmol/L)", "time to peak (s)", "FWHM (s)", "MBF of the heart", "lowest segment", "remark")


def aif_method_section(study: StudyResult) -> str:
    """Return tables and plots of the compared methods; nothing where they were not compared."""
    parts = []
    for state in study.states:
        rows = [row for row in study.aif_method_comparison if row.state == state]
        if rows:
            parts.append(
                f"<h3>{str(state).capitalize()}</h3>{figure(_chart(rows, state))}{table(HEAD, map(_row, rows))}"
            )
    if not parts:
        return ""
    note = (
        '<p class="note">MBF in mL/min/g, fitted to the segments with the same model by every method. They agree '
        "where the arterial input is well determined; the learned one is validated for stress only, and the "
        "height of a population curve is not the patient's own.</p>"
    )
    return section("AIF methods", *parts, note)


def _chart(rows: list[AifMethodComparison], state: State) -> str:
    chart = Chart("time (s)", "blood gadolinium (mmol/L)", f"Arterial input by every method, {state}", 620, 280)
    for row in rows:
        found = row.arterial_input
        if found is None:
            continue
        colour = COLOURS.get(row.method, GREY)
        if row.method == "neural_network" and found.lower_mmol_l is not None and found.upper_mmol_l is not None:
            chart.band(found.time_s, found.lower_mmol_l, found.upper_mmol_l, colour)
        label = row.method.replace("_", " ") + (" (used)" if row.used else "")
        chart.line(found.time_s, found.gd_mmol_l, colour, label, width=2.4 if row.used else 1.5)
    return chart.svg()


def _row(row: AifMethodComparison) -> tuple[str, ...]:
    name = row.method.replace("_", " ")
    if row.arterial_input is None:
        return (name, *("–",) * 5, f"not taken: {row.refused}")
    features = row.arterial_input.features
    shown = [number(features.get(key, float("nan")), 1) for key in ("peak_mmol_l", "time_to_peak_s", "fwhm_s")]
    known = [flow.mbf for flow in row.segments if flow.mbf == flow.mbf]
    remark = "used in this report" if row.used else ""
    if row.arterial_input.model_checksum:
        network = f"{row.arterial_input.model_name}, checksum {row.arterial_input.model_checksum[:12]}"
        remark = f"{remark}; {network}" if remark else network
    return (name, *shown, number(row.mean_mbf), number(min(known, default=float("nan"))), remark)
