"""Scenes of slicer-core, and a study result made by hand to put into them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# The host is shared with the panel's tests, which run in a process of their own.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from host.hand_made import hand_made_result, oblique_geometry
from host.stacks import STACKS, uneven_result


@pytest.fixture
def a_scene():
    pytest.importorskip("slicer")
    from QPerfusionLogic.mrml.headless import new_scene

    scene = new_scene()
    yield scene
    scene.Clear(True)


@pytest.fixture(scope="session")
def an_oblique_geometry():
    return oblique_geometry()


@pytest.fixture(scope="session")
def a_result():
    return hand_made_result()


@pytest.fixture(scope="module", params=list(STACKS))
def a_stack(request):
    """A stack of three slices: along the axes or oblique, left- or right-handed, evenly spaced or not."""
    return STACKS[request.param]


@pytest.fixture(scope="module")
def a_result_on(a_stack):
    """A study of which no two slices are alike, on that stack."""
    return uneven_result(a_stack)
