"""Start the host: modules qt, ctk and slicer as the panel expects them, a scene, and the panel's module file loaded."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

import slicer
import slicer.util
from PySide6 import QtCore, QtWidgets

from . import parameter_node, python_qt, scripted_module, stand_ins, ui_loader

ROOT = Path(__file__).resolve().parents[2]
MODULE_FILE = ROOT / "QPerfusion" / "QPerfusion.py"


class Application:
    """What the panel uses of slicer.app."""

    def __init__(self, qt_application: QtWidgets.QApplication) -> None:
        self.temporaryPath = tempfile.mkdtemp(prefix="qperfusion-host-")
        self.selected_modules: list[str] = []
        self.pip_requests: list[Any] = []
        self.errors: list[str] = []
        self.at_startup: list[Any] = []
        self._application = qt_application

    @property
    def slicerUserSettingsFilePath(self) -> str:  # noqa: N802
        return str(Path(self.temporaryPath) / "Slicer.ini")

    def connect(self, signal: str, slot: Any) -> None:
        """qSlicerApplication has this signal; a start never comes here."""
        if signal != "startupCompleted()":
            raise ValueError(f"slicer.app has no signal {signal!r} here")
        self.at_startup.append(slot)

    def testingEnabled(self) -> bool:  # noqa: N802
        return True

    def processEvents(self) -> None:  # noqa: N802
        self._application.processEvents()

    def setOverrideCursor(self, cursor: Any) -> None:  # noqa: N802
        self._application.setOverrideCursor(cursor)

    def restoreOverrideCursor(self) -> None:  # noqa: N802
        self._application.restoreOverrideCursor()

    def layoutManager(self) -> None:  # noqa: N802
        """There are no views."""

    def applicationLogic(self) -> Any:  # noqa: N802
        return slicer.mrmlScene.qperfusion_companions[0]

    def settings(self) -> QtCore.QSettings:
        return QtCore.QSettings(str(Path(self.temporaryPath) / "settings.ini"), QtCore.QSettings.Format.IniFormat)


def start() -> None:
    """Install the host in this process, once."""
    if "qt" in sys.modules:
        return
    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["host"])
    qt = python_qt.make_qt_module()
    qt.QUiLoader = ui_loader.CheckedUiLoader
    ctk = types.ModuleType("ctk")
    sys.modules["qt"], sys.modules["ctk"] = qt, ctk
    stand_ins.install(qt, ctk, slicer)
    slicer.app = Application(application)
    slicer.modules = types.SimpleNamespace(qperfusion=types.SimpleNamespace(path=str(MODULE_FILE)))
    slicer.moduleNames = types.SimpleNamespace()
    _add("slicer.ScriptedLoadableModule", scripted_module.make_module())
    _add("slicer.parameterNodeWrapper", _parameter_node_module())
    _add("slicer.i18n", _i18n_module())
    _add("slicer.packaging", _packaging_module())
    slicer.util.selectModule = slicer.app.selected_modules.append
    slicer.util.errorDisplay = lambda text, *_, **__: slicer.app.errors.append(text)


def new_main_scene() -> Any:
    """Give the host a fresh scene, as a start of the application would."""
    from QPerfusionLogic.scene import new_scene

    slicer.mrmlScene = new_scene()
    cursor = slicer.vtkMRMLCrosshairNode()
    cursor.SetSingletonTag("default")
    slicer.mrmlScene.AddNode(cursor)
    return slicer.mrmlScene


def load_module_file(path: Path = MODULE_FILE) -> types.ModuleType:
    """Import a module file as Slicer's module factory does, under its own name."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    return module


def open_panel(module: types.ModuleType) -> Any:
    """Return the panel of a module as the application opens it: in a parent, then set up, then entered."""
    widget = getattr(module, f"{module.__name__}Widget")(scripted_module.new_parent())
    widget.setup()
    widget.enter()
    return widget


def process_events(seconds: float = 0.0, until: Any = None) -> None:
    """Let the event loop run, for a time or until a condition holds."""
    import time

    end = time.monotonic() + seconds
    while True:
        QtWidgets.QApplication.processEvents()
        if (until is not None and until()) or time.monotonic() >= end:
            return
        time.sleep(0.005)


def _add(name: str, module: types.ModuleType) -> None:
    sys.modules[name] = module
    setattr(slicer, name.rpartition(".")[2], module)


def _parameter_node_module() -> types.ModuleType:
    module = types.ModuleType("slicer.parameterNodeWrapper")
    for name in ("parameterNodeWrapper", "Choice", "Default", "WithinRange"):
        setattr(module, name, getattr(parameter_node, name))
    return module


def _i18n_module() -> types.ModuleType:
    module = types.ModuleType("slicer.i18n")
    module.tr = lambda text: text  # type: ignore[attr-defined]
    module.translate = lambda context, text: text  # type: ignore[attr-defined]
    return module


def _packaging_module() -> types.ModuleType:
    module = types.ModuleType("slicer.packaging")
    module.load_requirements = lambda path: Path(path).read_text(encoding="utf-8").split()  # type: ignore[attr-defined]
    module.pip_ensure = lambda requirements, **_: slicer.app.pip_requests.append(requirements)  # type: ignore[attr-defined]
    return module
