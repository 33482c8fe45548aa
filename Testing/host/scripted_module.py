"""Stand-ins for slicer.ScriptedLoadableModule and for the widget in which the application holds a module's panel."""

from __future__ import annotations

import types
import unittest
from pathlib import Path
from typing import Any

import slicer
import slicer.util
from PySide6 import QtGui, QtWidgets
from PySide6.QtCore import Property

from .python_qt import HOST_CLASSES, patch_class
from .stand_ins import qMRMLWidget


class ScriptedLoadableModule:
    """Base of the module class: empty texts, the icon of Resources/Icons, the self-test by name."""

    def __init__(self, parent: Any) -> None:
        super().__init__()
        self.parent = parent
        self.moduleName = type(self).__name__
        parent.title = ""
        parent.categories, parent.dependencies = [], []
        parent.contributors = ["the template"]
        parent.helpText = parent.acknowledgementText = "the template"
        icons = Path(parent.path).parent / "Resources" / "Icons"
        for extension in (".svg", ".png"):
            icon = icons / f"{self.moduleName}{extension}"
            if icon.is_file():
                parent.icon = QtGui.QIcon(str(icon))
                break
        if not hasattr(slicer, "selfTests"):
            slicer.selfTests = {}
        slicer.selfTests[self.moduleName] = self.runTest

    def runTest(self, msec: int = 100, **options: Any) -> None:  # noqa: N802
        import importlib

        case = getattr(importlib.import_module(type(self).__module__), f"{self.moduleName}Test")()
        case.messageDelay = msec
        case.runTest(**options)


class ScriptedLoadableModuleWidget:
    """Base of the widget class; without a parent it makes one, is set up and shown."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.developerMode = slicer.util.settingsValue("Developer/DeveloperMode", False, slicer.util.toBool)
        self.parent = parent if parent is not None else new_parent()
        self.layout = self.parent.layout()
        if parent is None:
            self.setup()
            self.parent.show()
        slicer.app.moduleManager().connect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)

    def resourcePath(self, filename: str) -> str:  # noqa: N802
        return str(Path(slicer.util.modulePath(self.moduleName)).parent / "Resources" / filename)

    def setup(self) -> None:
        """Slicer puts its reload buttons here in developer mode."""

    def cleanup(self) -> None:
        """Called when the module goes."""

    def _onModuleAboutToBeUnloaded(self, name: str) -> None:  # noqa: N802
        if name == self.moduleName:
            self.cleanup()
            slicer.app.moduleManager().disconnect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)

    def onReload(self) -> None:  # noqa: N802
        slicer.util.reloadScriptedModule(self.moduleName)


def new_parent() -> Any:
    """Return the widget that the base class makes where a script gives none."""
    parent = slicer.qMRMLWidget()
    parent.setLayout(QtWidgets.QVBoxLayout())
    parent.setMRMLScene(slicer.mrmlScene)
    return parent


class ScriptedLoadableModuleLogic:
    """Base of the logic class: one node in the scene keeps the parameters of the module."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Logic")
        self.isSingletonParameterNode = True

    def getParameterNode(self) -> Any:  # noqa: N802
        node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if node is None:
            return slicer.mrmlScene.AddNode(self.createParameterNode())
        # Closing a scene may take the attribute away.
        if node.GetAttribute("ModuleName") != self.moduleName:
            node.SetAttribute("ModuleName", self.moduleName)
        return node

    def createParameterNode(self) -> Any:  # noqa: N802
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)
        node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """Base of the self-test class."""

    def delayDisplay(self, message: str, requestedDelay: Any = None, msec: Any = None) -> None:  # noqa: N802, N803
        print(message)


class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):  # noqa: N801
    """The widget in which the application holds the panel: it is entered and left, set up once, and reloaded."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        QtWidgets.QVBoxLayout(self)
        self.__dict__.update(_entered=False, _python=None, _file=None)

    isEntered = Property(bool, lambda self: bool(self.__dict__["_entered"]))  # noqa: N815

    def setPythonSource(self, path: str) -> None:  # noqa: N802
        """Make the panel's Python object of the class <Module>Widget, from the module that is loaded already."""
        import sys

        name = Path(path).stem
        self.__dict__.update(_file=path, _python=getattr(sys.modules[name], f"{name}Widget")(self))
        setattr(slicer.modules, f"{name}Widget", self._python)

    def self(self) -> Any:
        return self.__dict__["_python"]

    def setup(self) -> None:
        self.self().setup()

    def enter(self) -> None:
        self.__dict__["_entered"] = True
        self.self().enter()

    def exit(self) -> None:
        assert self.__dict__["_entered"], "the application leaves only what it has entered"
        self.__dict__["_entered"] = False
        self.self().exit()

    def reload(self) -> None:
        """Make the Python object anew and set it up; it is not entered again."""
        self.setPythonSource(self.__dict__["_file"])
        self.setup()


def install() -> None:
    """Offer the widget where slicer.util looks for it."""
    patch_class(qSlicerScriptedLoadableModuleWidget)
    HOST_CLASSES.add(qSlicerScriptedLoadableModuleWidget)
    slicer.qSlicerScriptedLoadableModuleWidget = qSlicerScriptedLoadableModuleWidget


def make_module() -> types.ModuleType:
    """Return the module slicer.ScriptedLoadableModule."""
    module = types.ModuleType("slicer.ScriptedLoadableModule")
    names = ("ScriptedLoadableModule", "ScriptedLoadableModuleWidget", "ScriptedLoadableModuleLogic")
    for kind in (*names, "ScriptedLoadableModuleTest"):
        setattr(module, kind, globals()[kind])
    module.__all__ = [*names, "ScriptedLoadableModuleTest"]  # type: ignore[attr-defined]
    return module
