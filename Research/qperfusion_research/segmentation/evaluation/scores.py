"""How well a segmented slice agrees with its truth, and whether many of them meet the criteria."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.agreement.overlap import landmark_distance_mm
from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, dice
from QPerfusionLogic.data.results import Segmented
from QPerfusionLogic.segmentation.logic import heart_box

from .cases import EvaluationCase

LOCATED = 0.3
"""Least Dice of LV with wall at which the heart counts as located."""


@dataclass(frozen=True)
class Score:
    """Figures of one slice; NaN where there is nothing to compare."""

    name: str
    myocardium: float
    left_ventricle: float
    right_ventricle: float
    box: float
    located: float
    peak_error_frames: float
    insertion_error_mm: float
    confidence: float
    flagged: float


@dataclass(frozen=True)
class Criterion:
    """What a mean (or a share) must reach: at least `limit`, or at most where `most` is set."""

    text: str
    limit: float
    most: bool = False

    def line(self, value: float) -> str:
        """Return a line of the report."""
        good = value <= self.limit if self.most else value >= self.limit
        return f"{self.text:46s} {value:7.3f}   criterion {'<=' if self.most else '>='} {self.limit:g}   {_word(good)}"


CRITERIA = {
    "digital": {
        "myocardium": Criterion("Dice myocardium, mean", 0.90),
        "left_ventricle": Criterion("Dice LV, mean", 0.95),
        "box": Criterion("Dice of the box, mean", 0.97),
        "insertion_error_mm": Criterion("RV insertion points, mean error in mm", 2.8, most=True),
    },
    "real": {
        "myocardium": Criterion("Dice myocardium, mean", 0.80),
        "left_ventricle": Criterion("Dice LV, mean", 0.90),
        "box": Criterion("Dice of the box, mean", 0.93),
        "located": Criterion("share of hearts located", 0.99),
        "peak_error_frames": Criterion("peak LV frame, mean error", 1.5, most=True),
    },
}
"""Source: the project's specification of the three networks; the real criteria are meant for series nobody tuned to."""
POOR, MOST_POOR = 0.6, 0.03
"""Dice of the myocardium below which a series is poor, and the share of poor series that is allowed."""


def score(case: EvaluationCase, found: Segmented) -> Score:
    """Compare a one-slice result with its case."""
    labels = found.labels[0]
    wall, cavity = labels == MYOCARDIUM, labels == LEFT_VENTRICLE
    truth = case.truth
    located = dice(wall | cavity, truth[MYOCARDIUM] | truth[LEFT_VENTRICLE]) > LOCATED
    box = heart_box(np.where(truth[MYOCARDIUM], MYOCARDIUM, truth[LEFT_VENTRICLE] * LEFT_VENTRICLE)[None])
    right = truth.get(RIGHT_VENTRICLE)
    return Score(
        case.name,
        dice(wall, truth[MYOCARDIUM]),
        dice(cavity, truth[LEFT_VENTRICLE]),
        dice(labels == RIGHT_VENTRICLE, right) if right is not None and right.any() else float("nan"),
        box_dice(found.heart_box, box) if wall.any() else 0.0,
        float(located),
        float(abs(found.peak_frames["left_ventricle"] - case.peak_frame)),
        _insertion_error(case, found) if located else float("nan"),
        float(found.confidence[0]),
        float(is_flagged(found)),
    )


def box_dice(first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> float:
    """Return the Dice coefficient of two boxes (first row, first column, last row + 1, last column + 1).

    Examples
    --------
    >>> box_dice((0, 0, 2, 2), (0, 1, 2, 3))
    0.5
    """
    overlap = [max(min(first[i + 2], second[i + 2]) - max(first[i], second[i]), 0) for i in (0, 1)]
    area = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return 2.0 * overlap[0] * overlap[1] / max(sum(area), 1)


def is_flagged(found: Segmented) -> bool:
    """Return whether the result says that it may be wrong."""
    return any(notice.code in ("segmentation-uncertain", "heart-not-found") for notice in found.notices)


def _insertion_error(case: EvaluationCase, found: Segmented) -> float:
    """Return the mean distance in mm of the points as an unordered pair: mirrored slices have no known front."""
    spacing = case.registered.series.geometry.pixel_spacing_mm
    pairs = (found.insertion_points[0], found.insertion_points[0][::-1])
    return float(min(landmark_distance_mm(pair, case.insertion_points, spacing).mean() for pair in pairs))


def report(title: str, scores: Sequence[Score], criteria: dict[str, Criterion]) -> list[str]:
    """Return the lines of one group of cases: mean and median of every figure, then the criteria."""
    lines = [f"{title}: {len(scores)} slices"]
    values = {name: _known(scores, name) for name in vars(scores[0]) if name != "name"}
    for name, known in values.items():
        if len(known):
            lines.append(f"  {name:20s} mean {known.mean():.3f}  median {np.median(known):.3f}  of {len(known)}")
    lines += [
        f"  {criterion.line(float(values[name].mean()) if len(values[name]) else np.nan)}"
        for name, criterion in criteria.items()
    ]
    poor = [each for each in scores if each.myocardium < POOR]
    flagged = sum(int(each.flagged) for each in poor)
    good = len(poor) < MOST_POOR * len(scores) and flagged == len(poor)
    lines.append(
        f"  myocardium below {POOR}: {len(poor)} ({len(poor) / len(scores):.1%}), of them flagged {flagged}"
        f"   criterion < {MOST_POOR:.0%} and all flagged   {_word(good)}"
    )
    return lines


def _known(scores: Sequence[Score], name: str) -> np.ndarray:
    values = np.array([getattr(each, name) for each in scores], dtype=float)
    return values[np.isfinite(values)]


def _word(good: bool) -> str:
    return "pass" if good else "FAIL"
