"""Whether this Python can make a scene of its own."""

from __future__ import annotations

import importlib

NEEDED = ("vtkMRMLScene", "vtkMRMLApplicationLogic", "vtkSlicerSequencesLogic", "vtkMRMLSubjectHierarchyNode")


def can_make_scenes() -> bool:
    """Return True with slicer-core installed; False without it, and in a PythonSlicer that lacks its classes."""
    try:
        slicer = importlib.import_module("slicer")
    except Exception:
        return False
    return all(hasattr(slicer, name) for name in NEEDED)
