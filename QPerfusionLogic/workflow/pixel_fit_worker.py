"""The process that fits pixels: started once, it answers questions that it finds as files in its folder."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from QPerfusionLogic.io.files.bundle import read_bundle, write_bundle
from QPerfusionLogic.pipeline.pixel_request import PixelRequest

from .pixel_fits import ANSWER, QUESTION, PixelAnswer, fit_pixels
from .watched_process import end_when_unwatched

LOOK_EVERY_S = 0.02
LONGEST_IDLE_S = 900.0
"""A process that nobody has asked for so long ends, and is started again when it is needed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer questions in a folder until nobody asks any more."""
    folder = Path((arguments or sys.argv[1:])[0])
    end_when_unwatched()
    try:
        _answer_questions(folder)
    except KeyboardInterrupt:
        return 130
    return 0


def _answer_questions(folder: Path) -> None:
    if not list(folder.glob(f"*{QUESTION}")):
        _warm_up()
    last_asked = time.monotonic()
    while time.monotonic() - last_asked < LONGEST_IDLE_S:
        questions = list(folder.glob(f"*{QUESTION}"))
        for question in questions:
            request = read_bundle(question, PixelRequest)
            question.unlink()
            write_bundle(question.with_suffix(ANSWER), PixelAnswer(fit_pixels(request)))
            last_asked = time.monotonic()
        if not questions:
            time.sleep(LOOK_EVERY_S)


def _warm_up() -> None:
    """Fit a made-up curve, so that the compiled functions are loaded before the first question."""
    from QPerfusionLogic.settings.schema import KineticsSettings

    time_s = np.arange(40.0)
    blood = 4.0 * (time_s / 8.0) * np.exp(1.0 - time_s / 8.0)
    tissue = 0.02 * np.cumsum(blood)[np.newaxis]
    kept = np.ones(time_s.shape, dtype=bool)
    with contextlib.suppress(Exception):
        fit_pixels(PixelRequest(((0, 0),), tissue, time_s, kept, time_s, blood, KineticsSettings()))


if __name__ == "__main__":
    sys.exit(main())
