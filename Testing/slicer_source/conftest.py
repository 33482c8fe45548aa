"""The host, and Slicer's own Python beside it; run in a pytest process of its own: `pytest Testing/slicer_source`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.append(str(Path(__file__).resolve().parents[1]))
sys.path.append(str(Path(__file__).resolve().parent))

pytest.importorskip("PySide6")
pytest.importorskip("slicer")

from host import dicom_lib, python_qt, slicer_host

slicer_host.start()
dicom_lib.install()


@pytest.fixture(scope="session")
def originals():
    """The modules of the checkout that SLICER_SOURCE names; skips without."""
    from originals import Originals

    folder = os.environ.get("SLICER_SOURCE", "")
    if not folder:
        pytest.skip("no Slicer: set SLICER_SOURCE")
    return Originals(Path(folder))


@pytest.fixture(params=["stand-in", "original"])
def side(request):
    """Each test runs on the stand-ins and on the originals; yields which."""
    if request.param == "stand-in":
        yield request.param
        return
    found = request.getfixturevalue("originals")
    with found.in_place():
        yield request.param


@pytest.fixture
def on_the_originals(originals):
    with originals.in_place():
        yield originals


@pytest.fixture
def a_scene(request):
    scene = slicer_host.new_main_scene()
    yield scene
    scene.Clear(True)


@pytest.fixture(autouse=True)
def nothing_failed_in_a_slot():
    import slicer

    python_qt.failures.clear()
    slicer.app.errors.clear()
    yield
    assert python_qt.failures == []
