"""The panel on the headless host; run in a pytest process of its own: `pytest Testing/panel`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.append(str(Path(__file__).resolve().parents[1]))

pytest.importorskip("PySide6")
pytest.importorskip("slicer")

from host import python_qt, slicer_host
from host.hand_made import hand_made_result

slicer_host.start()
if os.environ.get("PANEL_ON_ORIGINALS"):
    # All of these tests on Slicer's own Python instead of the stand-ins: PANEL_ON_ORIGINALS names a checkout.
    sys.path.append(str(Path(__file__).resolve().parents[1] / "slicer_source"))
    from originals import Originals

    ORIGINALS = Originals(Path(os.environ["PANEL_ON_ORIGINALS"])).in_place()
    ORIGINALS.__enter__()


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.panel)


@pytest.fixture(autouse=True)
def nothing_failed_in_a_slot():
    """Exceptions in slots, timers and observers fail the test that caused them."""
    import slicer

    python_qt.failures.clear()
    slicer.app.errors.clear()
    yield
    assert python_qt.failures == []


@pytest.fixture(scope="session")
def a_result():
    return hand_made_result()


@pytest.fixture(scope="session")
def a_quick_result():
    """A small stress study through the whole pipeline."""
    from host.hand_made import QUICK_CHANGES, quick_study

    from QPerfusionLogic.panel.choices import with_changes
    from QPerfusionLogic.pipeline.job import Job
    from QPerfusionLogic.workflow.job_process import run_job

    return run_job(Job(quick_study(("stress",)), with_changes(QUICK_CHANGES).as_dictionary()))


@pytest.fixture
def a_scene():
    """The scene of the application, fresh."""
    scene = slicer_host.new_main_scene()
    yield scene
    scene.Clear(True)


@pytest.fixture
def the_module():
    return slicer_host.load_module_file()


@pytest.fixture
def a_panel(a_scene, the_module):
    """The panel as a user opens it."""
    widget = slicer_host.open_panel(the_module)
    yield widget
    widget.cleanup()
    widget.parent.deleteLater()
    slicer_host.process_events()
