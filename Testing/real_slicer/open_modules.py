"""Run inside a real Slicer with a main window: open every module, run the self-tests, print a VERDICT line.

Slicer --no-splash --additional-module-paths QPerfusion --python-script Testing/real_slicer/open_modules.py
"""

import sys
import traceback
import unittest

import slicer

MODULES = ("QPerfusion",)
failures = []


def remember(kind, error, trace):
    """Keep what setup() and slots raise; Slicer prints it and goes on."""
    failures.append("".join(traceback.format_exception(kind, error, trace)))


def check(name):
    """Open a module and run its self-test."""
    if not hasattr(slicer.modules, name.lower()):
        failures.append(f"{name} was not loaded")
        return
    slicer.util.selectModule(name)
    slicer.app.processEvents()
    widget = slicer.util.getModuleWidget(name)
    if widget is None or not hasattr(widget, "ui"):
        failures.append(f"{name} has no panel")
    test_class = getattr(sys.modules[name], f"{name}Test")
    result = unittest.TextTestRunner().run(test_class("runTest"))
    failures.extend(text for _test, text in (*result.errors, *result.failures))


sys.excepthook = remember
for module_name in MODULES:
    try:
        check(module_name)
    except Exception:
        failures.append(traceback.format_exc())
slicer.app.processEvents()
for failure in failures:
    print(failure)
print(f"VERDICT: {'failed' if failures else 'passed'}")
slicer.util.exit(1 if failures else 0)
