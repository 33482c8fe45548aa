"""The sub-verbs of `qperfusion evaluate`, one line each."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from QPerfusionLogic.progress import Progress

EVALUATIONS: dict[str, tuple[str, str]] = {
    "aif": ("QPerfusionLogic.trials.aif_command", "the results section of the AI-AIF paper, beside its figures"),
    "flow": ("QPerfusionLogic.trials.flow_command", "blood flow against its truth, one stage at a time"),
    "segmentation": ("QPerfusionLogic.segmentation.trial_command", "contours against their truth, with bars"),
    "superresolution": (
        "QPerfusionLogic.trials.superresolution_command",
        "frames and flow from a part of the lines, beside the figures of PerfGen",
    ),
}
"""Sub-verb -> (module, help). A module that needs a later room than its own lies in `trials`, which sees the whole
house; it imports nothing heavy at its top, for every `qperfusion` call imports it."""


class Evaluation(Protocol):
    """What a registered module offers."""

    add_arguments: Callable[[argparse.ArgumentParser], None]
    """Declare the options of the sub-verb."""
    run: Callable[[argparse.Namespace, Progress], str]
    """Evaluate, write the tables, and return the lines for the terminal."""


def evaluation(name: str) -> Evaluation:
    """Return the module behind a sub-verb."""
    return cast("Evaluation", import_module(EVALUATIONS[name][0]))
