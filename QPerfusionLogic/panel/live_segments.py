"""AHA segments that turn while the insertion points of the study are moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from QPerfusionLogic.data.series import State


class LiveSegments:
    """Watches the insertion points of the study that is looked at.

    Parameters
    ----------
    study : callable
        Returns the study to look at, None when there is none.
    """

    def __init__(self, study: Callable[[], Any]) -> None:
        self._study = study
        self._watched: list[tuple[Any, int]] = []

    def watch(self) -> None:
        """Watch the points of the present study; those of another are let go."""
        from QPerfusionLogic.mrml.nodes.landmarks import point_moved_event

        study = self._study()
        nodes = {}
        for state in (State.STRESS, State.REST):
            node = study.node("insertion_points", state) if study is not None else None
            if node is not None:
                nodes[state] = node
        if [node for node, _ in self._watched] == list(nodes.values()):
            return
        self.release()
        for state, node in nodes.items():
            tag = node.AddObserver(point_moved_event(), lambda caller, event, state=state: self._turn(state))
            self._watched.append((node, tag))

    def release(self) -> None:
        """Watch nothing."""
        for node, tag in self._watched:
            node.RemoveObserver(tag)
        self._watched = []

    def _turn(self, state: State) -> None:
        from QPerfusionLogic.mrml.views.editing import turn_segments

        study = self._study()
        if study is not None:
            turn_segments(study, state)
