"""Stand-ins for the few ctk and qMRML widgets that the panel uses.

A property, method or signal that is not listed here does not exist for the panel; README.md has where each original is
defined.
"""

from __future__ import annotations

import types
from typing import Any

from PySide6.QtCore import Property, QEvent, QObject, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from .python_qt import HOST_CLASSES, patch_class


def _simple(kind: type, name: str, default: Any) -> Property:
    """Return a Qt property that only remembers its value."""
    key = f"_{name}"
    return Property(
        kind,
        lambda self: self.__dict__.get(key, default),
        lambda self, value: self.__dict__.__setitem__(key, value),
    )


class ctkCollapsibleButton(QWidget):  # noqa: N801
    """ctkCollapsibleButton.h: text, collapsed; contentsCollapsed(bool)."""

    contentsCollapsed = Signal(bool)  # noqa: N815
    SIGNATURES = {"contentsCollapsed": "contentsCollapsed(bool)"}  # noqa: RUF012

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.__dict__["_title"] = QToolButton(self)
        self._title.setToolButtonStyle(Qt.ToolButtonTextBesideIcon)
        self._title.setAutoRaise(True)
        self._title.setStyleSheet("font-weight: bold; border: none; padding: 4px;")
        self._title.clicked.connect(lambda: self.setCollapsed(not self._collapsed()))
        self.__dict__["_is_collapsed"] = False
        self.setContentsMargins(8, 26, 4, 4)

    def event(self, event: Any) -> bool:
        if event.type() == QEvent.Resize:
            self._title.setGeometry(0, 0, self.property("width"), 24)
        elif event.type() == QEvent.Show:
            self.setCollapsed(self._is_collapsed)
        return super().event(event)

    def _collapsed(self) -> bool:
        return bool(self._is_collapsed)

    def setCollapsed(self, collapsed: bool) -> None:  # noqa: N802
        changed = collapsed != self._is_collapsed
        self.__dict__["_is_collapsed"] = collapsed
        self._title.setArrowType(Qt.RightArrow if collapsed else Qt.DownArrow)
        for child in self.children():
            if isinstance(child, QWidget) and child is not self._title:
                child.setVisible(not collapsed)
        self.setMaximumHeight(26 if collapsed else 16777215)
        if changed:
            self.contentsCollapsed.emit(collapsed)

    def _text(self) -> str:
        return self._title.property("text")

    def _set_text(self, text: str) -> None:
        self._title.setText(text)

    text = Property(str, _text, _set_text)
    collapsed = Property(bool, _collapsed, setCollapsed)


class ctkPathLineEdit(QWidget):  # noqa: N801
    """ctkPathLineEdit.h: currentPath, filters, browse(); currentPathChanged(QString)."""

    Dirs, Files, Drives, Readable, Writable, Executable = 0x001, 0x002, 0x004, 0x010, 0x020, 0x040
    NoDot, NoDotDot = 0x2000, 0x4000
    currentPathChanged = Signal(str)  # noqa: N815
    SIGNATURES = {"currentPathChanged": "currentPathChanged(QString)"}  # noqa: RUF012
    # Both kinds: without a filter the button asks for a file.
    filters = _simple(int, "filters", Dirs | Files | Drives | NoDot | NoDotDot | Readable | Executable)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.__dict__["_edit"] = QLineEdit(self)
        layout.addWidget(self._edit)
        button = QToolButton(self)
        button.setText("...")
        button.clicked.connect(lambda: self.browse())
        layout.addWidget(button)
        self._edit.textChanged.connect(self.currentPathChanged.emit)

    def browse(self) -> None:
        filters = self.property("filters")
        if not filters & self.Files:
            path = QFileDialog.getExistingDirectory(self, "Select a directory...", self._path())
        elif filters & self.Writable:
            path = QFileDialog.getSaveFileName(self, "Select a file to save ", self._path(), "")[0]
        else:
            path = QFileDialog.getOpenFileName(self, "Open a file", self._path(), "")[0]
        if path:
            self.setCurrentPath(path)

    def _path(self) -> str:
        return self._edit.property("text")

    def setCurrentPath(self, path: str) -> None:  # noqa: N802
        self._edit.setText(path)

    currentPath = Property(str, _path, setCurrentPath)  # noqa: N815


