"""A stand-in for slicer.parameterNodeWrapper, for the kinds of parameters the panel uses.

As strict as the original at v5.12.3 (README.md names the lines): every parameter is written into the node
under its own name when the wrapper is made, a union finds a member that takes the value or raises, values are checked
against their type, and only widget classes that Slicer has a connector for are accepted. What the original only logs as
a warning, an annotation that nobody uses, is an error here.
"""

from __future__ import annotations

import types
import typing
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import slicer
import slicer.util
import vtk

from .widget_connectors import createGuiConnector


@dataclass
class Choice:
    """The values a parameter may take."""

    choices: list[Any]

    def validate(self, value: Any) -> None:
        if value not in self.choices:
            raise ValueError(f"{value!r} is not one of {self.choices}")


@dataclass
class WithinRange:
    """The range of a number, both ends within."""

    minimum: float
    maximum: float

    def validate(self, value: Any) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value!r} is not within {self.minimum} to {self.maximum}")


@dataclass
class Default:
    """The value of a parameter that was never set."""

    value: Any


_VALIDATORS = (Choice, WithinRange)


class UnusedAnnotationError(TypeError):
    """An annotation that Slicer warns of at every start."""


class _Text:
    """A parameter that lives as text; numbers and truth values too."""

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.accepted = (int, float) if kind is float else kind

    def default(self) -> Any:
        return self.kind()

    def takes(self, value: Any) -> bool:
        return type(value) in (int, float) if self.kind in (int, float) else type(value) is self.kind

    def check(self, value: Any) -> None:
        if value is None:
            raise ValueError("None is no value of a parameter")
        if not isinstance(value, self.accepted):
            raise TypeError(f"{value!r} is no {self.kind.__name__}")

    def is_in(self, node: Any, name: str) -> bool:
        return bool(node.HasParameter(name))

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, ("True" if value else "False") if self.kind is bool else str(value))

    def read(self, node: Any, name: str) -> Any:
        text = node.GetParameter(name)
        return text == "True" if self.kind is bool else self.kind(text)

    def remove(self, node: Any, name: str) -> None:
        node.UnsetParameter(name)


class _Node:
    """A reference to a node of one class; None is a value too, unless a union asks."""

    def __init__(self, kind: type) -> None:
        self.kind = kind

    def default(self) -> None:
        return None

    def takes(self, value: Any) -> bool:
        return isinstance(value, slicer.vtkMRMLNode)

    def check(self, value: Any) -> None:
        if value is not None and not isinstance(value, self.kind):
            raise TypeError(f"{value!r} is no {self.kind.__name__}")

    def is_in(self, node: Any, name: str) -> bool:
        return bool(node.HasParameter(name))

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, value.GetID() if value is not None else None)

    def read(self, node: Any, name: str) -> Any:
        return node.GetNodeReference(name)

    def remove(self, node: Any, name: str) -> None:
        node.UnsetParameter(name)
        node.RemoveNodeReferenceIDs(name)


class _Nothing(_Text):
    """The member None of a union."""

    def __init__(self) -> None:
        super().__init__(bool)

    def default(self) -> Any:
        return {}

    def takes(self, value: Any) -> bool:
        return value is None

    def check(self, value: Any) -> None:
        if value is not None:
            raise ValueError(f"{value!r} is not None")

    def write(self, node: Any, name: str, value: Any) -> None:
        super().write(node, name, True)

    def read(self, node: Any, name: str) -> None:
        return None


class _Union:
    """The first member that takes a value; each has a name of its own in the node."""

    def __init__(self, members: list[Any]) -> None:
        self.members = members

    def default(self) -> Any:
        two = len(self.members) == 2
        return None if two and isinstance(self.members[1], _Nothing) else self.members[0].default()

    def check(self, value: Any) -> None:
        """The members check."""

    def is_in(self, node: Any, name: str) -> bool:
        return any(member.is_in(node, f"{name}.{index}") for index, member in enumerate(self.members))

    def _index_for(self, value: Any) -> int:
        refusal = TypeError(f"no member of the union takes {value!r}")
        for index, member in enumerate(self.members):
            if member.takes(value):
                try:
                    member.check(value)
                except (TypeError, ValueError) as error:
                    refusal = error
                else:
                    return index
        raise refusal

    def write(self, node: Any, name: str, value: Any) -> None:
        index = self._index_for(value)
        with slicer.util.NodeModify(node):
            self.remove(node, name)
            self.members[index].write(node, f"{name}.{index}", value)

    def read(self, node: Any, name: str) -> Any:
        for index, member in enumerate(self.members):
            if member.is_in(node, f"{name}.{index}"):
                return member.read(node, f"{name}.{index}")
        raise KeyError(name)

    def remove(self, node: Any, name: str) -> None:
        with slicer.util.NodeModify(node):
            for index, member in enumerate(self.members):
                member.remove(node, f"{name}.{index}")


