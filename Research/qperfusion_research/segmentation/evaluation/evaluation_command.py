"""The command `qperfusion evaluate segmentation`: contours of digital and real series against the truth, with
criteria."""

from __future__ import annotations

import argparse
from pathlib import Path

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the sub-verb."""
    parser.add_argument("--slices", type=int, default=60, metavar="N", help="digital slices with a heart")
    parser.add_argument(
        "--negatives",
        dest="negative_controls",
        type=int,
        default=200,
        metavar="N",
        help="series without a heart to find",
    )
    parser.add_argument("--seed", type=int, default=5000, metavar="S", help="slice k has the seed S + k")
    parser.add_argument("--real", type=Path, metavar="DIR", help="real series NAME.nii.gz with NAME_mask.nii.gz")
    parser.add_argument("--mode", default="automatic", choices=("automatic", "classical", "network"))
    parser.add_argument("--weights", default="", metavar="FILE", help="own weights of the network")
    parser.add_argument("--ablate", action="store_true", help="also leave out one part at a time; no negative controls")
    parser.add_argument("--output", type=Path, metavar="CSV", help="one row per slice")


def run(options: argparse.Namespace, progress: Progress) -> str:
    """Segment, score, and return the table with the criteria.

    Raises
    ------
    InputError
        When a number is out of range or the real folder has no masks.
    """
    from QPerfusionLogic.settings.schema import SegmentationSettings

    from .ablation import ablation_report
    from .cases import digital_case, real_cases
    from .evaluation import negative_controls_report, scored, write_scores
    from .scores import CRITERIA, Score, report

    for name in ("slices", "negative_controls", "seed"):
        if getattr(options, name) < 0:
            raise InputError(f"{getattr(options, name)} {name.replace('_', ' ')}", expected="0 or more")
    settings = SegmentationSettings(mode=options.mode, weights=options.weights)
    groups = {
        "digital": [digital_case(options.seed + index) for index in range(options.slices)],
        "real": list(real_cases(options.real)) if options.real else [],
    }
    lines: list[str] = []
    rows: list[Score] = []
    for name, cases in groups.items():
        if cases and options.ablate:
            lines += ablation_report(name, cases, settings, progress)
        elif cases:
            scores = scored(cases, settings, progress)
            rows += scores
            lines += report(name, scores, CRITERIA[name])
    if options.negative_controls and not options.ablate:
        lines += negative_controls_report(options.negative_controls, options.seed + 1000, settings, progress)
    if options.output and rows:
        write_scores(options.output, rows)
    return "\n".join(lines)
