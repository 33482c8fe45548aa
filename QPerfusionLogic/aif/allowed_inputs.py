"""Every arterial input that one state's data allow, side by side."""

from __future__ import annotations

from QPerfusionLogic.data.results import ArterialInput, StateResult
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import Settings

from .logic import arterial_input_by
from .methods.aif_context import AifContext
from .methods.aif_method import aif_methods


def allowed_inputs(
    state: StateResult, settings: Settings, progress: Progress | None = None
) -> tuple[dict[str, ArterialInput], dict[str, str]]:
    """Return the arterial input of every method that works on this state, and why the others do not.

    Parameters
    ----------
    state : StateResult
        Registered and segmented.

    Returns
    -------
    dict of ArterialInput
        By name of the method.
    dict of str
        By name of the method, one sentence each.
    """
    progress = progress or Progress()
    found: dict[str, ArterialInput] = {}
    refused: dict[str, str] = {}
    context = AifContext(state, settings.aif, settings.conversion, settings.segmentation.aif_percentile)
    methods = [method for method in aif_methods().values() if method.is_listed(context)]
    for index, method in enumerate(methods):
        try:
            part = progress.part(index / len(methods), (index + 1) / len(methods))
            result = arterial_input_by(method, context, part)
            if result.mode == method.name:
                found[method.name] = result
            else:
                refused[method.name] = "; ".join(n.message for n in result.notices if n.code == "aif-learned-doubtful")
        except QPerfusionError as error:
            if error.exit_code == 130:
                raise
            refused[method.name] = str(error)
    return found, refused
