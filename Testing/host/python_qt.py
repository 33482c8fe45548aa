"""PySide6 made to behave like PythonQt: properties are attributes, connects take strings, typing errors are errors."""

from __future__ import annotations

import ctypes
import inspect
import sys
import types
from collections.abc import Callable
from typing import Any

from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets
from PySide6.QtCore import QObject

_QT_CONNECT, _QT_DISCONNECT = QObject.connect, QObject.disconnect
_MODULES = (QtCore, QtGui, QtWidgets, QtUiTools)
HOST_CLASSES: set[type] = set()
"""Python classes of the host itself; they may keep attributes of their own."""

failures: list[str] = []
"""Exceptions in slots, timers and observers; the tests fail on any."""


def make_qt_module() -> types.ModuleType:
    """Return the module `qt` with all classes of Qt, patched once."""
    _make_none_immortal()
    module = types.ModuleType("qt")
    for source in _MODULES:
        for name in dir(source):
            if not name.startswith("_"):
                setattr(module, name, getattr(source, name))
    for value in list(vars(module).values()):
        if isinstance(value, type) and issubclass(value, QObject):
            patch_class(value)
    sys.excepthook = _remember
    return module


def _make_none_immortal() -> None:
    """Keep None alive: PySide 6.12 returns it uncounted from void methods, which only Python 3.12 and later forgive."""
    if sys.version_info < (3, 12):
        ctypes.c_ssize_t.from_address(id(None)).value += 1 << 40


def patch_class(kind: type) -> None:
    """Make the Qt properties that a class declares attributes, and forbid attributes it does not have."""
    meta = kind.staticMetaObject  # type: ignore[attr-defined]
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        name = meta.property(index).name()
        if not isinstance(vars(kind).get(name), QtCore.Property):
            setattr(kind, name, _Attribute(name, getattr(kind, name, None)))
    if kind is QObject:
        kind.name = _Attribute("objectName", None)  # type: ignore[attr-defined]
        kind.className = lambda self: self.metaObject().className()  # type: ignore[attr-defined]
    kind.__setattr__ = _set_known_attribute  # type: ignore[method-assign,assignment]


def give_string_connects(widget: Any) -> None:
    """Let one object connect as PythonQt does; PySide answers `connect` before it looks at the class."""
    widget.__dict__["connect"] = lambda signal, slot: _connect(widget, signal, slot)
    widget.__dict__["disconnect"] = lambda signal, slot: _disconnect(widget, signal, slot)


class _Attribute:
    """A Qt property as an attribute of objects; the class itself keeps what it had (QTimer.singleShot)."""

    def __init__(self, name: str, of_class: Any) -> None:
        self._name = name
        self._of_class = of_class

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self._of_class
        return _as_python_qt(instance.property(self._name))

    def __set__(self, instance: Any, value: Any) -> None:
        if not instance.setProperty(self._name, value):
            raise TypeError(f"{type(instance).__name__}.{self._name} does not take {value!r}")


def _as_python_qt(value: Any) -> Any:
    """Return lists of strings as tuples, as PythonQt does, and enums as numbers."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return value


def _set_known_attribute(self: Any, name: str, value: Any) -> None:
    found = inspect.getattr_static(type(self), name, None)
    if isinstance(found, QtCore.Property):
        # PythonQt takes any sequence for a list of strings.
        self.setProperty(name, list(value) if isinstance(value, tuple) else value)
    elif hasattr(found, "__set__"):
        found.__set__(self, value)
    elif name.startswith("_") or type(self) in HOST_CLASSES or isinstance(value, QtCore.SignalInstance):
        self.__dict__[name] = value
    else:
        raise AttributeError(f"PythonQt would refuse: {type(self).__name__} has no property {name!r}")


def _connect(self: Any, signal: str, slot: Callable[..., Any]) -> bool:
    """Connect by signature; a signal that the class does not have is an error here, silent nowhere."""
    name = signal.partition("(")[0]
    known = getattr(type(self), "SIGNATURES", {}).get(name)
    normalized = bytes(QtCore.QMetaObject.normalizedSignature(signal).data()).decode()
    if known != signal and self.metaObject().indexOfSignal(normalized) < 0:
        raise ValueError(f"{type(self).__name__} has no signal {signal!r}")
    guarded = _with_accepted_arguments(slot)
    if known == signal:
        getattr(self, name).connect(guarded)
    else:
        _QT_CONNECT(self, QtCore.SIGNAL(normalized), guarded)
    self.__dict__.setdefault("_connections", []).append((signal, slot, guarded))
    return True


def _disconnect(self: Any, signal: str, slot: Callable[..., Any]) -> bool:
    for entry in self.__dict__.get("_connections", []):
        if entry[0] == signal and entry[1] == slot:
            if getattr(type(self), "SIGNATURES", {}).get(signal.partition("(")[0]) == signal:
                getattr(self, signal.partition("(")[0]).disconnect(entry[2])
            else:
                _QT_DISCONNECT(self, QtCore.SIGNAL(signal), entry[2])
            self.__dict__["_connections"].remove(entry)
            return True
    raise ValueError(f"{signal} of {type(self).__name__} was not connected to {slot}")


def _with_accepted_arguments(slot: Callable[..., Any]) -> Callable[..., Any]:
    """PythonQt hands a slot as many arguments as it takes."""
    parameters = inspect.signature(slot).parameters.values()
    if any(item.kind is inspect.Parameter.VAR_POSITIONAL for item in parameters):
        return slot
    accepted = sum(item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD) for item in parameters)
    return lambda *arguments: slot(*arguments[:accepted])


def _remember(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    import traceback

    failures.append("".join(traceback.format_exception(kind, error, trace)))
    sys.__excepthook__(kind, error, trace)
