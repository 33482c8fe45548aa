"""Fits of single pixels under the cursor, in a process that is kept, so that the window never waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from QPerfusionLogic.data.results import FIT_STATUS
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.io.files.bundle import read_bundle, write_bundle
from QPerfusionLogic.pipeline.pixel_request import Fits, PixelFit, PixelRequest
from QPerfusionLogic.settings.schema import KineticsSettings

from .failures import text_of
from .process import Launch, WatchedProcess

QUESTION, ANSWER = ".question", ".answer"
LOOK_EVERY_MS = 30


@dataclass(frozen=True)
class PixelAnswer:
    """The fits of the pixels of a request."""

    fits: Fits


def fit_pixels(request: PixelRequest) -> Fits:
    """Return the fit of every pixel of a request; a request that cannot be fitted gets a fit that says why."""
    try:
        return _fitted(request)
    except QPerfusionError as error:
        return _unfitted(request, text_of(error))


def _unfitted(request: PixelRequest, why: str) -> Fits:
    return dict.fromkeys(request.pixels, PixelFit(np.full(request.time_s.shape, np.nan), error=why))


def _fitted(request: PixelRequest) -> Fits:
    from QPerfusionLogic.data.results import ArterialInput
    from QPerfusionLogic.errors import InputError
    from QPerfusionLogic.kinetics.base.kinetic_input import KineticInput
    from QPerfusionLogic.pipeline.flow_mapping import FEWEST_FRAMES, resample_aif

    time_s = np.asarray(request.time_s, dtype=float)
    arterial = ArterialInput(request.aif_time_s, request.aif_mmol_l, request.aif_mmol_l, request.aif_mmol_l, "")
    if request.settings.arterial_interpolation == "smooth":
        arterial = resample_aif(arterial)
    counted = request.kept & (time_s <= arterial.time_s.max() + np.median(np.diff(time_s)))
    if counted.sum() < FEWEST_FRAMES:
        raise InputError(f"{int(counted.sum())} kept frames", expected=f"at least {FEWEST_FRAMES}")
    in_wall = np.zeros(len(request.pixels), dtype=bool) if request.in_wall is None else request.in_wall
    fits: Fits = {}
    for of_wall in (True, False):
        rows = np.flatnonzero(in_wall == of_wall)
        if rows.size == 0:
            continue
        found = _fitting(request.settings).run(
            KineticInput(request.curves[rows][:, counted], time_s[counted], arterial.gd_mmol_l, arterial.time_s),
            near=request.near,
            of_wall=of_wall,
        )
        for index, row in enumerate(rows):
            predicted = np.full(time_s.shape, np.nan)
            predicted[counted] = found.predicted[index]
            parameters = {name: float(values[index]) for name, values in found.parameters.items()}
            fits[request.pixels[row]] = PixelFit(predicted, parameters, FIT_STATUS[int(found.status[index])])
    return fits


class PixelFits:
    """Answers with the fit of a pixel: at once when it was fitted before, else when the process has done it.

    Only the newest question is kept: a cursor that moves on does not wait for the pixels it has left.

    Parameters
    ----------
    later : callable
        Calls a function in the caller's thread after some milliseconds; `qt.QTimer.singleShot` is one.
    launch : Launch
        Starts the process that fits.
    """

    def __init__(self, later: Callable[[int, Callable[[], None]], Any], launch: Launch) -> None:
        self._later = later
        self._launch = launch
        self._known: dict[Any, Fits] = {}
        self._waiting: _Question | None = None
        self._asked: _Question | None = None
        self._process: WatchedProcess | None = None
        self._broken = ""
        self._count = 0

    @property
    def busy(self) -> bool:
        """True while a question is not answered."""
        return self._asked is not None

    def known(self, key: Any, pixel: tuple[int, int]) -> PixelFit | None:
        """Return the fit of a pixel of the slice `key`, None when it was not fitted yet."""
        return self._known.get(key, {}).get(pixel)

    def ask(self, key: Any, request: PixelRequest, ready: Callable[[], None]) -> None:
        """Fit some pixels of the slice `key`, then call `ready`."""
        self._waiting = _Question(key, request, ready)
        if not self.busy:
            self._ask_next()

    def prepare(self) -> None:
        """Start the process, so that the first question is answered soon."""
        if self._process is not None or self._broken:
            return
        process = WatchedProcess(self._launch, lambda content: None, lambda code: self._finish(process, code))
        self._process = process
        try:
            process.start("QPerfusionLogic.workflow.pixel_fit_worker", [str(process.folder)])
        except OSError:
            self.close()
            raise

    def forget(self) -> None:
        """Forget all fits, and the question that waits."""
        self._known.clear()
        self._waiting = None
        self._broken = ""

    def close(self) -> None:
        """End the process."""
        self.forget()
        self._asked = None
        if self._process is not None:
            process, self._process = self._process, None
            process.close()

    def _ask_next(self) -> None:
        assert self._waiting is not None
        question, self._waiting = self._waiting, None
        self._asked = question
        try:
            self.prepare()
            if self._process is not None:
                self._count += 1
                write_bundle(self._process.folder / f"{self._count}{QUESTION}", question.request)
        except (OSError, QPerfusionError) as error:
            self._broken = text_of(error)
        if self._broken:
            self._take(_unfitted(question.request, self._broken))
        else:
            self._look(question)

    def _look(self, question: _Question) -> None:
        if self._asked is not question or self._process is None:
            return
        answer = self._process.folder / f"{self._count}{ANSWER}"
        if not answer.exists():
            self._later(LOOK_EVERY_MS, lambda: self._look(question))
            return
        try:
            fits = read_bundle(answer, PixelAnswer).fits
            answer.unlink()
        except (OSError, QPerfusionError) as error:
            fits = _unfitted(question.request, text_of(error))
        self._take(fits)

    def _take(self, fits: Fits) -> None:
        """Keep fits, and say that they are there unless the cursor has moved on."""
        question, self._asked = self._asked, None
        if question is None:
            return
        self._known.setdefault(question.key, {}).update(fits)
        if self._waiting is not None:
            self._ask_next()
        else:
            question.ready()

    def _finish(self, process: WatchedProcess, code: int) -> None:
        """The process has ended: nobody had asked it for long, or it has failed."""
        process.close()
        if process is not self._process:
            return
        self._process = None
        if code != 0:
            said = [line for line in process.lines if line.strip()]
            self._broken = said[-1] if said else f"the process that fits has ended with code {code}"
        if self._asked is not None:
            question, self._asked = self._asked, None
            self._waiting = self._waiting or question
            self._ask_next()


_last_fitting: list[Any] = []


def _fitting(settings: KineticsSettings) -> Any:
    """Return what fits with these settings; it is kept, as pixels of one slice share what takes longest."""
    from QPerfusionLogic.kinetics.logic import KineticFittingLogic

    if not _last_fitting or _last_fitting[0].settings != settings:
        _last_fitting[:] = [KineticFittingLogic(settings)]
    return _last_fitting[0]


@dataclass(frozen=True, eq=False)
class _Question:
    key: Any
    request: PixelRequest
    ready: Callable[[], None]
