"""The whole report as one HTML page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from QPerfusionLogic.data.conversion_physics import ConversionPhysics
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import StateResult, StudyResult
from QPerfusionLogic.reporting.tables.report import SegmentRow
from QPerfusionLogic.reporting.tables.verdict import Verdict
from QPerfusionLogic.resources import resource_path
from QPerfusionLogic.settings.names import choice_name
from QPerfusionLogic.settings.schema import ReportingSettings

from .aif_section import aif_method_section
from .curve_charts import arterial_input_charts, segment_charts
from .map_sections import Images, flow_map_section, placement_section, polar_maps, slice_name
from .markup import figure, section
from .summary_section import summary_section
from .table_sections import notices_section, provenance_section, quality_section, segment_section, threshold_section
from .verdict_section import verdict_section

RESEARCH_USE = "Research use only; not a medical device"
_FEATURES = {
    "bolus_arrival_time_s": ("arrival", "s"),
    "peak_mmol_l": ("peak", "mmol/L"),
    "apparent_peak_mmol_l": ("apparent peak in the tissue images", "mmol/L"),
    "time_to_peak_s": ("time to peak", "s"),
    "fwhm_s": ("full width at half maximum", "s"),
    "valley_s": ("valley", "s"),
    "first_pass_end_s": ("end of first pass", "s"),
    "area_mmol_s_l": ("area of the first pass", "mmol s/L"),
    "baseline_drift": ("baseline drift", ""),
}
_VENDORS = {"ge": "GE", "siemens": "Siemens", "philips": "Philips"}


def page(
    study: StudyResult,
    rows: Sequence[SegmentRow],
    pictures: Images,
    notices: Sequence[Notice],
    settings: ReportingSettings,
    verdict: Verdict,
) -> str:
    """Return the report page.

    Parameters
    ----------
    study : StudyResult
        After the pipeline; stages that were not run leave their sections out.
    rows : sequence of SegmentRow
        The segment table.
    pictures : dict
        PNG pictures of the flow maps.
    notices : sequence of Notice
        All notices to show.
    settings : ReportingSettings
        Title and thresholds.
    verdict : Verdict
        Shown on top; what it withholds is grey.
    """
    title = settings.title or "Quantitative myocardial perfusion"
    css = resource_path("Report", "report.css").read_text(encoding="utf-8")
    polar = polar_maps(rows, _uncertain(rows, settings), verdict.withheld)
    body = "".join(
        (
            verdict_section(verdict),
            summary_section(study, rows, settings, verdict, polar),
            flow_map_section(pictures, _slice_names(study), verdict.withheld),
            segment_section(rows, settings, verdict.withheld),
            _arterial_input_section(study),
            aif_method_section(study),
            _curve_section(study),
            placement_section(study),
            quality_section(study),
            notices_section(notices),
            threshold_section(settings),
            provenance_section(study.provenance),
        )
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{css}</style></head><body>"
        f'<div class="research">{RESEARCH_USE}</div>'
        f'<header class="bar"><h1>{escape(title)}</h1><p>{escape(_subtitle(study))}</p></header>'
        f"<main>{body}<footer>QPerfusion {escape(_version(study))}. {RESEARCH_USE}. The page names no "
        "patient.</footer></main></body></html>\n"
    )


def _slice_names(study: StudyResult) -> list[str]:
    """Return number and level of the slices of the first state that is segmented."""
    segmented = next((result.segmented for result in study.states.values() if result.segmented is not None), None)
    return [] if segmented is None else [slice_name(segmented, index) for index in range(len(segmented.labels))]


def _subtitle(study: StudyResult) -> str:
    """Return states, model, AIF method and scanner in one line."""
    parts = [" and ".join(str(state) for state in study.states) or "no state"]
    for label, setting, found in (
        ("model", "kinetics.model", [result.mapped and result.mapped.model for result in study.states.values()]),
        ("AIF", "aif.mode", [result.arterial_input and result.arterial_input.mode for result in study.states.values()]),
        (
            "conversion",
            "conversion.mode",
            [result.concentration and result.concentration.mode for result in study.states.values()],
        ),
    ):
        names = sorted({choice_name(setting, name) for name in found if name})
        if names:
            parts.append(f"{label} {' and '.join(_in_a_sentence(name) for name in names)}")
    protocols = [result.acquisition.tissue.protocol for result in study.states.values()]
    scanners = {f"{_VENDORS.get(item.vendor, item.vendor)} {item.model_name}".strip() for item in protocols} - {""}
    fields = {f"{item.field_strength_t:g} T" for item in protocols if item.field_strength_t is not None}
    agents = {_agent(result) for result in study.states.values()} - {""}
    parts += [", ".join(sorted(group)) for group in (scanners, fields, agents) if group]
    return " · ".join(parts)


def _in_a_sentence(name: str) -> str:
    """Return a name with a small first letter, unless it is an abbreviation."""
    return name if name[:2].isupper() else (name[:1].lower() + name[1:]).replace("_", " ")


def _agent(result: StateResult) -> str:
    """Return the agent that a state was converted with, and the dose of its header."""
    physics = ConversionPhysics() if result.concentration is None else result.concentration.physics
    protocol = result.acquisition.tissue.protocol
    agent = physics.agent or protocol.agent
    name = f"{agent} (assumed)" if physics.agent_assumed else agent
    return name if protocol.dose_mmol_kg is None else f"{name} {protocol.dose_mmol_kg:g} mmol/kg".strip()


def _uncertain(rows: Sequence[SegmentRow], settings: ReportingSettings) -> dict[str, frozenset[int]]:
    """Return, for each quantity, the segments whose number carries a flag."""
    whole = [row for row in rows if row.layer == "all"]
    flagged = {
        state: {row.segment for row in whole if any(flag.startswith(f"{state}:") for flag in row.flags)}
        for state in ("stress", "rest")
    }
    return {
        "stress_mbf": frozenset(flagged["stress"]),
        "rest_mbf": frozenset(flagged["rest"]),
        "mpr": frozenset(flagged["stress"] | flagged["rest"]),
    }


def _arterial_input_section(study: StudyResult) -> str:
    parts = []
    for state, result in study.states.items():
        found = result.arterial_input
        if found is None:
            continue
        window = result.mapped.window_s if result.mapped is not None else None
        raw, gadolinium = arterial_input_charts(found, window)
        lines = [
            (label, f"{found.features[name]:.3g} {unit}".strip())
            for name, (label, unit) in _FEATURES.items()
            if name in found.features and found.features[name] == found.features[name]
        ]
        model = f", {found.model_name} (checksum {found.model_checksum[:12]})" if found.model_name else ""
        parts.append(
            f'<div class="row"><h3>{str(state).capitalize()}: {escape(found.mode.replace("_", " ") + model)}</h3>'
            f'<div class="two">{figure(raw)}{figure(gadolinium)}</div>{_features(lines)}</div>'
        )
    return section("Arterial input", *parts)


def _features(lines: Sequence[tuple[str, str]]) -> str:
    return f'<p class="note">{escape("; ".join(f"{label} {value}" for label, value in lines))}.</p>' if lines else ""


def _curve_section(study: StudyResult) -> str:
    parts = []
    for state, result in study.states.items():
        charts = segment_charts(result)
        if charts:
            shown = "".join(figure(svg) for _, svg in charts)
            parts.append(f'<h3>{str(state).capitalize()}</h3><div class="many">{shown}</div>')
    if not parts:
        return ""
    note = (
        '<p class="note">Dots: mean gadolinium of the segment (mmol/L) against time (s); line: fit; shaded: fit '
        "window. The number is MBF in mL/min/g. One scale per state.</p>"
    )
    return section("Curves and fits", note, *parts, new_page=True)


def _version(study: StudyResult) -> str:
    software = study.provenance.get("software", {})
    return str(software.get("qperfusion", "")) if isinstance(software, dict) else ""
