"""The verb `qperfusion train`: the networks, on synthetic data."""

from __future__ import annotations

import argparse

from QPerfusionLogic.cli.verb_options import new_verb
from QPerfusionLogic.workflow.terminal import Terminal


def add_train(verbs: argparse._SubParsersAction) -> None:
    from qperfusion_research.aif.training.training_command import add_arguments as add_aif_arguments
    from qperfusion_research.segmentation.training.training_command import add_arguments
    from qperfusion_research.superresolution.training.training_command import (
        add_arguments as add_superresolution_arguments,
    )

    verb = new_verb(verbs, "train", _train, "train a network on synthetic data alone")
    networks = verb.add_subparsers(title="networks", dest="network", required=True, metavar="NETWORK")
    add_arguments(networks.add_parser("segmentation", help="the network that draws the contours"))
    add_aif_arguments(networks.add_parser("aif", help="the networks that undo the saturation of the arterial input"))
    add_superresolution_arguments(networks.add_parser("superresolution", help="the network that sharpens frames"))


def _train(options: argparse.Namespace, terminal: Terminal) -> None:
    from qperfusion_research.segmentation.training.training_command import run
    from QPerfusionLogic.io.files.output_folder import check_writable

    check_writable(options.output.parent / f"{options.output.name}.partial")
    if options.network == "aif":
        from qperfusion_research.aif.training.training_command import run as train_aif

        terminal.say(train_aif(options, terminal.progress()), output=str(options.output))
        return
    if options.network == "superresolution":
        from qperfusion_research.superresolution.training.training_command import run as train_superresolution

        train_superresolution(options)
    else:
        run(options)
    terminal.say(f"written: {options.output}", output=str(options.output))
