"""Where the cursor is: the slice view under it and the point of the patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import slicer

from QPerfusionLogic.data.series import State

from .layouts import POLAR_VIEWS, VIEWS


@dataclass(frozen=True)
class Place:
    """A point (RAS millimetres) in a slice view, and the state of the study that the view shows."""

    view: str
    state: State
    ras: tuple[float, float, float]

    @property
    def polar_map(self) -> str:
        """The polar map that the view shows, "" for other views."""
        return POLAR_VIEWS.get(self.view, ("", ""))[0]


def cursor_of(scene: Any) -> Any:
    """Return the node that knows the cursor, None when the scene has none."""
    return scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")


def cursor_event() -> int:
    """Return the event that the node of the cursor sends when the cursor moves."""
    return int(slicer.vtkMRMLCrosshairNode.CursorPositionModifiedEvent)


def place_under(cursor: Any, otherwise: State) -> Place | None:
    """Return the place under the cursor, None outside the slice views.

    Parameters
    ----------
    cursor : vtkMRMLCrosshairNode
    otherwise : State
        State for views that show no state of their own.
    """
    ras, xyz = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    if not cursor.GetCursorPositionRAS(ras):
        return None
    slice_node = cursor.GetCursorPositionXYZ(xyz)
    if slice_node is None:
        return None
    name = slice_node.GetLayoutName()
    name_of_map = POLAR_VIEWS.get(name, ("", name))[1]
    state = VIEWS.get(name_of_map, ("", ""))[0]
    return Place(name, State(state) if state else otherwise, (ras[0], ras[1], ras[2]))
