"""A stand-in for slicer.parameterNodeWrapper, for the kinds of parameters the panel uses.

Behaves as Slicer's wrapper does (read in November 2026): values live as text parameters and node references of a
module's node, widgets with the dynamic property SlicerParameterName are bound both ways, only widget classes that
Slicer has a connector for are accepted.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import vtk
from PySide6 import QtWidgets

from .stand_ins import qMRMLNodeComboBox


@dataclass
class Choice:
    """The values a parameter may take."""

    choices: list[Any]


@dataclass
class Default:
    """The value of a parameter that was never set."""

    value: Any


@dataclass
class WithinRange:
    """The range of a number."""

    minimum: float
    maximum: float


@dataclass
class Decimals:
    """Digits after the point that a spin box shows."""

    value: int


@dataclass
class SingleStep:
    """Step of a spin box."""

    value: float


@dataclass(frozen=True)
class _Info:
    name: str
    kind: type
    is_node: bool
    default: Any
    annotations: tuple[Any, ...]

    def validated(self, value: Any) -> Any:
        for annotation in self.annotations:
            if isinstance(annotation, Choice) and value not in annotation.choices:
                raise ValueError(f"{self.name} = {value!r} is not one of {annotation.choices}")
            if isinstance(annotation, WithinRange) and not annotation.minimum <= value <= annotation.maximum:
                raise ValueError(f"{self.name} = {value!r} is not within {annotation.minimum} to {annotation.maximum}")
        return value


def parameterNodeWrapper(kind: type) -> type:  # noqa: N802
    """Turn a class of annotations into a typed view of a parameter node."""
    infos = {}
    for name, hint in typing.get_type_hints(kind, include_extras=True).items():
        parts = typing.get_args(hint)
        annotated = typing.get_origin(hint) is typing.Annotated
        annotations = parts[1:] if annotated else ()
        base = parts[0] if annotated else hint
        members = typing.get_args(base) or (base,)
        is_node = all(isinstance(item, type) and issubclass(item, vtk.vtkObject) for item in members)
        if not is_node and base not in (str, float, int, bool):
            raise TypeError(f"{name}: {base} has no serializer in this stand-in")
        fallback = None if is_node else base()
        default = getattr(kind, name, next((a.value for a in annotations if isinstance(a, Default)), fallback))
        info = _Info(name, base, is_node, default, annotations)
        if not is_node:
            info.validated(default)
        infos[name] = info
    namespace = {name: _property(info) for name, info in infos.items()}
    return type(kind.__name__, (_Wrapper,), {**namespace, "allParameters": infos, "__doc__": kind.__doc__})


def _property(info: _Info) -> property:
    return property(lambda self: self.read(info), lambda self, value: self.write(info, value))


class _Wrapper:
    allParameters: dict[str, _Info]  # noqa: N815

    def __init__(self, parameter_node: Any) -> None:
        self.parameterNode = parameter_node
        self._bound: dict[int, list[tuple[_Info, Any]]] = {}
        self._observers: dict[int, int] = {}
        self._updating = False
        for info in self.allParameters.values():
            if not info.is_node and not parameter_node.GetParameter(info.name) and info.default != "":
                self.write(info, info.default)

    def read(self, info: _Info) -> Any:
        if info.is_node:
            return self.parameterNode.GetNodeReference(info.name)
        text = self.parameterNode.GetParameter(info.name)
        return text == "True" if info.kind is bool else info.kind(text)

    def write(self, info: _Info, value: Any) -> None:
        if info.is_node:
            self.parameterNode.SetNodeReferenceID(info.name, value.GetID() if value is not None else None)
        else:
            self.parameterNode.SetParameter(info.name, str(info.kind(info.validated(value))))

    def StartModify(self) -> int:  # noqa: N802
        return self.parameterNode.StartModify()

    def EndModify(self, was: int) -> None:  # noqa: N802
        self.parameterNode.EndModify(was)

    def AddObserver(self, event: int, callback: Callable[..., Any], priority: float = 0.0) -> int:  # noqa: N802
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:  # noqa: N802
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:  # noqa: N802
        self.parameterNode.Modified()

    def connectGui(self, gui: Any) -> int:  # noqa: N802
        bound = []
        for widget in vars(gui).values():
            name = widget.property("SlicerParameterName")
            if not name:
                continue
            if name not in self.allParameters:
                raise ValueError(f"{widget.objectName} is bound to {name}, which is no parameter")
            bound.append((self.allParameters[name], widget))
        tag = len(self._observers)
        self._bound[tag] = bound
        for info, widget in bound:
            _prepare(info, widget)
            _show(info, widget, self.read(info))
            _listen(widget, lambda info=info, widget=widget: self._take(info, widget, tag))
        event = vtk.vtkCommand.ModifiedEvent
        self._observers[tag] = self.parameterNode.AddObserver(event, lambda *_: self._show_all())
        return tag

    def disconnectGui(self, tag: int) -> None:  # noqa: N802
        self._bound.pop(tag, None)
        if tag in self._observers:
            self.parameterNode.RemoveObserver(self._observers.pop(tag))

    def _take(self, info: _Info, widget: Any, tag: int) -> None:
        if tag in self._bound and not self._updating:
            self.write(info, _taken(info, widget))

    def _show_all(self) -> None:
        if self._updating:
            return
        self._updating = True
        try:
            for bound in self._bound.values():
                for info, widget in bound:
                    _show(info, widget, self.read(info))
        finally:
            self._updating = False


def _prepare(info: _Info, widget: Any) -> None:
    if isinstance(widget, QtWidgets.QComboBox):
        choice = next((item for item in info.annotations if isinstance(item, Choice)), None)
        if choice is None:
            raise RuntimeError(f"{info.name}: a QComboBox needs the Choice annotation")
        widget.clear()
        widget.addItems([str(item) for item in choice.choices])
    for annotation in info.annotations:
        if isinstance(annotation, Decimals):
            widget.setDecimals(annotation.value)
        elif isinstance(annotation, SingleStep):
            widget.setSingleStep(annotation.value)
        elif isinstance(annotation, WithinRange):
            widget.setRange(annotation.minimum, annotation.maximum)


def _listen(widget: Any, callback: Callable[[], None]) -> None:
    signals = {
        qMRMLNodeComboBox: "currentNodeChanged",
        QtWidgets.QComboBox: "currentIndexChanged",
        QtWidgets.QCheckBox: "stateChanged",
        QtWidgets.QDoubleSpinBox: "valueChanged",
        QtWidgets.QSpinBox: "valueChanged",
        QtWidgets.QLineEdit: "textChanged",
    }
    if type(widget) not in signals:
        raise RuntimeError(f"Slicer has no connector for {type(widget).__name__}")
    getattr(widget, signals[type(widget)]).connect(lambda *_: callback())


def _show(info: _Info, widget: Any, value: Any) -> None:
    if isinstance(widget, qMRMLNodeComboBox):
        widget.setCurrentNode(value)
    elif isinstance(widget, QtWidgets.QComboBox):
        widget.setCurrentText(str(value))
    elif isinstance(widget, QtWidgets.QCheckBox):
        widget.setChecked(value)
    elif isinstance(widget, QtWidgets.QLineEdit):
        if widget.property("text") != value:
            widget.setText(value)
    else:
        widget.setValue(value)


def _taken(info: _Info, widget: Any) -> Any:
    if isinstance(widget, qMRMLNodeComboBox):
        return widget.currentNode()
    names = {
        QtWidgets.QComboBox: "currentText",
        QtWidgets.QCheckBox: "checked",
        QtWidgets.QLineEdit: "text",
    }
    return widget.property(names.get(type(widget), "value"))
