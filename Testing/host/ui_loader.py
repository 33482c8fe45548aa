"""Load the panel's real .ui file, refusing what Slicer's loader would drop in silence."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import QBuffer, QFile, QIODevice
from PySide6.QtUiTools import QUiLoader

from .python_qt import give_string_connects
from .stand_ins import WIDGETS

_LAYOUT_PROPERTIES = {"leftMargin", "topMargin", "rightMargin", "bottomMargin", "horizontalSpacing", "verticalSpacing"}


class UnknownInUiError(ValueError):
    """The .ui file names a class, property or signal that does not exist."""


class CheckedUiLoader(QUiLoader):
    """A QUiLoader that checks the file first and makes the stand-ins."""

    def load(self, file: QFile, parent: Any = None) -> Any:  # type: ignore[override]
        """Return the widget of an open .ui file."""
        return load_ui(bytes(file.readAll().data()))


def load_ui(content: bytes) -> Any:
    """Check and load the content of a .ui file.

    Raises
    ------
    UnknownInUiError
        When a class, property or signal in it does not exist.
    """
    tree = ET.parse(io.BytesIO(content))
    root = tree.getroot()
    for element in root.iter("widget"):
        _check(element)
    connections = _connections(root)
    loader = QUiLoader()
    for widget in WIDGETS:
        loader.registerCustomWidget(widget)
    buffer = QBuffer()
    buffer.setData(ET.tostring(root))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    loaded = loader.load(buffer)
    if loaded is None:
        raise UnknownInUiError(loader.errorString())
    for sender, receiver, slot in connections:
        _connect(loaded, sender, receiver, slot)
    for widget in (loaded, *loaded.findChildren(QtWidgets.QWidget)):
        give_string_connects(widget)
    return loaded


def classes_of(path: Path) -> set[str]:
    """Return the widget classes that a .ui file uses."""
    return {element.get("class", "") for element in ET.parse(path).getroot().iter("widget")}


def _check(element: ET.Element) -> None:
    name = element.get("class", "")
    own = {widget.__name__: widget for widget in WIDGETS}
    kind = own.get(name) or getattr(QtWidgets, name, None)
    if kind is None:
        raise UnknownInUiError(f"widget class {name} of {element.get('name')}")
    meta = kind.staticMetaObject
    for item in element.findall("property"):
        key = item.get("name", "")
        if item.get("stdset") == "0" or key in _LAYOUT_PROPERTIES:
            continue
        if meta.indexOfProperty(key) < 0:
            raise UnknownInUiError(f"property {key} of {name} {element.get('name')}")
        if name in own and item.find("set") is not None:
            _spell_as_number(item, own[name])


def _spell_as_number(item: ET.Element, kind: type) -> None:
    """Write flags of a stand-in as the number that they are; QUiLoader knows no flags of Python classes."""
    names = [part.partition("::")[2] for part in (item.findtext("set") or "").split("|")]
    unknown = [name for name in names if not isinstance(getattr(kind, name, None), int)]
    if unknown:
        raise UnknownInUiError(f"flag {unknown[0]!r} of {kind.__name__}")
    item.remove(item.find("set"))  # type: ignore[arg-type]
    ET.SubElement(item, "number").text = str(sum(getattr(kind, name) for name in names))


def _connections(root: ET.Element) -> list[tuple[str, str, str]]:
    """Take the scene connections out of the tree; QUiLoader cannot make them for Python classes."""
    found = []
    for parent in root.findall("connections"):
        for item in parent.findall("connection"):
            sender, signal, receiver, slot = (
                item.findtext(key, "") for key in ("sender", "signal", "receiver", "slot")
            )
            if (signal, slot) != ("mrmlSceneChanged(vtkMRMLScene*)", "setMRMLScene(vtkMRMLScene*)"):
                raise UnknownInUiError(f"connection {signal} -> {slot}")
            found.append((sender, receiver, slot.partition("(")[0]))
        root.remove(parent)
    return found


def _connect(loaded: Any, sender: str, receiver: str, slot: str) -> None:
    widgets = {widget.objectName: widget for widget in (loaded, *loaded.findChildren(QtWidgets.QWidget))}
    for name in (sender, receiver):
        if name not in widgets:
            raise UnknownInUiError(f"connection of {name}, which is not in the file")
    widgets[sender].mrmlSceneChanged.connect(getattr(widgets[receiver], slot))