class qMRMLWidget(QWidget):  # noqa: N801
    """qMRMLWidget.h: setMRMLScene(vtkMRMLScene*), mrmlScene(), mrmlSceneChanged(vtkMRMLScene*)."""

    mrmlSceneChanged = Signal(object)  # noqa: N815
    SIGNATURES = {"mrmlSceneChanged": "mrmlSceneChanged(vtkMRMLScene*)"}  # noqa: RUF012

    def mrmlScene(self) -> Any:  # noqa: N802
        return self.__dict__.get("_scene")

    def setMRMLScene(self, scene: Any) -> None:  # noqa: N802
        self.__dict__["_scene"] = scene
        self.mrmlSceneChanged.emit(scene)


class qMRMLNodeComboBox(QWidget):  # noqa: N801
    """qMRMLNodeComboBox.h: nodeTypes and the enabling flags; currentNodeChanged(vtkMRMLNode*)."""

    currentNodeChanged = Signal(object)  # noqa: N815
    SIGNATURES = {"currentNodeChanged": "currentNodeChanged(vtkMRMLNode*)"}  # noqa: RUF012
    addEnabled = _simple(bool, "addEnabled", True)  # noqa: N815
    removeEnabled = _simple(bool, "removeEnabled", True)  # noqa: N815
    editEnabled = _simple(bool, "editEnabled", False)  # noqa: N815
    renameEnabled = _simple(bool, "renameEnabled", False)  # noqa: N815
    noneEnabled = _simple(bool, "noneEnabled", False)  # noqa: N815
    showHidden = _simple(bool, "showHidden", False)  # noqa: N815
    showChildNodeTypes = _simple(bool, "showChildNodeTypes", True)  # noqa: N815
    selectNodeUponCreation = _simple(bool, "selectNodeUponCreation", True)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        box = QComboBox(self)
        layout.addWidget(box)
        self.__dict__.update(_box=box, _types=[], _scene=None, _nodes=[], _tags=[])
        box.currentIndexChanged.connect(self._chosen)

    def _node_types(self) -> list[str]:
        return list(self._types)

    def _set_node_types(self, types: list[str]) -> None:
        self.__dict__["_types"] = list(types)
        self._refresh()

    nodeTypes = Property("QStringList", _node_types, _set_node_types)  # noqa: N815

    def setMRMLScene(self, scene: Any) -> None:  # noqa: N802
        previous = self._scene
        if previous is not None:
            for tag in self._tags:
                previous.RemoveObserver(tag)
        self.__dict__["_scene"] = scene
        events = ("NodeAddedEvent", "NodeRemovedEvent", "EndBatchProcessEvent", "EndCloseEvent", "EndImportEvent")
        tags = (
            [scene.AddObserver(getattr(scene, event), lambda *_: self._refresh()) for event in events] if scene else []
        )
        self.__dict__["_tags"] = tags
        self._refresh()

    def mrmlScene(self) -> Any:  # noqa: N802
        return self._scene

    def currentNode(self) -> Any:  # noqa: N802
        index = self._box.property("currentIndex")
        return self._nodes[index] if 0 <= index < len(self._nodes) else None

    def setCurrentNode(self, node: Any) -> None:  # noqa: N802
        ids = [item.GetID() if item is not None else "" for item in self._nodes]
        wanted = node.GetID() if node is not None else ""
        none = 0 if self.property("noneEnabled") and self._nodes else -1
        self._box.setCurrentIndex(ids.index(wanted) if wanted in ids else none)

    def currentNodeID(self) -> str:  # noqa: N802
        node = self.currentNode()
        return node.GetID() if node is not None else ""

    def nodeCount(self) -> int:  # noqa: N802
        return sum(node is not None for node in self._nodes)

    def _chosen(self, index: int) -> None:
        self.currentNodeChanged.emit(self.currentNode())

    def _refresh(self) -> None:
        scene = self._scene
        if scene is not None and scene.IsBatchProcessing():
            return
        before = self.currentNodeID()
        nodes = [None] if self.property("noneEnabled") else []
        for index in range(scene.GetNumberOfNodes() if scene is not None else 0):
            node = scene.GetNthNode(index)
            if node.GetClassName() in self._types and (self.property("showHidden") or not node.GetHideFromEditors()):
                nodes.append(node)
        self._box.blockSignals(True)
        self._box.clear()
        for node in nodes:
            self._box.addItem(node.GetName() if node is not None else "None")
        self.__dict__["_nodes"] = nodes
        ids = [node.GetID() if node is not None else "" for node in nodes]
        self._box.setCurrentIndex(ids.index(before) if before in ids else (0 if nodes else -1))
        self._box.blockSignals(False)
        if self.currentNodeID() != before:
            self.currentNodeChanged.emit(self.currentNode())


