"""Stand-ins for Slicer's GUI connectors: how a parameter and a widget follow each other.

Each class does what its original in parameterNodeWrapper/guiConnectors.py does (README.md); a widget class that is not
listed here has none.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Any

import slicer
from PySide6 import QtWidgets

from .stand_ins import qMRMLNodeComboBox


def createGuiConnector(widget: Any, hint: Any) -> GuiConnector:  # noqa: N802
    """Return the connector of a widget for a type, maybe annotated.

    Raises
    ------
    RuntimeError
        When Slicer has none for this pair.
    """
    annotated = typing.get_origin(hint) is typing.Annotated
    kind, *annotations = typing.get_args(hint) if annotated else (hint,)
    for connector in _CONNECTORS:
        if connector.canRepresent(widget, kind):
            return connector(widget, kind, annotations)
    raise RuntimeError(f"Slicer has no connector from {kind} to {type(widget).__name__}")


class GuiConnector:
    """A widget and the signal by which it says that the user changed it."""

    _signal = ""

    def __init__(self, widget: Any, kind: Any, annotations: list[Any]) -> None:
        self._widget = widget
        self._callback: Callable[[], None] | None = None
        self._slot: Any = None

    @staticmethod
    def canRepresent(widget: Any, kind: Any) -> bool:  # noqa: N802
        raise NotImplementedError

    def onChanged(self, callback: Callable[[], None] | None) -> None:  # noqa: N802
        """Call when the widget changes; None: no more."""
        self._callback = callback
        signal = getattr(self._widget, self._signal)
        if callback is None:
            signal.disconnect(self._slot)
        else:
            self._slot = lambda *_: self._callback() if self._callback else None
            signal.connect(self._slot)

    def widget(self) -> Any:
        return self._widget

    def read(self) -> Any:
        raise NotImplementedError

    def write(self, value: Any) -> None:
        raise NotImplementedError


class QCheckBoxToBoolConnector(GuiConnector):
    """A truth value."""

    _signal = "stateChanged"

    @staticmethod
    def canRepresent(widget: Any, kind: Any) -> bool:  # noqa: N802
        return kind is bool and type(widget) is QtWidgets.QCheckBox

    def read(self) -> bool:
        return self._widget.property("checked")

    def write(self, value: bool) -> None:
        self._widget.setProperty("checked", value)


class QDoubleSpinBoxCtkSliderWidgetToFloatIntConnector(GuiConnector):
    """A number; the range of the annotation, or none at all, becomes that of the widget."""

    _signal = "valueChanged"

    def __init__(self, widget: Any, kind: Any, annotations: list[Any]) -> None:
        super().__init__(widget, kind, annotations)
        self._whole = kind is int
        if self._whole:
            widget.setDecimals(0)
        ranges = [item for item in annotations if hasattr(item, "minimum") and hasattr(item, "maximum")]
        low, high = (ranges[0].minimum, ranges[0].maximum) if ranges else (float("-inf"), float("inf"))
        widget.setMinimum(low)
        widget.setMaximum(high)

    @staticmethod
    def canRepresent(widget: Any, kind: Any) -> bool:  # noqa: N802
        return kind in (float, int) and type(widget) is QtWidgets.QDoubleSpinBox

    def read(self) -> float | int:
        value = self._widget.property("value")
        return int(value) if self._whole else value

    def write(self, value: float) -> None:
        self._widget.setValue(value)


class QComboBoxToStringableConnector(GuiConnector):
    """One of the choices; the box is emptied and filled with them whenever it is connected."""

    _signal = "currentIndexChanged"

    def __init__(self, widget: Any, kind: Any, annotations: list[Any]) -> None:
        super().__init__(widget, kind, annotations)
        choices = [item.choices for item in annotations if hasattr(item, "choices")]
        if not choices:
            raise RuntimeError("a QComboBox needs the Choice annotation")
        self._choices = choices[0]
        widget.clear()
        widget.addItems([str(item) for item in self._choices])

    @staticmethod
    def canRepresent(widget: Any, kind: Any) -> bool:  # noqa: N802
        return kind in (int, float, str, bool) and type(widget) is QtWidgets.QComboBox

    def read(self) -> Any:
        return self._choices[self._widget.property("currentIndex")]

    def write(self, value: Any) -> None:
        if value not in self._choices:
            raise ValueError(f"{value!r} is not one of {self._choices}")
        self._widget.setCurrentIndex(self._choices.index(value))


class QLineEditToStrConnector(GuiConnector):
    """Text; the cursor stays where it is when nothing changed."""

    _signal = "textChanged"

    @staticmethod
    def canRepresent(widget: Any, kind: Any) -> bool:  # noqa: N802
        return kind is str and type(widget) is QtWidgets.QLineEdit

    def read(self) -> str:
        return self._widget.property("text")

    def write(self, value: str) -> None:
        if value != self.read():
            self._widget.setText(value)


class qMRMLNodeComboBoxToNodeConnector(GuiConnector):  # noqa: N801
    """A node; the classes of the annotation replace those that the .ui file names."""

    _signal = "currentNodeChanged"

    def __init__(self, widget: Any, kind: Any, annotations: list[Any]) -> None:
        super().__init__(widget, kind, annotations)
        widget.setProperty("nodeTypes", [item().GetClassName() for item in _node_classes(kind)])

    @staticmethod
    def canRepresent(widget: Any, kind: Any) -> bool:  # noqa: N802
        return type(widget) is qMRMLNodeComboBox and bool(_node_classes(kind))

    def read(self) -> Any:
        return self._widget.currentNode()

    def write(self, value: Any) -> None:
        self._widget.setCurrentNode(value)


def _node_classes(kind: Any) -> list[type]:
    """Return the node classes of a type; none when it is not made of node classes and None alone."""
    union = isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union
    members = [item for item in (typing.get_args(kind) if union else (kind,)) if item is not type(None)]
    if all(isinstance(item, type) and issubclass(item, slicer.vtkMRMLNode) for item in members):
        return members
    return []


_CONNECTORS = (
    QCheckBoxToBoolConnector,
    QDoubleSpinBoxCtkSliderWidgetToFloatIntConnector,
    QComboBoxToStringableConnector,
    QLineEditToStrConnector,
    qMRMLNodeComboBoxToNodeConnector,
)
