"""Stand-ins for slicer.ScriptedLoadableModule: the four base classes of a scripted module."""

from __future__ import annotations

import types
import unittest
from pathlib import Path
from typing import Any

import slicer
from PySide6 import QtWidgets


class ScriptedLoadableModule:
    """Base of the module class."""

    def __init__(self, parent: Any) -> None:
        self.parent = parent


class ScriptedLoadableModuleWidget:
    """Base of the widget class; a test makes it with the folder of its module."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.parent = parent if parent is not None else new_parent()
        self.layout = self.parent.layout()
        if parent is None:
            self.setup()

    def resourcePath(self, name: str) -> str:  # noqa: N802
        return str(Path(slicer.modules.qperfusion.path).parent / "Resources" / name)

    def setup(self) -> None:
        """Slicer puts its reload buttons here in developer mode."""

    def cleanup(self) -> None:
        """Called when the widget goes."""

    def onReload(self) -> None:  # noqa: N802
        slicer.util.reloadScriptedModule(self.moduleName)


def new_parent() -> Any:
    """Return the widget that the application gives a module's panel to fill."""
    parent = slicer.qMRMLWidget()
    parent.setLayout(QtWidgets.QVBoxLayout())
    parent.setMRMLScene(slicer.mrmlScene)
    return parent


class ScriptedLoadableModuleLogic:
    """Base of the logic class."""

    def __init__(self, parent: Any = None) -> None:
        self.moduleName = type(self).__name__.removesuffix("Logic")
        self.isSingletonParameterNode = True

    def getParameterNode(self) -> Any:  # noqa: N802
        scene = slicer.mrmlScene
        node = scene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if node is None:
            node = scene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
            node.SetSingletonTag(self.moduleName)
            node.SetName(self.moduleName)
            node.SetModuleName(self.moduleName)
            node = scene.AddNode(node)
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """Base of the self-test class."""

    def delayDisplay(self, message: str, msec: int = 0) -> None:  # noqa: N802
        print(message)


def make_module() -> types.ModuleType:
    """Return the module slicer.ScriptedLoadableModule."""
    module = types.ModuleType("slicer.ScriptedLoadableModule")
    names = ("ScriptedLoadableModule", "ScriptedLoadableModuleWidget", "ScriptedLoadableModuleLogic")
    for kind in (*names, "ScriptedLoadableModuleTest"):
        setattr(module, kind, globals()[kind])
    module.__all__ = [*names, "ScriptedLoadableModuleTest"]  # type: ignore[attr-defined]
    return module
