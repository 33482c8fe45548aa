"""The evaluation of blood flow on one digital patient: segment flow of every configuration beside its truth."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulated import StateTruth
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient
from QPerfusionLogic.settings.schema import Settings

from .configurations import FLOW_EVALUATIONS, Configuration
from .stages import StateStages


@dataclass(frozen=True)
class FlowPlan:
    """What decides the result of a patient besides its seed: evaluations, patient options, settings."""

    evaluations: tuple[str, ...] = ("stages",)
    slices: int = 3
    frames: int = 50
    bolus_ratio: float = 10.0
    settings: Settings = dataclasses.field(default_factory=Settings)

    @property
    def configurations(self) -> tuple[Configuration, ...]:
        """All configurations of the evaluations."""
        return tuple(configuration for name in self.evaluations for configuration in FLOW_EVALUATIONS[name])

    def as_dictionary(self) -> dict[str, Any]:
        """Return the plan with its configurations written out, ready for JSON."""
        configurations = [dataclasses.asdict(configuration) for configuration in self.configurations]
        return {**dataclasses.asdict(self), "settings": self.settings.as_dictionary(), "configurations": configurations}


def run_patient(seed: int, plan: FlowPlan) -> dict[str, Any]:
    """Return rows and refusals of one patient.

    Parameters
    ----------
    seed : int
        Of the patient.
    plan : FlowPlan
        Configurations, patient options and settings.

    Returns
    -------
    dict
        `rows`: one an evaluation, configuration, state and true segment, with flow and true flow in mL/min/g (None
        where there is none); `inputs`: peak and area of every arterial input over those of the truth; `refused`: why a
        configuration has no numbers.
    """
    patient = sample_patient(
        seed,
        slices=plan.slices,
        frames=plan.frames,
        pre_bolus_ratio=plan.bolus_ratio if "aif_methods" in plan.evaluations else 0.0,
        t1_map="conversions" in plan.evaluations,
    )
    simulated = simulate_patient(patient)
    settings = plan.settings.with_value("kinetics.pixelwise", False)
    rows: list[dict[str, Any]] = []
    inputs: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for state, truth in simulated.truth.items():
        stages = StateStages(simulated.study, truth, settings, patient.pattern.hematocrit, seed)
        true_flow = true_segments(truth)
        for evaluation in plan.evaluations:
            for configuration in FLOW_EVALUATIONS[evaluation]:
                head: dict[str, Any] = {
                    "patient": seed,
                    "evaluation": evaluation,
                    "configuration": configuration.name,
                    "state": str(state),
                }
                try:
                    result = stages.run(configuration)
                except QPerfusionError as error:
                    refused.append({**head, "reason": str(error)})
                    rows.extend(
                        {**head, "segment": key, "mbf": None, "true": value} for key, value in true_flow.items()
                    )
                    continue
                rows.extend({**head, **row} for row in _segment_rows(result, true_flow))
                inputs.append({**head, **_input_ratios(result, truth)})
    return {"patient": seed, "rows": rows, "inputs": inputs, "refused": refused}


def true_segments(truth: StateTruth) -> dict[int, float]:
    """Return the true flow (mL/min/g) of every AHA segment, the mean over its pixels from endo- to epicardium."""
    flow = truth.maps["mbf"]
    present = [int(segment) for segment in np.unique(truth.segments) if segment > 0]
    return {segment: float(np.nanmean(flow[truth.segments == segment])) for segment in present}


def _segment_rows(result: StateResult, true_flow: dict[int, float]) -> list[dict[str, Any]]:
    assert result.mapped is not None
    found = {flow.segment: flow for flow in result.mapped.segments if flow.layer == "all"}
    rows = []
    for segment, value in true_flow.items():
        flow = found.get(segment)
        number = flow is not None and math.isfinite(flow.mbf)
        rows.append({"segment": segment, "mbf": flow.mbf if flow is not None and number else None, "true": value})
    return rows


def _input_ratios(result: StateResult, truth: StateTruth) -> dict[str, float]:
    """Return peak and area of the arterial input over those of the truth, over the time that both cover."""
    given = result.arterial_input
    assert given is not None
    last = min(float(given.time_s[-1]), float(truth.aif_time_s[-1]))
    times = np.arange(max(float(given.time_s[0]), 0.0), last, 0.1)
    found = np.interp(times, given.time_s, given.gd_mmol_l)
    true = np.interp(times, truth.aif_time_s, truth.aif_mmol_l)
    return {"peak": float(found.max() / true.max()), "area": float(found.sum() / true.sum())}
