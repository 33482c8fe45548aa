"""The folder of a study in the subject hierarchy, also when a user renamed it or opened two studies of one name."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from .hierarchy import hierarchy_of
from .marks import STUDY, marked_studies, new_study_name


def mark_folder(scene: Any, folder: int, study: str) -> None:
    """Write on a folder of which study it is; its name is the user's to change."""
    hierarchy_of(scene).SetItemAttribute(folder, STUDY, study)


def study_folder(scene: Any, study: str) -> int | None:
    """Return the item of a study's folder, None when there is none."""
    hierarchy, items = hierarchy_of(scene), vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items, True)
    found = [items.GetId(index) for index in range(items.GetNumberOfIds())]
    marked = [item for item in found if hierarchy.GetItemAttribute(item, STUDY) == study]
    # Version 0.1 wrote no mark.
    named = [item for item in found if _is_folder(hierarchy, item) and hierarchy.GetItemName(item) == study]
    return next(iter(marked + named), None)


def remove_study_folder(scene: Any, study: str) -> None:
    """Remove the folder of a study and the folders in it; nodes stay."""
    folder = study_folder(scene, study)
    if folder is not None:
        hierarchy_of(scene).RemoveItem(folder, False, True)


def separate_studies(scene: Any) -> None:
    """Give studies that came into the scene under one name, from several files, a name each.

    Nodes show by their attributes of which study they are, so that two studies of one name would be read as one.
    """
    if scene.IsBatchProcessing():
        return
    hierarchy = hierarchy_of(scene)
    nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
    for name in marked_studies(scene):
        groups: dict[int, list[Any]] = {}
        for node in nodes:
            if node.GetAttribute(STUDY) == name and (folder := _folder_above(hierarchy, node, name)) is not None:
                groups.setdefault(folder, []).append(node)
        for folder, members in list(groups.items())[1:]:
            unique = new_study_name(scene, name)
            for node in members:
                node.SetAttribute(STUDY, unique)
            hierarchy.SetItemName(folder, unique)
            mark_folder(scene, folder, unique)


def _folder_above(hierarchy: Any, node: Any, study: str) -> int | None:
    """Return the nearest folder above a node that is the folder of a study, None when it lies in none."""
    item = hierarchy.GetItemByDataNode(node)
    while item not in (slicer.vtkMRMLSubjectHierarchyNode.GetInvalidItemID(), hierarchy.GetSceneItemID()):
        mark = hierarchy.GetItemAttribute(item, STUDY)
        if mark == study or (not mark and _is_folder(hierarchy, item) and hierarchy.GetItemName(item) == study):
            return int(item)
        item = hierarchy.GetItemParent(item)
    return None


def _is_folder(hierarchy: Any, item: int) -> bool:
    return hierarchy.GetItemDataNode(item) is None
