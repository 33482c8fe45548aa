"""Run the AI-AIF evaluation and write its tables and figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.series import State
from QPerfusionLogic.io.files.output_folder import writing_file
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import KineticsSettings

from .curves import FEATURES, MethodResults, curve_of_patient
from .figures import agreement_figures, box_figure, example_figure
from .methods import Answer, methods
from .patients import curve_patient
from .protocols import protocol_lines
from .tables import csv_lines, result_lines

SHOWN = "neural_network"
"""The method of the figures."""


@dataclass(frozen=True)
class EvaluationPlan:
    """What is evaluated; fields as the options of `qperfusion evaluate aif`."""

    patients: int = 44
    seed: int = 1000
    state: str = "stress"
    model: str = "fermi"
    weights: str = ""
    published_weights: str = ""
    pairs: int = 2000


def evaluate(folder: Path, plan: EvaluationPlan, progress: Progress | None = None) -> str:
    """Write protocols.txt, results.txt, patients.csv, segments.csv and figures/, and return the tables."""
    progress = progress or Progress()
    protocols = protocol_lines(plan.weights, plan.published_weights, plan.pairs, progress.part(0.0, 0.2))
    _write(folder / "protocols.txt", "\n".join(protocols) + "\n")
    kinetics = replace(KineticsSettings(), model=plan.model)
    ways = methods(plan.weights, plan.published_weights)
    results: dict[str, MethodResults] = {}
    examples: list[dict[str, Answer]] = []
    seeds = [plan.seed + index for index in range(plan.patients)]
    segments: FloatArray = np.arange(1.0, 17.0)
    for index, seed in enumerate(seeds):
        patient = curve_patient(seed, State(plan.state))
        segments = patient.segments
        examples.append(curve_of_patient(patient, ways, results, kinetics))
        progress.update(0.2 + 0.8 * (index + 1) / plan.patients, f"{index + 1} of {plan.patients} patients")
    lines = result_lines(results, segments, plan.state, plan.model)
    _write(folder / "results.txt", "\n".join(lines) + "\n")
    for name, text in zip(("patients.csv", "segments.csv"), csv_lines(results, seeds, segments), strict=True):
        _write(folder / name, text)
    _write_figures(folder / "figures", results, examples)
    return "\n".join([*protocols, "", *lines, "", f"written to {folder}"])


def _write_figures(folder: Path, results: dict[str, MethodResults], examples: list[dict[str, Answer]]) -> None:
    order = np.argsort(results[SHOWN].nmse)
    chosen = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1]}
    for name, index in chosen.items():
        title = f"{name}: NMSE {results[SHOWN].nmse[index]:.2f} %"
        _write(folder / f"curve_{name}.svg", example_figure(examples[index], SHOWN, title))
    names = [name for name in ("truth", SHOWN, "AI-AIF network", "uncorrected") if name in results]
    for feature in FEATURES:
        _write(folder / f"{feature}.svg", box_figure(results, feature, names))
    true, found = np.array(results["truth"].mbf), np.array(results[SHOWN].mbf)
    usable = np.isfinite(true).all(axis=1) & np.isfinite(found).all(axis=1)
    for level, one, two in (
        ("patient", true[usable].mean(axis=1), found[usable].mean(axis=1)),
        ("segment", true[usable].ravel(), found[usable].ravel()),
    ):
        scatter, plot = agreement_figures(one, two, SHOWN, level)
        _write(folder / f"scatter_{level}.svg", scatter)
        _write(folder / f"bland_altman_{level}.svg", plot)


def _write(path: Path, text: str) -> None:
    with writing_file(path) as beside:
        beside.write_text(text, encoding="utf-8")