def _serializer_of(hint: Any) -> Any:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return _Union([_serializer_of(member) for member in typing.get_args(hint)])
    if hint in (int, float, str, bool):
        return _Text(hint)
    if hint is type(None):
        return _Nothing()
    if isinstance(hint, type) and issubclass(hint, slicer.vtkMRMLNode):
        return _Node(hint)
    raise TypeError(f"{hint} has no serializer in this stand-in")


@dataclass(frozen=True)
class _Info:
    basename: str
    serializer: Any
    default: Any
    validators: tuple[Any, ...]
    unalteredType: Any  # noqa: N815

    def write(self, node: Any, value: Any) -> None:
        self.serializer.check(value)
        for validator in self.validators:
            validator.validate(value)
        self.serializer.write(node, self.basename, value)

    def read(self, node: Any) -> Any:
        if not self.serializer.is_in(node, self.basename):
            self.write(node, self.default)
        return self.serializer.read(node, self.basename)


def parameterNodeWrapper(kind: type) -> type:  # noqa: N802
    """Turn a class of annotations into a typed view of a parameter node."""
    infos = {}
    for name, hint in typing.get_type_hints(kind, include_extras=True).items():
        annotated = typing.get_origin(hint) is typing.Annotated
        base, *annotations = typing.get_args(hint) if annotated else (hint,)
        serializer = _serializer_of(base)
        validators = tuple(item for item in annotations if isinstance(item, _VALIDATORS))
        given = [item for item in annotations if isinstance(item, Default)]
        if hasattr(kind, name):
            default = getattr(kind, name)
            unused = [item for item in annotations if item not in validators]
        else:
            default = given[0].value if given else serializer.default()
            unused = [item for item in annotations if item not in validators and item not in given]
        if unused:
            raise UnusedAnnotationError(f"{name}: Slicer warns of unused annotations at every start: {unused}")
        infos[name] = _Info(name, serializer, default, validators, hint)
    namespace = {name: _property(name) for name in infos}
    return type(kind.__name__, (_Wrapper,), {**namespace, "allParameters": infos, "__doc__": kind.__doc__})


def _property(name: str) -> property:
    return property(lambda self: self.getValue(name), lambda self, value: self.setValue(name, value))


def _read_again_if_alive(weak: Any) -> None:
    wrapper = weak()
    if wrapper is not None:
        wrapper._read_again()


class _Wrapper:
    allParameters: dict[str, _Info]  # noqa: N815

    def __init__(self, parameter_node: Any) -> None:
        self.parameterNode = parameter_node
        self._bound: dict[int, dict[str, Any]] = {}
        self._observers: dict[int, int] = {}
        self._updating = False
        self._cached: dict[str, Any] = {}
        for name, info in self.allParameters.items():
            if not info.serializer.is_in(parameter_node, name):
                info.write(parameter_node, info.default)
        self._read_again()
        # The node must not keep the wrapper alive, and is let go of with it.
        weak = weakref.ref(self)
        self._own_observer = parameter_node.AddObserver(
            vtk.vtkCommand.ModifiedEvent, lambda *_: _read_again_if_alive(weak)
        )

    def __del__(self) -> None:
        if hasattr(self, "_own_observer"):
            self.parameterNode.RemoveObserver(self._own_observer)

    def _read_again(self) -> None:
        """Values are kept from one change of the node to the next, as in the original."""
        for name, info in self.allParameters.items():
            self._cached[name] = info.read(self.parameterNode)

    def getValue(self, name: str) -> Any:  # noqa: N802
        return self._cached[name]

    def setValue(self, name: str, value: Any) -> None:  # noqa: N802
        with slicer.util.NodeModify(self.parameterNode):
            self.allParameters[name].write(self.parameterNode, value)
            self._cached[name] = self.allParameters[name].read(self.parameterNode)

    def dataType(self, name: str) -> Any:  # noqa: N802
        return self.allParameters[name].unalteredType

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
        widgets = {}
        for widget in vars(gui).values():
            name = widget.property("SlicerParameterName")
            if name:
                widgets[name] = widget
        for name in widgets:
            if name not in self.allParameters:
                raise ValueError(f"{widgets[name].objectName} is bound to {name}, which is no parameter")
        connectors = {name: createGuiConnector(widget, self.dataType(name)) for name, widget in widgets.items()}
        tag = len(self._observers)
        self._bound[tag] = connectors
        for name, connector in connectors.items():
            connector.write(self.getValue(name))
            connector.onChanged(lambda name=name, connector=connector: self._take(name, connector))
        self._observers[tag] = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._show_all())
        return tag

    def disconnectGui(self, tag: int) -> None:  # noqa: N802
        for connector in self._bound.pop(tag, {}).values():
            connector.onChanged(None)
        if tag in self._observers:
            self.RemoveObserver(self._observers.pop(tag))

    def _take(self, name: str, connector: Any) -> None:
        with slicer.util.NodeModify(self):
            if not self._updating:
                self.setValue(name, connector.read())

    def _show_all(self) -> None:
        if self._updating:
            return
        self._updating = True
        try:
            with slicer.util.NodeModify(self):
                for connectors in self._bound.values():
                    for name, connector in connectors.items():
                        connector.write(self.getValue(name))
        finally:
            self._updating = False
