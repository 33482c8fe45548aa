"""Fits of single pixels for the eye, in a thread, so that the window never waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from QPerfusionLogic.settings import KineticsSettings
from QPerfusionLogic.study import FIT_STATUS, BoolArray, FloatArray

LOOK_EVERY_MS = 30
FEWEST_FRAMES = 6


@dataclass(frozen=True)
class PixelRequest:
    """Curves to be fitted.

    Parameters
    ----------
    pixels : tuple of (row, column)
    curves : (n, frames) array
        Gadolinium, mmol/L.
    time_s : (frames,) array
    kept : (frames,) bool array
        Frames that count.
    aif_time_s, aif_mmol_l : (m,) arrays
    settings : KineticsSettings
    """

    pixels: tuple[tuple[int, int], ...]
    curves: FloatArray
    time_s: FloatArray
    kept: BoolArray
    aif_time_s: FloatArray
    aif_mmol_l: FloatArray
    settings: KineticsSettings


@dataclass(frozen=True)
class PixelFit:
    """The fit of one pixel: predicted (frames,) in mmol/L, NaN where a frame did not count; its parameters and status.

    `error` says why there is no fit.
    """

    predicted: FloatArray
    parameters: dict[str, float] = field(default_factory=dict)
    status: str = ""
    error: str = ""


Fits = dict[tuple[int, int], PixelFit]


def fit_pixels(request: PixelRequest) -> Fits:
    """Return the fit of every pixel of a request; a request that cannot be fitted gets a fit that says why."""
    from QPerfusionLogic.errors import QPerfusionError

    try:
        return _fitted(request)
    except QPerfusionError as error:
        nothing = np.full(request.time_s.shape, np.nan)
        return dict.fromkeys(request.pixels, PixelFit(nothing, error=str(error)))


def _fitted(request: PixelRequest) -> Fits:
    from QPerfusionLogic.errors import InputError
    from QPerfusionLogic.kinetics import KineticFittingLogic, KineticInput
    from QPerfusionLogic.mapping import between_beats
    from QPerfusionLogic.study import ArterialInput

    time_s = np.asarray(request.time_s, dtype=float)
    arterial = ArterialInput(request.aif_time_s, request.aif_mmol_l, request.aif_mmol_l, request.aif_mmol_l, "")
    if request.settings.arterial_interpolation == "smooth":
        arterial = between_beats(arterial)
    counted = request.kept & (time_s <= arterial.time_s.max() + np.median(np.diff(time_s)))
    if counted.sum() < FEWEST_FRAMES:
        raise InputError(f"{int(counted.sum())} kept frames", expected=f"at least {FEWEST_FRAMES}")
    found = KineticFittingLogic(request.settings).run(
        KineticInput(request.curves[:, counted], time_s[counted], arterial.gd_mmol_l, arterial.time_s)
    )
    predicted = np.full(request.curves.shape, np.nan)
    predicted[:, counted] = found.predicted
    return {
        pixel: PixelFit(
            predicted[index],
            {name: float(values[index]) for name, values in found.parameters.items()},
            FIT_STATUS[int(found.status[index])],
        )
        for index, pixel in enumerate(request.pixels)
    }


class PixelFits:
    """Answers with the fit of a pixel: at once when it was fitted before, else when the thread is done.

    Only the newest question is kept: a cursor that moves on does not wait for the pixels it has left.

    Parameters
    ----------
    later : callable
        Calls a function in the caller's thread after some milliseconds; `qt.QTimer.singleShot` is one.
    fit : callable
        Fits a request; called in a thread, touches no scene.
    """

    def __init__(
        self,
        later: Callable[[int, Callable[[], None]], Any],
        fit: Callable[[PixelRequest], Fits] = fit_pixels,
    ) -> None:
        self._later = later
        self._fit = fit
        self._known: dict[Any, Fits] = {}
        self._busy = False
        self._waiting: tuple[Any, PixelRequest, Callable[[], None]] | None = None

    @property
    def busy(self) -> bool:
        """True while a thread fits."""
        return self._busy

    def known(self, key: Any, pixel: tuple[int, int]) -> PixelFit | None:
        """Return the fit of a pixel of the slice `key`, None when it was not fitted yet."""
        return self._known.get(key, {}).get(pixel)

    def ask(self, key: Any, request: PixelRequest, ready: Callable[[], None]) -> None:
        """Fit some pixels of the slice `key` in a thread, then call `ready` in the caller's thread."""
        self._waiting = (key, request, ready)
        if not self._busy:
            self._start()

    def forget(self) -> None:
        """Forget all fits, and the question that waits."""
        self._known.clear()
        self._waiting = None

    def _start(self) -> None:
        assert self._waiting is not None
        key, request, ready = self._waiting
        self._waiting = None
        self._busy = True
        answer: list[Fits] = []
        thread = threading.Thread(target=lambda: answer.append(self._fit(request)), daemon=True)
        thread.start()
        self._look(thread, key, answer, ready)

    def _look(self, thread: threading.Thread, key: Any, answer: list[Fits], ready: Callable[[], None]) -> None:
        if thread.is_alive():
            self._later(LOOK_EVERY_MS, lambda: self._look(thread, key, answer, ready))
            return
        self._busy = False
        for fits in answer:
            self._known.setdefault(key, {}).update(fits)
        if self._waiting is not None:
            self._start()
        elif answer:
            ready()
