"""The demonstration: a digital patient from DICOM to a report, compared with the truth it was made from."""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.aha_model import TERRITORIES
from QPerfusionLogic.data.arrays import FloatArray, LabelArray
from QPerfusionLogic.data.results import StateResult, StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.io.files.output_folder import check_writable
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.workflow.terminal import Terminal

from .quantify import closing_lines
from .verb_options import add_settings_options, new_verb, settings_from


@dataclass(frozen=True)
class TerritoryComparison:
    """Estimated and true MBF (mL/min/g) of one vessel territory, pixels weighted alike."""

    territory: str
    state: State
    estimated: float
    standard_error: float
    true: float


def run_demo(output: Path, settings: Settings, terminal: Terminal) -> StudyResult:
    """Simulate a patient as DICOM, quantify it from the files, write the output folder and print estimate and truth.

    Parameters
    ----------
    output : Path
        Output folder; the DICOM files are only kept while the demonstration runs.
    settings : Settings
        Settings of the pipeline.
    terminal : Terminal
        Where progress and the comparison are shown.
    """
    from QPerfusionLogic.phantom.files.dicom_writer import write_dicom
    from QPerfusionLogic.phantom.simulation.demonstration import demo_patient
    from QPerfusionLogic.workflow.quantification import quantify

    check_writable(output)
    progress = terminal.progress()
    progress.update(0.0, "simulating a patient")
    patient = demo_patient(progress=progress.part(0.0, 0.3))
    with tempfile.TemporaryDirectory(prefix="qperfusion-demo-") as folder:
        write_dicom(patient, Path(folder))
        result = quantify(StudyRequest(study=Path(folder)), output, settings, progress.part(0.35, 1.0))
    comparisons = tuple(
        comparison
        for state, truth in patient.truth.items()
        for comparison in compare_territories(result.states[state], truth.segments, truth.maps["mbf"])
    )
    terminal.notices(result.notices)
    terminal.say(comparison_table(comparisons), comparison=[vars(item) for item in comparisons])
    for line, content in closing_lines(result, output)[:-1]:
        terminal.say(line, **content)
    terminal.say(f"report: {output / 'report.html'}\nscene:  {output / 'study.mrb'}", output=str(output))
    return result


def compare_territories(
    result: StateResult, true_segments: LabelArray, true_mbf: FloatArray
) -> tuple[TerritoryComparison, ...]:
    """Return estimate and truth per vessel territory of one state.

    Parameters
    ----------
    result : StateResult
        After kinetics.
    true_segments, true_mbf : (slices, rows, columns) arrays
        AHA segment and MBF (mL/min/g) of the digital patient.
    """
    from QPerfusionLogic.reporting.tables.segment_table import mean_flow

    if result.mapped is None:
        return ()
    flows = {flow.segment: flow for flow in result.mapped.segments if flow.layer == "all"}
    found = []
    for territory, segments in TERRITORIES.items():
        present = [flows[segment] for segment in segments if segment in flows]
        estimated, standard_error = mean_flow(present, result.mapped.input_error)
        if not np.isfinite(estimated):
            continue
        inside = np.isin(true_segments, segments) & np.isfinite(true_mbf)
        found.append(
            TerritoryComparison(
                territory=territory,
                state=result.state,
                estimated=estimated,
                standard_error=standard_error,
                true=float(true_mbf[inside].mean()),
            )
        )
    return tuple(found)


def comparison_table(comparisons: tuple[TerritoryComparison, ...]) -> str:
    """Return the comparison as text, a line per territory with stress, rest and reserve."""
    lines = [
        "MBF in mL/min/g, estimated (± standard error) against the truth of the digital patient",
        f"{'territory':10}{'stress':>14}{'true':>7}{'rest':>14}{'true':>7}{'MPR':>7}{'true':>7}",
    ]
    by_key = {(item.territory, item.state): item for item in comparisons}
    for territory in TERRITORIES:
        stress, rest = by_key.get((territory, State.STRESS)), by_key.get((territory, State.REST))
        if stress is None or rest is None:
            continue
        reserve, true_reserve = stress.estimated / rest.estimated, stress.true / rest.true
        lines.append(
            f"{territory:10}{stress.estimated:8.2f} ±{stress.standard_error:4.2f}{stress.true:7.2f}"
            f"{rest.estimated:8.2f} ±{rest.standard_error:4.2f}{rest.true:7.2f}{reserve:7.2f}{true_reserve:7.2f}"
        )
    return "\n".join(lines)


def add_demo(verbs: argparse._SubParsersAction) -> None:
    verb = new_verb(verbs, "demo", _demo, "a synthetic stress + rest patient end to end, from DICOM, against its truth")
    verb.add_argument("--output", type=Path, default=Path("demo"), metavar="DIR")
    add_settings_options(verb)


def _demo(options: argparse.Namespace, terminal: Terminal) -> None:
    run_demo(options.output, settings_from(options), terminal)
