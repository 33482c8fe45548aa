"""Segment the evaluation cases and the negative controls, and say what came of them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from QPerfusionLogic.io.files.output_folder import writing_file
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.segmentation.contours.drawing_plan import STANDARD, DrawingPlan
from QPerfusionLogic.segmentation.logic import SegmentationLogic
from QPerfusionLogic.settings.schema import SegmentationSettings

from .cases import EvaluationCase, registered_signal
from .negative_controls import KINDS, is_confidently_wrong, negative
from .scores import Score, score


def scored(
    cases: Sequence[EvaluationCase],
    settings: SegmentationSettings,
    progress: Progress,
    plan: DrawingPlan = STANDARD,
) -> list[Score]:
    """Return the score of every case."""
    logic = SegmentationLogic(settings, plan)
    scores = []
    for index, case in enumerate(cases):
        progress.update(index / len(cases), f"segmenting {case.name}")
        scores.append(score(case, logic.run(case.registered)))
    return scores


def negative_controls_report(count: int, seed: int, settings: SegmentationSettings, progress: Progress) -> list[str]:
    """Return the lines on `count` series without a heart to find, an equal number of each kind."""
    logic = SegmentationLogic(settings)
    kinds = tuple(KINDS)
    wrong: dict[str, list[int]] = {kind: [] for kind in kinds[:count]}
    drawn = 0
    for index in range(count):
        kind = kinds[index % len(kinds)]
        progress.update(index / count, f"segmenting: {kind}")
        given = negative(seed + index, kind)
        found = logic.run(registered_signal(given.signal, given.time_s, given.pixel_mm))
        drawn += bool(found.labels.any())
        if is_confidently_wrong(given, found):
            wrong[kind].append(seed + index)
    total = sum(len(seeds) for seeds in wrong.values())
    lines = [f"negative controls: {count} series, a ring drawn in {drawn}, most of them flagged"]
    lines += [f"  {kind:32s} confident and wrong {len(seeds)} {seeds or ''}" for kind, seeds in wrong.items()]
    lines.append(f"  confident wrong rings {total}   criterion <= 0   {'pass' if total == 0 else 'FAIL'}")
    return lines


def write_scores(path: Path, scores: Sequence[Score]) -> None:
    """Write one row per slice as CSV."""
    with writing_file(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(vars(scores[0])))
        writer.writeheader()
        writer.writerows(vars(each) for each in scores)
