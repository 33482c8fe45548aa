"""Progress and cancel in one small object that is passed down through every stage."""

from __future__ import annotations

from collections.abc import Callable

from .errors import CancelledError

Listener = Callable[[float, str], None]


class Progress:
    """Report how far a piece of work is, and stop it when its user has cancelled.

    Parameters
    ----------
    listener : callable, optional
        Called with (fraction between 0 and 1, message) at every update.
    is_cancelled : callable, optional
        Asked at every update; when it answers True, `CancelledError` is raised from `update` or `check`.

    Examples
    --------
    >>> heard = []
    >>> progress = Progress(lambda fraction, message: heard.append((round(fraction, 2), message)))
    >>> progress.part(0.5, 1.0).update(0.5, "fitting")
    >>> heard
    [(0.75, 'fitting')]
    """

    def __init__(
        self,
        listener: Listener | None = None,
        is_cancelled: Callable[[], bool] | None = None,
        start: float = 0.0,
        stop: float = 1.0,
    ) -> None:
        self._listener = listener
        self._is_cancelled = is_cancelled
        self._start = start
        self._stop = stop

    def update(self, fraction: float, message: str = "") -> None:
        """Report that `fraction` (0 to 1) of this part is done; raises `CancelledError` after a cancel."""
        self.check()
        if self._listener is not None:
            bounded = min(max(fraction, 0.0), 1.0)
            self._listener(self._start + bounded * (self._stop - self._start), message)

    def check(self) -> None:
        """Raise `CancelledError` when the user has cancelled."""
        if self._is_cancelled is not None and self._is_cancelled():
            raise CancelledError

    def part(self, start: float, stop: float) -> Progress:
        """Return the progress of a sub-task that fills this one from `start` to `stop` (fractions)."""
        width = self._stop - self._start
        return Progress(self._listener, self._is_cancelled, self._start + start * width, self._start + stop * width)

    def silent(self) -> Progress:
        """Return a progress that reports to nobody and is cancelled with this one."""
        return Progress(is_cancelled=self._is_cancelled)
