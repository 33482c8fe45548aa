"""The command `qperfusion train aif`: our ensemble or the published network, on digital boluses or on own pairs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.networks.packages import require_packages
from QPerfusionLogic.progress import Progress

DIGITAL = "digital boluses only (QPerfusionLogic/aif/networks); no patient"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the sub-verb."""
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="weights to write (.safetensors)")
    parser.add_argument("--preset", choices=("ours", "paper"), default="ours", help="paper: AI-AIF as published")
    parser.add_argument(
        "--pairs",
        type=Path,
        metavar="FOLDER",
        help="own pairs: CSV files (time_s,saturated,true in mmol/L), or folders of dual-sequence DICOM studies",
    )
    parser.add_argument("--start", type=Path, metavar="FILE", help="weights to go on from; own pairs: the shipped ones")
    parser.add_argument("--iterations", type=int, metavar="N", help="ours: of the stem (6000); paper: of all (20000)")
    parser.add_argument("--branch", type=int, metavar="N", help="ours: of each member after the stem (2000)")
    parser.add_argument("--members", type=int, default=3, metavar="N", help="ours: networks of the ensemble")
    parser.add_argument("--batch", type=int, metavar="N", help="ours: 128, paper: 10")
    parser.add_argument("--pool", type=int, default=20_000, metavar="N", help="digital boluses to draw from")
    parser.add_argument("--seed", type=int, default=0, metavar="S")


def run(options: argparse.Namespace, progress: Progress) -> str:
    """Train, write weights and card, and return what was written.

    Raises
    ------
    MissingPackageError
        When torch or safetensors is missing.
    InputError
        When pairs or options cannot be used.
    """
    require_packages("qperfusion train aif")
    if min(options.members, options.pool) < 1 or any(
        value is not None and value < 0 for value in (options.iterations, options.branch, options.batch)
    ):
        raise SettingsError("a count below zero, or no members", expected="positive numbers")
    lines: list[str] = []

    def report(line: str) -> None:
        lines.append(line)
        progress.update(0.5, line)

    own = _own_pairs(options.pairs, progress) if options.pairs else None
    if options.preset == "paper":
        return _train_paper(options, own, report)
    return _train_ours(options, own, report)


def _train_ours(options: argparse.Namespace, own: Any, report: Any) -> str:
    from QPerfusionLogic.aif.networks.ensemble import ensemble_of
    from QPerfusionLogic.networks.model_files import save_model

    from .ensemble_training import Recipe, digital_pairs, mixed_pairs, train_ensemble

    given = {"stem": options.iterations, "branch": options.branch, "batch": options.batch}
    recipe = Recipe(
        **{name: value for name, value in given.items() if value is not None},
        members=options.members,
        pool=options.pool,
        seed=options.seed,
    )
    start = ensemble_of(str(options.start or ""))[0] if options.start or own is not None else None
    draw = digital_pairs(recipe)
    folder = options.output.with_suffix(".checkpoints")
    trained = train_ensemble(recipe, folder, report, mixed_pairs(own.draw, draw) if own is not None else draw, start)
    card = {
        "architecture": f"{len(trained.members)} 1D U-Nets on a family of inverted curves, GroupNorm, half precision",
        "members": len(trained.members),
        "training_data": DIGITAL if own is None else f"half {DIGITAL}, half {len(own)} samples of own pairs",
        "recipe": vars(recipe),
        "validated": "stress only",
    }
    found = save_model(trained, options.output, card)
    return f"written: {found.path} ({found.checksum[:12]})"


def _train_paper(options: argparse.Namespace, own: Any, report: Any) -> str:
    from QPerfusionLogic.aif.networks.published_network import ARCHITECTURE
    from QPerfusionLogic.networks.model_files import save_model

    from .published import PaperRecipe, train_paper

    given = {"iterations": options.iterations, "batch": options.batch}
    recipe = PaperRecipe(
        **{name: value for name, value in given.items() if value is not None}, seed=options.seed, pool=options.pool
    )
    trained = train_paper(recipe, report, own.draw if own is not None else None)
    card = {
        "architecture": ARCHITECTURE,
        "training_data": DIGITAL if own is None else f"{len(own)} samples of own pairs",
        "recipe": vars(recipe),
    }
    found = save_model(trained, options.output, card)
    return f"written: {found.path} ({found.checksum[:12]})"


def _own_pairs(folder: Path, progress: Progress) -> Any:
    from .own_pairs import OwnPairs, read_own_pairs

    if any(folder.glob("*.csv")):
        return OwnPairs(read_own_pairs(folder))
    from .pairs_of_studies import pairs_of_studies

    return OwnPairs(pairs_of_studies(folder, progress))
