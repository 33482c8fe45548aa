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

from . import event_loop, launcher, parameter_node, python_qt, sample_data, scripted_module, stand_ins, ui_loader

ROOT = Path(__file__).resolve().parents[2]
MODULE_FILE = ROOT / "QPerfusion" / "QPerfusion.py"


class qSlicerScriptedLoadableModule:  # noqa: N801
    """What the application keeps of a scripted module: its file, and the widget that holds its panel."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.path = str(path)
        self._widget: Any = None

    def widgetRepresentation(self) -> Any:  # noqa: N802
        """Return the widget; it is made when it is first asked for, and set up then."""
        if self._widget is None:
            widget = slicer.qSlicerScriptedLoadableModuleWidget()
            widget.setMRMLScene(slicer.mrmlScene)
            widget.setPythonSource(self.path)
            self._widget = widget
            widget.setup()
        return self._widget

    def forget_widget(self) -> None:
        """The next panel is a new one."""
        self._widget = None


class qSlicerModuleManager:  # noqa: N801
    """Knows the modules by name; it unloads none here."""

    def __init__(self) -> None:
        self.listeners: list[Any] = []

    def module(self, name: str) -> Any:
        return getattr(slicer.modules, name.lower(), None)

    def connect(self, signal: str, slot: Any) -> None:
        if signal != "moduleAboutToBeUnloaded(QString)":
            raise ValueError(f"the module manager has no signal {signal!r} here")
        self.listeners.append(slot)

    def disconnect(self, signal: str, slot: Any) -> None:
        self.listeners.remove(slot)


class qSlicerApplication:  # noqa: N801
    """What the panel uses of slicer.app."""

    majorVersion, minorVersion = 5, 12  # noqa: N815

    def __init__(self, qt_application: QtWidgets.QApplication) -> None:
        self.temporaryPath = tempfile.mkdtemp(prefix="qperfusion-host-")
        self.selected_modules: list[str] = []
        self.pip_requests: list[Any] = []
        self.errors: list[str] = []
        self.at_startup: list[Any] = []
        self.layout: Any = None
        self._application = qt_application
        self._modules = qSlicerModuleManager()

    @property
    def slicerUserSettingsFilePath(self) -> str:  # noqa: N802
        return str(Path(self.temporaryPath) / "Slicer.ini")

    def connect(self, signal: str, slot: Any) -> None:
        """qSlicerApplication has this signal; a start never comes here."""
        if signal != "startupCompleted()":
            raise ValueError(f"slicer.app has no signal {signal!r} here")
        self.at_startup.append(slot)

    def translate(self, context: str, text: str) -> str:
        """Return the text: there is no other language."""
        return text

    def screens(self) -> list[Any]:
        """There is no screen."""
        return []

    def testingEnabled(self) -> bool:  # noqa: N802
        return True

    def processEvents(self) -> None:  # noqa: N802
        self._application.processEvents()

    def setOverrideCursor(self, cursor: Any) -> None:  # noqa: N802
        self._application.setOverrideCursor(cursor)

    def restoreOverrideCursor(self) -> None:  # noqa: N802
        self._application.restoreOverrideCursor()

    def moduleManager(self) -> qSlicerModuleManager:  # noqa: N802
        return self._modules

    def layoutManager(self) -> Any:  # noqa: N802
        """Return the layout that a test has made, None as in an application without a main window."""
        return self.layout

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
    stand_ins.install_widgets(qt, ctk, slicer)
    slicer.app = qSlicerApplication(application)
    launcher.install(Path(slicer.app.temporaryPath))
    scripted_module.install()
    slicer.qSlicerScriptedLoadableModule = qSlicerScriptedLoadableModule
    slicer.modules = types.SimpleNamespace(qperfusion=qSlicerScriptedLoadableModule(MODULE_FILE))
    slicer.moduleNames = types.SimpleNamespace()
    _add("slicer.ScriptedLoadableModule", scripted_module.make_module())
    _add("slicer.parameterNodeWrapper", _parameter_node_module())
    _add("slicer.i18n", _i18n_module())
    _add("slicer.packaging", _packaging_module())
    sys.modules["SampleData"] = sample_data.make_module()
    slicer.util.selectModule = slicer.app.selected_modules.append
    slicer.util.errorDisplay = lambda text, *_, **__: slicer.app.errors.append(text)


def new_main_scene() -> Any:
    """Give the host a fresh scene, as a start of the application would."""
    from QPerfusionLogic.mrml.headless import new_scene

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
    """Return the panel of a module as the application opens it: in the widget of the module, set up, then entered."""
    kept = getattr(slicer.modules, module.__name__.lower())
    kept.forget_widget()
    kept.widgetRepresentation().enter()
    return slicer.util.getModuleWidget(module.__name__)


def process_events(seconds: float = 0.0, until: Any = None) -> None:
    """Let the event loop run, for a time or until a condition holds.

    As in Slicer the loop keeps the lock of the interpreter: a Python thread runs only while Python is called.
    """
    event_loop.run(seconds, until)


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
    module.getContext = lambda file: _context_of(Path(file))  # type: ignore[attr-defined]
    return module


def _context_of(file: Path) -> str:
    """Return the name under which translators find the texts of a file: package and file, or the file alone."""
    package = f"{file.parent.name}." if (file.parent / "__init__.py").is_file() else ""
    return f"{package}{file.stem}" if file.is_file() else file.name


def _packaging_module() -> types.ModuleType:
    module = types.ModuleType("slicer.packaging")
    module.load_requirements = _load_requirements  # type: ignore[attr-defined]
    module.pip_ensure = lambda requirements, **_: slicer.app.pip_requests.append(requirements)  # type: ignore[attr-defined]
    return module


def _load_requirements(path: Path) -> list[Any]:
    """Return the requirements of a file; comments, empty lines and options of pip are left out."""
    from packaging.requirements import Requirement

    lines = (line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]
