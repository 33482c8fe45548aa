"""Scenes of slicer-core, and a study result made by hand to put into them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# The host is shared with the panel's tests, which run in a process of their own.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from host.hand_made import hand_made_result, oblique_geometry


@pytest.fixture
def a_scene():
    pytest.importorskip("slicer")
    from QPerfusionLogic.scene import new_scene

    scene = new_scene()
    yield scene
    scene.Clear(True)


@pytest.fixture(scope="session")
def an_oblique_geometry():
    return oblique_geometry()


@pytest.fixture(scope="session")
def a_result():
    return hand_made_result()
