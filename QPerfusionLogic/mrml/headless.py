"""A MRML scene without the Slicer application, with the module logics that a perfusion study needs."""

from __future__ import annotations

import tempfile
from typing import Any

import slicer
import vtk

LOGICS = {
    "Volumes": "vtkSlicerVolumesLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Terminologies": "vtkSlicerTerminologiesModuleLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Sequences": "vtkSlicerSequencesLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Colors": "vtkSlicerColorLogic",
}
"""Module -> its logic; without them there are no sequence browsers, colour legends or subject hierarchy."""


def new_scene() -> Any:
    """Return an empty MRML scene of slicer-core that can hold, save and load a perfusion study.

    Returns
    -------
    vtkMRMLScene
        Keeps its logics and its folder for unpacking alive for as long as it lives itself.

    Examples
    --------
    >>> scene = new_scene()  # doctest: +SKIP
    """
    scene = slicer.vtkMRMLScene()
    application = slicer.vtkMRMLApplicationLogic()
    application.SetMRMLScene(scene)
    # The wheel ships neither terminologies nor colour files; their absence is not an error here.
    shown = vtk.vtkObject.GetGlobalWarningDisplay()
    vtk.vtkObject.GlobalWarningDisplayOff()
    try:
        logics = [_attached(*names, scene, application) for names in LOGICS.items()]
    finally:
        vtk.vtkObject.SetGlobalWarningDisplay(shown)
    # Scenes are unpacked in the folder of the cache.
    folder = tempfile.TemporaryDirectory(prefix="qperfusion-scene-")
    cache = slicer.vtkCacheManager()
    cache.SetRemoteCacheDirectory(folder.name)
    files = slicer.vtkDataIOManager()
    files.SetCacheManager(cache)
    scene.SetCacheManager(cache)
    scene.SetDataIOManager(files)
    scene.qperfusion_companions = [application, *logics, cache, files, folder]
    scene.AddObserver(slicer.vtkMRMLScene.NodeAboutToBeRemovedEvent, _forget_item)
    return scene


@vtk.calldata_type(vtk.VTK_OBJECT)
def _forget_item(scene: Any, event: str, node: Any) -> None:
    """Take a node that goes out of the subject hierarchy, as the application does."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    if hierarchy is None or node is hierarchy:
        return
    item = hierarchy.GetItemByDataNode(node)
    if item != slicer.vtkMRMLSubjectHierarchyNode.GetInvalidItemID():
        hierarchy.RemoveItem(item, False, False)


def _attached(module: str, name: str, scene: Any, application: Any) -> Any:
    logic = getattr(slicer, name)()
    logic.SetMRMLApplicationLogic(application)
    logic.SetMRMLScene(scene)
    application.SetModuleLogic(module, logic)
    return logic
