"""Slicer's own Python, read from a checkout and run on the host's widgets and scene, in place of the stand-ins."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import slicer
from host import python_qt
from PySide6 import QtWidgets

PYTHON = "Base/Python/slicer"
NAMES = {
    "util": f"{PYTHON}/util.py",
    "i18n": f"{PYTHON}/i18n.py",
    "ScriptedLoadableModule": f"{PYTHON}/ScriptedLoadableModule.py",
    "parameterNodeWrapper": f"{PYTHON}/parameterNodeWrapper/__init__.py",
    "packaging": f"{PYTHON}/packaging.py",
    "SampleData": "Modules/Scripted/SampleData/SampleData.py",
    "DICOMLib": "Modules/Scripted/DICOMLib/DICOMPlugin.py",
}
"""Module -> file. Of DICOMLib only the base of the plugins is needed, which is what a plugin imports."""
CTK = (
    *("CheckBox", "CheckablePushButton", "SliderWidget", "DoubleSlider", "DoubleSpinBox", "ComboBox", "RangeWidget"),
    *("DoubleRangeSlider", "PathLineEdit", "DirectoryButton", "ColorPickerButton", "CollapsibleButton"),
)
"""Widgets of ctk that the connectors name."""
TOP_LEVEL = ("SampleData", "DICOMLib")


class Originals:
    """The modules of one checkout, loaded once; `None` for one that this version of Slicer does not have.

    Parameters
    ----------
    checkout : Path
        Folder of Slicer's sources.
    """

    def __init__(self, checkout: Path) -> None:
        self.modules: dict[str, Any] = {}
        give_dummies()
        with self.in_place():
            for name, file in NAMES.items():
                self.modules[name] = _load(name, checkout / file) if (checkout / file).is_file() else None
                _put(name, self.modules[name])

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the modules be what `import slicer...` finds; afterwards the stand-ins are back."""
        kept = {name: sys.modules.get(_full(name)) for name in NAMES}
        for name, module in self.modules.items():
            _put(name, module)
        util = sys.modules["slicer.util"]
        shown = {name: getattr(util, name) for name in ("selectModule", "errorDisplay", "mainWindow")}
        util.selectModule = slicer.app.selected_modules.append
        util.errorDisplay = lambda text, *_, **__: slicer.app.errors.append(text)
        util.mainWindow = lambda *_, **__: None
        try:
            yield
        finally:
            for name, function in shown.items():
                setattr(util, name, function)
            for name, module in kept.items():
                _put(name, module)


def give_dummies() -> None:
    """Offer classes of ctk and Slicer that the originals name and never make here, and a few that they do make."""
    ctk = sys.modules["ctk"]
    for name in CTK:
        if not hasattr(ctk, f"ctk{name}"):
            setattr(ctk, f"ctk{name}", type(f"ctk{name}", (QtWidgets.QWidget,), {}))
    for name in ("SliderWidget", "SpinBox", "RangeWidget"):
        setattr(slicer, f"qMRML{name}", type(f"qMRML{name}", (QtWidgets.QWidget,), {}))
    ctk.ctkCollapsibleGroupBox = type("ctkCollapsibleGroupBox", (QtWidgets.QGroupBox,), {})
    ctk.ctkFlowLayout = type("ctkFlowLayout", (QtWidgets.QVBoxLayout,), {})
    python_qt.HOST_CLASSES.add(ctk.ctkFlowLayout)
    plugins = types.SimpleNamespace(
        displayPatientIDInSubjectHierarchyItemName=True,
        displayPatientBirthDateInSubjectHierarchyItemName=False,
        displayStudyIDInSubjectHierarchyItemName=False,
        displayStudyDateInSubjectHierarchyItemName=False,
    )
    slicer.qSlicerSubjectHierarchyPluginHandler = types.SimpleNamespace(instance=lambda: plugins)


def connecting(qt: Any, *names: str) -> types.ModuleType:
    """Return a copy of the module qt, of whose named classes every new object connects as PythonQt's do."""
    copy = types.ModuleType("qt")
    copy.__dict__.update(vars(qt))

    def maker(kind: type) -> Any:
        def make(*arguments: Any) -> Any:
            made = kind(*arguments)
            python_qt.give_string_connects(made)
            return made

        return make

    for name in names:
        setattr(copy, name, maker(getattr(qt, name)))
    return copy


def _load(name: str, path: Path) -> types.ModuleType:
    """Load a module under a name of its own."""
    package = [str(path.parent)] if path.name == "__init__.py" else None
    full = f"original_{name}"
    specification = importlib.util.spec_from_file_location(full, path, submodule_search_locations=package)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[full] = module
    specification.loader.exec_module(module)
    return module


def _full(name: str) -> str:
    return name if name in TOP_LEVEL else f"slicer.{name}"


def _put(name: str, module: Any) -> None:
    if module is None:
        sys.modules.pop(_full(name), None)
    else:
        sys.modules[_full(name)] = module
    if name in TOP_LEVEL:
        return
    if module is not None:
        setattr(slicer, name, module)
    elif hasattr(slicer, name):
        delattr(slicer, name)
