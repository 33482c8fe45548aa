"""Every AIF method that a study allows, side by side, with the flow that each gives."""

from __future__ import annotations

import dataclasses

from QPerfusionLogic.aif.allowed_inputs import allowed_inputs
from QPerfusionLogic.conversion.logic import ConversionLogic
from QPerfusionLogic.data.results import AifMethodComparison, StateResult, StudyResult
from QPerfusionLogic.data.study import PerfusionStudy
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import Settings

from .flow_mapping import map_flow


def compare_aif_methods(
    study: PerfusionStudy, result: StateResult, settings: Settings, progress: Progress | None = None
) -> tuple[AifMethodComparison, ...]:
    """Return what every method makes of one state, per segment; methods that cannot be taken say why.

    Parameters
    ----------
    study : PerfusionStudy
        For its native T1 map.
    result : StateResult
        Registered and segmented.
    settings : Settings
        Those of the run; only `aif.mode` is changed.
    """
    progress = progress or Progress()
    found, refused = allowed_inputs(result, settings, progress.part(0.0, 0.4))
    rows = []
    kinetics = dataclasses.replace(settings.kinetics, pixelwise=False)
    for index, (method, arterial_input) in enumerate(found.items()):
        own = progress.part(0.4 + 0.6 * index / len(found), 0.4 + 0.6 * (index + 1) / len(found))
        state = dataclasses.replace(result, arterial_input=arterial_input)
        try:
            concentration = ConversionLogic(settings.conversion).run(state, study.t1_map, own.part(0.0, 0.3))
            mapped = map_flow(dataclasses.replace(state, concentration=concentration), kinetics, own.part(0.3, 1.0))
        except QPerfusionError as error:
            if error.exit_code == 130:
                raise
            refused[method] = str(error)
            continue
        flows = tuple(flow for flow in mapped.segments if flow.layer == "all")
        used = result.arterial_input is not None and result.arterial_input.mode == method
        rows.append(AifMethodComparison(result.state, method, arterial_input, flows, used))
    return (*rows, *(AifMethodComparison(result.state, method, refused=why) for method, why in refused.items()))


def with_comparison(
    study: PerfusionStudy, result: StudyResult, settings: Settings, progress: Progress | None = None
) -> StudyResult:
    """Return the result with the methods of all its states compared."""
    progress = progress or Progress()
    states = [state for state in result.states.values() if state.registered is not None and state.segmented is not None]
    rows: tuple[AifMethodComparison, ...] = ()
    for index, state in enumerate(states):
        rows += compare_aif_methods(
            study, state, settings, progress.part(index / len(states), (index + 1) / len(states))
        )
    return dataclasses.replace(result, aif_method_comparison=rows)