class qMRMLTableModel(QStandardItemModel):  # noqa: N801
    """qMRMLTableModel.cxx:200-440: column names are the first row, unless the table says that they are its header."""

    def setMRMLTableNode(self, node: Any) -> None:  # noqa: N802
        before = self.__dict__.get("_table")
        if before is not None:
            before.RemoveObserver(self._tag)
        self.__dict__["_table"] = node
        if node is not None:
            self.__dict__["_tag"] = node.AddObserver("ModifiedEvent", lambda *_: self._fill())
        self._fill()

    def mrmlTableNode(self) -> Any:  # noqa: N802
        return self.__dict__.get("_table")

    def _fill(self) -> None:
        node = self._table
        if node is None or node.GetNumberOfColumns() == 0:
            self.setRowCount(0)
            self.setColumnCount(0)
            return
        in_header = node.GetUseColumnTitleAsColumnHeader()
        first = 1 if node.GetUseFirstColumnAsRowHeader() else 0
        above = 0 if in_header else 1
        self.setRowCount(node.GetNumberOfRows() + above)
        self.setColumnCount(node.GetNumberOfColumns() - first)
        for column in range(first, node.GetNumberOfColumns()):
            title = _titled(node, column) if in_header else _letters(column - first)
            self.setHeaderData(column - first, Qt.Horizontal, title)
            texts = [node.GetCellText(row, column) for row in range(node.GetNumberOfRows())]
            for row, text in enumerate(texts if in_header else [node.GetColumnName(column), *texts]):
                item = QStandardItem(text)
                if node.GetLocked():
                    item.setFlags(item.flags() & ~Qt.ItemIsEditable)
                self.setItem(row, column - first, item)


class qMRMLTableView(QTableView):  # noqa: N801
    """qMRMLTableView.h: setMRMLTableNode, mrmlTableNode(), sortFilterProxyModel(); no scene without a view node."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        proxy = QSortFilterProxyModel(self)
        proxy.setSourceModel(qMRMLTableModel(self))
        self.setModel(proxy)

    def mrmlTableNode(self) -> Any:  # noqa: N802
        return self.tableModel().mrmlTableNode()

    def tableModel(self) -> Any:  # noqa: N802
        return self.sortFilterProxyModel().property("sourceModel")

    def sortFilterProxyModel(self) -> Any:  # noqa: N802
        return self.model()

    def setMRMLTableNode(self, node: Any) -> None:  # noqa: N802
        self.tableModel().setMRMLTableNode(node)
        self.sortFilterProxyModel().invalidate()
        self.resizeColumnsToContents()


def _titled(node: Any, column: int) -> str:
    name = node.GetColumnName(column)
    unit = node.GetColumnUnitLabel(name)
    title = node.GetColumnTitle(name) or name
    return f"{title} [{unit}]" if unit else title


def _letters(index: int) -> str:
    letters = ""
    while index >= 0:
        letters = chr(ord("A") + index % 26) + letters
        index = index // 26 - 1
    return letters


WIDGETS = (ctkCollapsibleButton, ctkPathLineEdit, qMRMLWidget, qMRMLNodeComboBox, qMRMLTableView)


def install_widgets(qt_modules: types.ModuleType, ctk: types.ModuleType, slicer: Any) -> None:
    """Offer the stand-ins where production code looks for them."""
    for widget in WIDGETS:
        patch_class(widget)
        HOST_CLASSES.add(widget)
        setattr(slicer if widget.__name__.startswith("q") else ctk, widget.__name__, widget)


__all__ = ["WIDGETS", "QObject", "QVBoxLayout", "install_widgets"]
