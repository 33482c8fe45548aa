"""What each part of the drawing is worth: leave one out, score again (no training is needed)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from QPerfusionLogic.progress import Progress
from QPerfusionLogic.segmentation.contours.drawing_plan import STANDARD, DrawingPlan
from QPerfusionLogic.settings.schema import SegmentationSettings

from .cases import EvaluationCase
from .evaluation import scored
from .scores import Score

INPUTS = (
    "baseline",
    "RV peak",
    "LV upslope",
    "LV peak",
    "half a transit later",
    "one transit later",
    "1.75 transits later",
    "2.5 transits later",
)


def plans() -> dict[str, DrawingPlan]:
    """Return the drawing plans that are compared, the standard one first."""
    return {
        "standard": STANDARD,
        "one view": DrawingPlan(turns_deg=(0.0,), mirrored=False),
        "no turns, mirrored": DrawingPlan(turns_deg=(0.0,)),
        "no rings": DrawingPlan(rings=False),
        "papillaries not shared": DrawingPlan(papillaries=False),
        "no margin": DrawingPlan(margin_mm=0.0),
        "margin 1 mm": DrawingPlan(margin_mm=1.0),
        "endocardium 0.5 mm farther out": DrawingPlan(trabeculae_mm=0.5),
        **{f"without {name}": DrawingPlan(without=(channel,)) for channel, name in enumerate(INPUTS)},
    }


def ablation_report(
    title: str, cases: Sequence[EvaluationCase], settings: SegmentationSettings, progress: Progress
) -> list[str]:
    """Return a line per plan: mean Dice and its change from the standard plan; the classical contour comes last."""
    lines = [f"ablation, {title}: {len(cases)} slices; mean Dice (change)"]
    reference: list[Score] = []
    for name, plan in plans().items():
        scores = scored(cases, settings, progress, plan)
        reference = reference or scores
        lines.append(_line(name, scores, reference))
    lines.append(_line("classical", scored(cases, SegmentationSettings(mode="classical"), progress), reference))
    return lines


def _line(name: str, scores: Sequence[Score], reference: Sequence[Score]) -> str:
    words = []
    for label, field in (("myocardium", "myocardium"), ("LV", "left_ventricle"), ("box", "box")):
        value, standard = (np.nanmean([getattr(each, field) for each in group]) for group in (scores, reference))
        words.append(f"{label} {value:.3f} ({value - standard:+.3f})")
    return f"  {name:38s} {'  '.join(words)}"
