"""The verb `qperfusion fit`."""

from __future__ import annotations

import argparse
from pathlib import Path

from QPerfusionLogic.workflow.terminal import Terminal

from .verb_options import add_settings_options, new_verb, settings_from


def add_fit(verbs: argparse._SubParsersAction) -> None:
    verb = new_verb(verbs, "fit", _fit, "fit concentration curves of a CSV: time_s, aif, then one column per curve")
    verb.add_argument("curves", type=Path, metavar="CURVES.csv")
    verb.add_argument("--model", required=True, metavar="NAME")
    verb.add_argument("--output", type=Path, required=True, metavar="FITS.csv")
    verb.add_argument("--hematocrit", metavar="H")
    add_settings_options(verb)


def _fit(options: argparse.Namespace, terminal: Terminal) -> None:
    from QPerfusionLogic.io.files.output_folder import writing_file
    from QPerfusionLogic.kinetics.curve_fits import fit_file

    settings = settings_from(options).with_value("kinetics.model", options.model)
    if options.hematocrit is not None:
        settings = settings.with_value("kinetics.hematocrit", options.hematocrit)
    fits = fit_file(options.curves, settings.kinetics, terminal.progress())
    with writing_file(options.output) as beside:
        beside.write_text(fits.text, encoding="utf-8")
    terminal.notices(fits.notices)
    terminal.say(f"written to {options.output}", output=str(options.output))
