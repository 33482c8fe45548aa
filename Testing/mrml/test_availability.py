"""A Python that cannot make scenes is distinguished before anything is tried."""

from __future__ import annotations

import sys
import types

import pytest

from QPerfusionLogic.mrml.availability import can_make_scenes


def test_slicer_core_can_make_scenes():
    pytest.importorskip("slicer")
    assert can_make_scenes()


def test_a_package_of_the_same_name_cannot(monkeypatch):
    monkeypatch.setitem(sys.modules, "slicer", types.ModuleType("slicer"))
    assert not can_make_scenes()


def test_nothing_installed_cannot(monkeypatch):
    monkeypatch.setitem(sys.modules, "slicer", None)
    assert not can_make_scenes()
