"""The verb `qperfusion simulate`."""

from __future__ import annotations

import argparse
from pathlib import Path

from QPerfusionLogic.workflow.terminal import Terminal

from .verb_options import new_verb


def add_simulate(verbs: argparse._SubParsersAction) -> None:
    verb = new_verb(verbs, "simulate", _simulate, "digital patients as DICOM or NRRD, with their truth beside them")
    verb.add_argument("output", type=Path, metavar="OUT")
    verb.add_argument("--patients", type=int, default=1, metavar="N")
    verb.add_argument("--seed", type=int, default=0, metavar="S", help="patient k has the seed S + k")
    verb.add_argument("--vendor", choices=("siemens", "ge", "philips"), default="siemens")
    verb.add_argument("--format", choices=("dicom", "nrrd"), default="dicom")
    verb.add_argument("--enhanced", action="store_true", help="multi-frame DICOM instead of classic")
    verb.add_argument("--slices", type=int, default=3, metavar="N")
    verb.add_argument("--frames", type=int, default=60, metavar="N", help="heart beats per series")
    verb.add_argument("--sequence", choices=("flash", "bssfp"), default="flash")
    verb.add_argument("--condition", metavar="NAME", help="what the patients have; drawn when not given")
    verb.add_argument("--t1-map", action="store_true", help="also a native T1 map")
    verb.add_argument(
        "--pre-bolus-ratio", type=float, default=0.0, metavar="R", help="also a pre-bolus, R times diluted"
    )
    verb.add_argument("--single-sequence", action="store_true", help="leave out the AIF series")


def _simulate(options: argparse.Namespace, terminal: Terminal) -> None:
    from QPerfusionLogic.phantom.files.cohort_writer import simulate

    written = simulate(
        options.output,
        patients=options.patients,
        seed=options.seed,
        vendor=options.vendor,
        format=options.format,
        enhanced=options.enhanced,
        progress=terminal.progress(),
        slices=options.slices,
        frames=options.frames,
        sequence=options.sequence,
        condition=options.condition,
        t1_map=options.t1_map,
        pre_bolus_ratio=options.pre_bolus_ratio,
        dual_sequence=not options.single_sequence,
    )
    for folder in written:
        terminal.say(f"written: {folder}", output=str(folder))
