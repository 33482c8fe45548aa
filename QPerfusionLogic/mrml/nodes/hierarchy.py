"""Folders of the subject hierarchy: one per study, with one per state below it."""

from __future__ import annotations

from typing import Any

import slicer
import vtk


def hierarchy_of(scene: Any) -> Any:
    """Return the subject hierarchy node of a scene."""
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)


def add_folder(scene: Any, name: str, parent: int | None = None) -> int:
    """Add a folder below `parent` (the scene when None) and return its item."""
    hierarchy = hierarchy_of(scene)
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID() if parent is None else parent, name)
    hierarchy.SetItemExpanded(folder, True)
    return int(folder)


def put_into(scene: Any, folder: int, *nodes: Any) -> None:
    """Move nodes into a folder; items that the application has not made yet are made."""
    hierarchy = hierarchy_of(scene)
    for node in nodes:
        item = hierarchy.GetItemByDataNode(node)
        if item == slicer.vtkMRMLSubjectHierarchyNode.GetInvalidItemID():
            hierarchy.CreateItem(folder, node)
        else:
            hierarchy.SetItemParent(item, folder)


def put_beside(scene: Any, node: Any, *others: Any) -> None:
    """Move nodes to where another one is: below its patient and study."""
    hierarchy = hierarchy_of(scene)
    item = hierarchy.GetItemByDataNode(node)
    if item != slicer.vtkMRMLSubjectHierarchyNode.GetInvalidItemID():
        put_into(scene, hierarchy.GetItemParent(item), *others)


def nodes_in(scene: Any, folder: int) -> list[Any]:
    """Return the nodes in a folder and the folders below it."""
    hierarchy = hierarchy_of(scene)
    items = vtk.vtkIdList()
    hierarchy.GetItemChildren(folder, items, True)
    nodes = (hierarchy.GetItemDataNode(items.GetId(index)) for index in range(items.GetNumberOfIds()))
    return [node for node in nodes if node is not None]


def folder_named(scene: Any, name: str) -> int | None:
    """Return the item of the folder with this name, None when there is none."""
    hierarchy = hierarchy_of(scene)
    item = hierarchy.GetItemByName(name)
    return None if item == slicer.vtkMRMLSubjectHierarchyNode.GetInvalidItemID() else int(item)
