"""Slice views that stay turned to what they show while the layout is made and the window changes its size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class PlacedViews:
    """Places views again when Slicer has moved them.

    A layout that was just made still delivers an old slice offset to its views, and their sizes are known later still.

    Parameters
    ----------
    application : object
        Gives the application's scene (`scene()`) and calls later (`later(ms, function)`).
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        self._contents: tuple[Any, ...] = ()
        self._watched: list[tuple[Any, int]] = []
        self._sizes: dict[str, tuple[int, ...]] = {}
        self._asked = False

    def keep(self, contents: Sequence[Any]) -> None:
        """Keep views at the contents that `show_study` or `show_motion` has just shown."""
        from QPerfusionLogic.mrml.views.layouts import place

        self._contents = tuple(contents)
        self._watch()
        shown = self._contents
        self._later(lambda: place(self._application.scene(), shown) if shown is self._contents else None)

    def release(self) -> None:
        """Let go of the views."""
        for node, tag in self._watched:
            node.RemoveObserver(tag)
        self._watched, self._contents, self._sizes = [], (), {}

    def _watch(self) -> None:
        from QPerfusionLogic.mrml.views.layouts import slice_node_of

        for node, tag in self._watched:
            node.RemoveObserver(tag)
        found = (slice_node_of(self._application.scene(), content.view) for content in self._contents)
        nodes = [node for node in found if node is not None]
        self._sizes = {node.GetID(): node.GetDimensions() for node in nodes}
        self._watched = [(node, node.AddObserver("ModifiedEvent", self._resized)) for node in nodes]

    def _resized(self, node: Any, event: str) -> None:
        if self._sizes.get(node.GetID()) == node.GetDimensions() or self._asked:
            return
        self._asked = True
        self._later(self._fit)

    def _fit(self) -> None:
        from QPerfusionLogic.mrml.views.layouts import fit

        self._asked = False
        self._sizes = {node.GetID(): node.GetDimensions() for node, _ in self._watched}
        fit(self._application.scene(), self._contents)

    def _later(self, action: Callable[[], Any]) -> None:
        self._application.later(0, action)
