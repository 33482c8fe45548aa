"""Many calls in a row become one a moment later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Coalesced:
    """Calls an action once after any number of requests: removing a study removes a hundred nodes, seen once.

    Parameters
    ----------
    later : callable
        Calls a function after some milliseconds; `qt.QTimer.singleShot` is one.
    action : callable

    Examples
    --------
    >>> waiting, done = [], []
    >>> request = Coalesced(lambda ms, call: waiting.append(call), lambda: done.append("once"))
    >>> request(), request(), [call() for call in waiting]
    (None, None, [None])
    >>> done
    ['once']
    """

    def __init__(self, later: Callable[[int, Callable[[], None]], Any], action: Callable[[], None]) -> None:
        self._later = later
        self._action = action
        self._asked = False

    def __call__(self) -> None:
        """Ask for the action."""
        if not self._asked:
            self._asked = True
            self._later(0, self._act)

    def _act(self) -> None:
        self._asked = False
        self._action()
