"""Views that come into being with a layout, as those of the application: after the study, and moved once more."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import slicer
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from .python_qt import HOST_CLASSES
from .rendering import SliceView

STALE_OFFSET = 0.0
"""Slice offset that the slider of a new view delivers."""
SLICE_BAR, PLOT_BAR, LEAST_VIEW = (314, 24), (130, 24), 50
"""Least sizes: bar of a slice view (seen in Slicer 5.12.3 on Linux) and of a chart, and a view below its bar."""


class Layout:
    """The views of a scene whose layout node changes, in an area of the main window.

    qMRMLLayoutManager makes the views at once. The slider of each delivers its value through a queued connection
    (qMRMLSliceControllerWidget.cxx:353), after the caller has placed the view; the size comes with the first resize.
    While a layout lives it is `slicer.app.layoutManager()`.

    Parameters
    ----------
    scene : vtkMRMLScene
    size : (width, height) in points, optional
        Size of every view once it is shown; otherwise they share the area as Qt gives it to them.
    area : (width, height) in points
        Of all views together; it grows where they need more.
    """

    def __init__(self, scene: Any, size: tuple[int, int] | None = None, area: tuple[int, int] = (1200, 1300)) -> None:
        self.views: dict[str, SliceView] = {}
        self.panes: dict[str, _Pane] = {}
        self._scene = scene
        self._size = size
        self._window = QWidget()
        self._window.setLayout(QVBoxLayout())
        self._window.layout().setContentsMargins(0, 0, 0, 0)
        self._window.resize(*area)
        self._window.show()
        self._shown: Any = None
        self._description = ""
        self.node = slicer.vtkMRMLLayoutNode()
        self.node.SetSingletonTag("vtkMRMLLayoutNode")
        self.node = scene.AddNode(self.node)
        self._tag = self.node.AddObserver("ModifiedEvent", self._arrange)
        slicer.app.layout = self

    def viewport(self) -> Any:
        """Return the widget that holds the views."""
        return self._window

    def sliceWidget(self, name: str) -> Any:  # noqa: N802
        """Return the widget of a slice view, None before it was made."""
        return self.panes.get(name) if name in self.views else None

    def least_size(self) -> tuple[int, int]:
        """Return width and height that the views need at least."""
        found = self._window.layout().minimumSize()
        return found.width(), found.height()

    def close(self) -> None:
        """Take down the views."""
        slicer.app.layout = None
        self.node.RemoveObserver(self._tag)
        for view in self.views.values():
            view.close()
        self._window.close()

    def _arrange(self, node: Any, event: str) -> None:
        number = node.GetViewArrangement()
        description = node.GetLayoutDescription(number) if node.IsLayoutDescription(number) else ""
        if not description or description == self._description:
            return
        self._description = description
        for pane in self.panes.values():
            pane.setParent(None)
        if self._shown is not None:
            self._window.layout().removeWidget(self._shown)
            self._shown.deleteLater()
        self._shown = self._built(ET.fromstring(description))
        self._window.layout().addWidget(self._shown)

    def _built(self, element: ET.Element) -> QWidget:
        """Return the widget of a layout or a view, made as `ctkLayoutManager::processLayoutElement` does."""
        if element.tag == "view":
            return self._view(element)
        vertical = element.get("type") == "vertical"
        built = [(self._built(item[0]), int(item.get("splitSize", "0"))) for item in element]
        if element.get("split") == "true":
            widget: Any = QSplitter(Qt.Orientation.Vertical if vertical else Qt.Orientation.Horizontal)
            for child, _ in built:
                widget.addWidget(child)
            if any(share for _, share in built):
                widget.setSizes([share for _, share in built])
        else:
            widget = QWidget()
            widget.setLayout(QVBoxLayout() if vertical else QHBoxLayout())
            widget.layout().setContentsMargins(0, 0, 0, 0)
            for child, _ in built:
                widget.layout().addWidget(child)
        for child, _ in built:
            child.show()
        return widget

    def _view(self, element: ET.Element) -> _Pane:
        name = element.get("singletontag", "")
        if name in self.panes:
            return self.panes[name]
        is_slice = element.get("class") == "vtkMRMLSliceNode"
        pane = self.panes[name] = _Pane(SLICE_BAR if is_slice else PLOT_BAR)
        if is_slice:
            view = self.views[name] = SliceView(self._scene, name, (256, 256))
            QTimer.singleShot(0, lambda: view.move_slider(STALE_OFFSET))
            if self._size is not None:
                QTimer.singleShot(5, lambda: view.resize(*self._size))
            else:
                pane.canvas.__dict__["_resized"] = view.resize
        return pane


class _Pane(QWidget):
    """A view below its bar."""

    def __init__(self, bar: tuple[int, int]) -> None:
        super().__init__()
        self.bar, self.canvas = QWidget(), _Canvas()
        self.bar.setMinimumWidth(bar[0])
        self.bar.setFixedHeight(bar[1])
        self.canvas.setMinimumSize(LEAST_VIEW, LEAST_VIEW)
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(self.canvas, 1)
        self.setLayout(layout)

    def sliceController(self) -> QWidget:  # noqa: N802
        return self.bar


class _Canvas(QWidget):
    """Where a view is drawn; its size is known once Qt has laid out the window."""

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        resized = self.__dict__.get("_resized")
        if resized is not None:
            size = event.size()
            QTimer.singleShot(0, lambda: resized(size.width(), size.height()))


HOST_CLASSES |= {_Pane, _Canvas}
