"""Views that come into being with a layout, as those of the application: after the study, tall, and moved once more."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import slicer
from PySide6.QtCore import QTimer

from .rendering import SliceView

STALE_OFFSET = 0.0
"""Slice offset that the slider of a new view delivers."""


class Layout:
    """The slice views of a scene whose layout node changes.

    qMRMLLayoutManager makes the views at once. The slider of each delivers its value through a queued connection
    (qMRMLSliceControllerWidget.cxx:353), after the caller has placed the view; the size comes with the first resize.

    Parameters
    ----------
    scene : vtkMRMLScene
    size : (width, height) in pixels
        Size of every view once it is shown; three side by side in a window of 1,200 x 1,300 are 379 x 608.
    """

    def __init__(self, scene: Any, size: tuple[int, int] = (379, 608)) -> None:
        self.views: dict[str, SliceView] = {}
        self._scene = scene
        self._size = size
        self.node = slicer.vtkMRMLLayoutNode()
        self.node.SetSingletonTag("vtkMRMLLayoutNode")
        self.node = scene.AddNode(self.node)
        self._tag = self.node.AddObserver("ModifiedEvent", self._arrange)

    def close(self) -> None:
        """Take down the views."""
        self.node.RemoveObserver(self._tag)
        for view in self.views.values():
            view.close()

    def _arrange(self, node: Any, event: str) -> None:
        number = node.GetViewArrangement()
        description = node.GetLayoutDescription(number) if node.IsLayoutDescription(number) else ""
        for element in ET.fromstring(description or "<layout/>").iter("view"):
            name = element.get("singletontag", "")
            if element.get("class") == "vtkMRMLSliceNode" and name not in self.views:
                self.views[name] = SliceView(self._scene, name, (256, 256))
                QTimer.singleShot(0, lambda view=self.views[name]: view.move_slider(STALE_OFFSET))
                QTimer.singleShot(5, lambda view=self.views[name]: view.resize(*self._size))
